"""The instance metadata service is reached in the safe way only, unless somebody asks for the other."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from tests.found import codes
from windows_nodegroup.instance_metadata import check_instance_metadata, metadata_options


def found(**inputs: Any) -> list[str]:
    """The codes of what is wrong with the options."""
    return codes(lambda problems: check_instance_metadata(problems, **inputs))


def test_defaults() -> None:
    """By default version 2 is required, pods reach it, and tags stay out even where an account has them in."""
    assert metadata_options() == {
        "httpEndpoint": "enabled",
        "httpPutResponseHopLimit": 2,
        "httpTokens": "required",
        "instanceMetadataTags": "disabled",
    }
    assert found() == []


@pytest.mark.parametrize("limit", [0, 65, 1.5])
def test_wng606_hop_limit(limit: float) -> None:
    """An answer makes from 1 to 64 hops."""
    assert found(hop_limit=limit) == ["WNG606"]
    assert found(hop_limit=1) == found(hop_limit=64) == []
    assert found(hop_limit=cdk.Token.as_number({"Ref": "Limit"})) == []


def test_wng607_instance_metadata_tags() -> None:
    """Tags with slashes cannot be in instance metadata."""
    assert found(instance_metadata_tags=True) == ["WNG607"]


def test_wng608_http_tokens() -> None:
    """Version 2 is required or optional, and a parameter may say which."""
    assert found(http_tokens="true") == ["WNG608"]
    assert found(http_tokens="optional") == []
    assert found(http_tokens=cdk.Fn.ref("HttpTokens")) == []
