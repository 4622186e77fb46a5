"""AWS's query protocol: a form is sent, and XML comes back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .aws import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .aws import Session

_VERSIONS = {"autoscaling": "2011-01-01", "cloudformation": "2010-05-15"}
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


def query(
    session: Session, service: str, action: str, parameters: Mapping[str, str], *, settling: bool = True
) -> ET.Element:
    """Make a call; return the answer's root, without namespaces.

    Args:
        session: Who calls.
        service: `autoscaling` or `cloudformation`.
        action: What to do.
        parameters: To do it with, as `Names.member.1`.
        settling: Whether a missing permission is endured for a while.

    Raises:
        AwsError: AWS refused.
        AwsCallFailed: AWS could not be reached.
        OutOfTime: The deadline came first.
    """
    form = urlencode({"Action": action, "Version": _VERSIONS[service], **parameters}).encode()
    response = session.call(service, Call("POST", "/", form, _FORM), settling=settling)
    root = ET.fromstring(response.body)  # noqa: S314 — the answer of AWS over TLS
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root
