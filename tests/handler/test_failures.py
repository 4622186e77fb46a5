"""Reasons to fail, as people meet them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from windows_nodegroup.handler import aws_auth_entry, contract, failures, index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windows_nodegroup.handler.deadline import Deadline


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
    assert contract.SERVICE_TIMEOUT_SECONDS >= 2 * contract.REQUEST_SECONDS + 60
    wait = contract.NodesReady
    assert contract.REQUEST_SECONDS < wait.REQUEST_SECONDS <= contract.FUNCTION_TIMEOUT_SECONDS
    assert wait.REQUEST_SECONDS < wait.SERVICE_TIMEOUT_SECONDS


def test_physical_id_is_a_pure_function() -> None:
    """The id depends on the cluster and on the role, however its ARN is written."""
    properties = {"ClusterName": "c", "RoleArn": "arn:aws:iam::111122223333:role/a/path/Nodes"}
    assert aws_auth_entry.physical_id(properties) == "aws-auth/c/arn:aws:iam::111122223333:role/nodes"


@pytest.mark.parametrize(("kind", "seconds"), [(contract.AwsAuthEntry.TYPE, 240), (contract.NodesReady.TYPE, 899.5)])
def test_time_of_a_request(monkeypatch: pytest.MonkeyPatch, kind: str, seconds: float) -> None:
    """Only the wait for nodes takes all the time that Lambda gives."""
    deadlines: list[Deadline] = []
    monkeypatch.setattr(index, "_answer", lambda _, deadline: deadlines.append(deadline))
    monkeypatch.setattr(index, "deliver", lambda *_: None)
    event = {"RequestType": "Create", "ResourceType": kind, "ResponseURL": "https://nobody.invalid"}
    index.handler(event, Context())
    assert deadlines[0].remaining() == pytest.approx(seconds, abs=1)


class Context:
    """Lambda's, at the beginning of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Return all the time that there is."""
        return contract.FUNCTION_TIMEOUT_SECONDS * 1000
