"""vpc-cni as an add-on that EKS manages: what its configuration says, and how it comes to say more.

The add-on owns the ConfigMap `amazon-vpc-cni`. What others write into it makes the add-on's next update fail, or is
lost by it (https://github.com/aws/amazon-vpc-cni-k8s/issues/2877): the configuration values have to say it.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from . import log
from .aws import AwsError, Call, json_object
from .aws_auth_composer import compose
from .aws_auth_document import MalformedMap, Mapping, Scalar, Sequence, target
from .deadline import Patience
from .failures import AwsCallFailed, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from .aws import Session
    from .aws_auth_document import Node

#: How often an update is looked at, in seconds; it takes a minute or so.
POLL_SECONDS = 5.0

#: For how long an add-on that is ACTIVE after the call for an update is given to begin with it, in seconds.
BEGIN_SECONDS = 20.0

#: The longest configuration values that a command shows, in characters.
LONGEST_VALUES = 1500

NAME = "vpc-cni"
_CHANGING = ("CREATING", "UPDATING")


class AddOnLacksSettings(Failure):
    """The add-on vpc-cni is not configured for Windows, and nobody asked for that to be changed here."""

    code = "WNG924"
    documentation = "https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html"


class AddOnNotUpdated(Failure):
    """EKS did not bring the settings into the ConfigMap."""

    code = "WNG925"
    documentation = "https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html"


class AddOn(NamedTuple):
    """The add-on as EKS describes it.

    Attributes:
        cluster_name: Its cluster.
        status: `ACTIVE`, `UPDATING`, `DEGRADED`, …
        role_arn: The role of its service account; empty if it has none. An update without it would take it away.
        values: Its configuration values.
    """

    cluster_name: str
    status: str
    role_arn: str
    values: dict[str, Any]

    def command(self, additions: dict[str, str]) -> str:
        """Return the command, in backticks, that adds to the configuration and keeps everything else.

        An answer to CloudFormation has no room for a long configuration: then a file is to have it.
        """
        role = ("--service-account-role-arn", self.role_arn) if self.role_arn else ()
        values, in_file = self._with(additions), ""
        if len(values) > LONGEST_VALUES:
            values, in_file = "file://values.json", f" (values.json: its values with {json.dumps(additions)})"
        words = ("--cluster-name", self.cluster_name, "--addon-name", NAME, *role, "--configuration-values", values)
        return f"`{shlex.join(('aws', 'eks', 'update-addon', *words, '--resolve-conflicts', 'PRESERVE'))}`{in_file}"

    def update(self, session: Session, additions: dict[str, str], token: str, is_done: Callable[[], bool]) -> AddOn:
        """Add to the configuration, and wait until EKS has carried it out.

        Args:
            session: Who asks.
            additions: Configuration values.
            token: The same for the same request, should that come twice.
            is_done: Whether it is carried out; that the add-on is ACTIVE may mean that EKS has not begun.

        Returns:
            The add-on afterwards.

        Raises:
            AddOnNotUpdated: EKS refuses.
            AwsCallFailed: EKS cannot be reached.
            OutOfTime: The deadline came first.
        """
        role = {"serviceAccountRoleArn": self.role_arn} if self.role_arn else {}
        values = {"configurationValues": self._with(additions), "resolveConflicts": "PRESERVE"}
        body = json.dumps({"clientRequestToken": token, **values, **role}).encode()
        try:
            session.call("eks", Call("POST", f"{_path(self.cluster_name)}/update", body), settling=False)
            log.info("updating the add-on", add_on=NAME)
            patience = Patience(BEGIN_SECONDS)
            while True:
                after = _settled(session, self.cluster_name)
                if is_done() or patience.is_over():
                    return after
                session.deadline.pause(POLL_SECONDS)
        except AwsError as error:
            raise AddOnNotUpdated(f"EKS refuses the update ({error}): run {self.command(additions)}") from None

    def _with(self, additions: dict[str, str]) -> str:
        numbers = {name: int(value) if value.isdigit() else value for name, value in additions.items()}
        return json.dumps({**self.values, **numbers})


def find_add_on(session: Session, cluster_name: str, *, settled: bool) -> AddOn | None:
    """Return the add-on, or None if vpc-cni is not managed by EKS, or nobody may know.

    Args:
        session: Who asks.
        cluster_name: Its cluster.
        settled: Whether to wait while EKS changes it, and so takes no other change.

    Raises:
        AwsCallFailed: EKS cannot be asked.
        AddOnLacksSettings: Its configuration cannot be read.
        OutOfTime: The deadline came before the end of a change.
    """
    try:
        return (_settled if settled else _describe)(session, cluster_name)
    except AwsError as error:
        if error.denied:
            log.warning("not checked whether EKS manages vpc-cni", outcome=str(error))
        elif error.code != "ResourceNotFoundException":
            raise AwsCallFailed(f"eks:DescribeAddon failed ({error}): deploy again") from None
        return None


def configuration_values(text: str) -> dict[str, Any]:
    """Return the configuration values of an add-on: JSON or YAML.

    Raises:
        MalformedMap: It is neither.
    """
    root = compose(text).root
    return _plain(root) if isinstance(root, Mapping) else {}


def _settled(session: Session, cluster_name: str) -> AddOn:
    while (add_on := _describe(session, cluster_name)).status in _CHANGING:
        session.deadline.doing = f"waiting for the update of the add-on {NAME}"
        session.deadline.pause(POLL_SECONDS)
    return add_on


def _describe(session: Session, cluster_name: str) -> AddOn:
    answer = session.call("eks", Call("GET", _path(cluster_name)), settling=False)
    add_on = json_object(answer, "addon")
    try:
        values = configuration_values(add_on.get("configurationValues") or "")
    except MalformedMap as error:
        raise AddOnLacksSettings(f"the configuration values of {NAME} cannot be read: {error}") from None
    return AddOn(cluster_name, add_on.get("status") or "", add_on.get("serviceAccountRoleArn") or "", values)


def _path(cluster_name: str) -> str:
    return f"/clusters/{quote(cluster_name, safe='')}/addons/{NAME}"


def _plain(node: Node) -> Any:  # noqa: ANN401 — whatever JSON can hold
    node = target(node)
    if isinstance(node, Mapping):
        return {key: _plain(field.value) for key, field in node.fields.items()}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return node.value if isinstance(node, Scalar) else None
