"""Reasons to fail, as people meet them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from windows_nodegroup.handler import aws_auth_entry, contract, failures

if TYPE_CHECKING:
    from collections.abc import Iterator


def kinds(base: type[failures.Failure]) -> Iterator[type[failures.Failure]]:
    """Return every kind of failure that stands in the module of failures."""
    for kind in base.__subclasses__():
        if kind.__module__ == failures.__name__:
            yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("kind", dict.fromkeys(kinds(failures.Failure)))
def test_code_and_page(kind: type[failures.Failure]) -> None:
    """Each kind of failure has a code, a page that says more, and a sentence that explains it."""
    assert re.fullmatch(r"WNG9\d\d", kind.code)
    assert kind.documentation.startswith("https://docs.aws.amazon.com/")
    assert (kind.__doc__ or "").endswith(".")
    reason = kind("what is wrong: the cure").reason()
    assert f"what is wrong: the cure [{kind.code}] {kind.documentation}" in reason or kind is failures.OutOfTime


def test_codes_are_told_apart() -> None:
    """No code stands for two kinds, except for a special case of another."""
    codes: dict[str, type[failures.Failure]] = {}
    for kind in kinds(failures.Failure):
        known = codes.setdefault(kind.code, kind)
        assert issubclass(kind, known)


def test_times_fit_each_other() -> None:
    """CloudFormation waits for a second run of the function, one minute after the first one died at its very end."""
    assert contract.SERVICE_TIMEOUT_SECONDS >= 2 * contract.FUNCTION_TIMEOUT_SECONDS + 60


def test_physical_id_is_a_pure_function() -> None:
    """The id depends on the cluster and on the role, however its ARN is written."""
    properties = {"ClusterName": "c", "RoleArn": "arn:aws:iam::111122223333:role/a/path/Nodes"}
    assert aws_auth_entry.physical_id(properties) == "aws-auth/c/111122223333:role/nodes"
