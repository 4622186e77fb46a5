"""The record of owners: what it remembers, and that it never guesses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows_nodegroup.handler.cloudformation import Request
from windows_nodegroup.handler.failures import UnreadableRecord
from windows_nodegroup.handler.owners import Added, Claim, Owners

ROLE = "arn:aws:iam::111122223333:role/nodes"
OTHER = "arn:aws:iam::111122223333:role/other"
ENTRY = Added(entry=True)


def claim(owner: str, issued: int = 1000, request: str = "ab") -> Claim:
    """Return a claim."""
    return Claim(owner, request, issued)


def test_claims_survive_encoding() -> None:
    """What was claimed is read again, and the same request is no news."""
    owners = Owners(None)
    assert owners.claim(ROLE, claim("a"), ENTRY)
    assert owners.claim(OTHER, claim("a"), Added(entry=False, groups=("g",)))
    again = Owners(owners.encode())
    assert again.added(ROLE) == ENTRY
    assert again.added(OTHER) == Added(entry=False, groups=("g",))
    assert not again.claim(ROLE, claim("a", 2000), ENTRY)


def test_entry_and_groups_are_recorded_together() -> None:
    """An entry of ours and groups in another one are both remembered, until one of them is not ours any more."""
    owners = Owners(None)
    both = Added(entry=True, groups=("g",))
    owners.claim(ROLE, claim("a"), ENTRY)
    assert owners.claim(ROLE, claim("a"), both)
    assert Owners(owners.encode()).added(ROLE) == both
    for added in (Added(entry=False, groups=("g",)), ENTRY):
        owners.claim(ROLE, claim("a"), added)
        assert Owners(owners.encode()).added(ROLE) == added


def test_claim_that_asks_anew_outlives_older_deletes() -> None:
    """The latest request that asks for something counts; an older one, or one that asks for nothing new, does not."""
    owners = Owners(None)
    owners.claim(ROLE, claim("a", 1000, "aa"), ENTRY)
    assert not owners.is_outlived(ROLE, claim("a", 2000, "dd"))
    assert not owners.claim(ROLE, claim("a", 3000, "bb"), ENTRY, renews=False)
    assert not owners.is_outlived(ROLE, claim("a", 2000, "dd"))
    assert owners.claim(ROLE, claim("a", 3000, "bb"), ENTRY)
    assert owners.is_outlived(ROLE, claim("a", 2000, "dd"))
    assert not owners.claim(ROLE, claim("a", 1500, "cc"), ENTRY)
    assert owners.is_outlived(ROLE, claim("a", 2000, "dd"))


def test_release_of_the_last_owner_tells_what_to_undo() -> None:
    """Only the last owner's release tells what was added."""
    owners = Owners(None)
    owners.claim(ROLE, claim("a"), ENTRY)
    owners.claim(ROLE, claim("b"), ENTRY)
    assert owners.release(ROLE, claim("a", 2000)) is None
    assert owners.release(ROLE, claim("b", 2000)) == ENTRY
    assert owners.added(ROLE) is None


def test_release_supersedes_what_came_before() -> None:
    """After a release, the request whose work it undid and every older one are superseded; newer ones are not."""
    owners = Owners(None)
    owners.claim(ROLE, claim("a", 1000, "aa"), ENTRY)
    owners.release(ROLE, claim("a", 2000, "dd"))
    assert owners.is_superseded(ROLE, claim("a", 9000, "aa"))
    assert owners.is_superseded(ROLE, claim("a", 2000, "ee"))
    assert not owners.is_superseded(ROLE, claim("a", 2001, "ee"))
    assert not owners.is_superseded(ROLE, claim("b", 1000, "aa"))
    assert not owners.is_superseded(OTHER, claim("a", 1000, "aa"))


def test_latest_release_is_remembered() -> None:
    """A Delete that is delivered again, or late, does not make a later one forgotten."""
    owners = Owners(None)
    owners.remember(ROLE, claim("a", 3000, "dd"))
    owners.remember(ROLE, claim("a", 1000, "cc"))
    assert owners.is_superseded(ROLE, claim("a", 2000, "ee"))


def test_unknown_members_are_kept() -> None:
    """What another version of the function wrote besides stays."""
    record = {"novelty": [1], "roles": {ROLE: {"added": "entry", "owners": {"a": "1 ab"}, "more": "x"}}}
    owners = Owners(json.dumps(record))
    owners.claim(ROLE, claim("b"), ENTRY)
    encoded = json.loads(owners.encode())
    assert encoded["novelty"] == [1]
    assert encoded["roles"][ROLE]["more"] == "x"


@pytest.mark.parametrize(
    "annotation",
    [
        "",
        "{}",
        '{"roles":{}}',
        '{"deleted":{}}',
    ],
)
def test_empty_records(annotation: str) -> None:
    """A record without owners is a record."""
    assert Owners(annotation).added(ROLE) is None


@pytest.mark.parametrize(
    "annotation",
    [
        "nonsense",
        "[]",
        "null",
        "7",
        '{"roles":[]}',
        '{"roles":{"r":{}}}',
        '{"roles":{"r":{"added":"entry"}}}',
        '{"roles":{"r":{"added":"all","owners":{}}}}',
        '{"roles":{"r":{"added":[7],"owners":{}}}}',
        '{"roles":{"r":{"added":"entry","groups":"g","owners":{}}}}',
        '{"roles":{"r":{"added":"entry","owners":{"a":"yesterday"}}}}',
        '{"roles":{"r":{"added":"entry","owners":{"a":7}}}}',
        '{"deleted":{"r":[]}}',
        "[" * 100_000,
    ],
)
def test_damaged_records(annotation: str) -> None:
    """What is no record of ours is refused as a whole, with the way to get rid of it."""
    with pytest.raises(UnreadableRecord, match=r"kubectl -n kube-system annotate configmap aws-auth .*-`"):
        Owners(annotation)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([ROLE, OTHER]), st.booleans()), max_size=30))
def test_record_is_a_set_of_owners(steps: list[tuple[str, str, bool]]) -> None:
    """Whatever claims and releases come in whatever order, the record holds who claimed and did not release."""
    owners = Owners(None)
    expected: set[tuple[str, str]] = set()
    for time, (owner, role, is_claim) in enumerate(steps, start=1):
        owners = Owners(owners.encode())
        if is_claim:
            owners.claim(role, claim(owner, time), ENTRY)
            expected.add((role, owner))
        elif owners.owns(role, claim(owner)):
            undo = owners.release(role, claim(owner, time))
            expected.discard((role, owner))
            assert (undo is None) == any(held == role for held, _ in expected)
        found = {(r, o) for r in (ROLE, OTHER) for o in "abc" if owners.owns(r, claim(o))}
        assert found == expected


@pytest.mark.parametrize("query", ["X-Amz-Date=20260102T030405Z&X-Amz-Expires=60", "Expires=1767330245"])
def test_claim_of_a_request_is_short(query: str) -> None:
    """A stack's ARN and a request's id are shortened; names stay. Either form of signed URLs tells the time."""
    request = Request.parse(
        {
            "ResponseURL": f"https://x/?{query}",
            "StackId": "arn:aws:cloudformation:us-west-2:111122223333:stack/my-nodes/4c5ab2d0-1111",
            "LogicalResourceId": "NodeAccess",
            "RequestId": "7b8d1c3e-0000",
        }
    )
    of_request = Claim.of(request, otherwise=7)
    assert of_request.owner.startswith("my-nodes/")
    assert of_request.owner.endswith("/NodeAccess")
    assert len(of_request.owner) < 40
    assert of_request.issued == 1767323045000
