"""The reader against the authenticator: maps that were read with the authenticator's own libraries and rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from windows_nodegroup.handler.aws_auth import Entry, MalformedMap, read

_DATA = Path(__file__).parents[1] / "data"
_READINGS: list[dict[str, Any]] = [
    reading
    for name in ("authenticator-readings.json", "authenticator-readings-more.json")
    for reading in json.loads((_DATA / name).read_text("utf-8"))["readings"]
]
#: Problems that encoding/json reports, too; the others are found where Go is silent.
_PARTS_LOST = {"wrong-type", "entry-not-a-mapping"}


def _as_go_has_it(entry: Entry) -> dict[str, object]:
    role: dict[str, object] = {}
    if entry.sso is None:
        role["rolearn"] = entry.role_arn
    else:
        sso = {"permissionSetName": entry.sso.permission_set_name, "accountID": entry.sso.account_id}
        role["sso"] = sso | ({"partition": entry.sso.partition} if entry.sso.partition else {})
    return role | {"username": entry.username, "groups": list(entry.groups) if entry.has_groups else None}


def _locks_out(reading: dict[str, Any]) -> bool:
    error = reading["error"] or ""
    return bool(error) and not ("cannot unmarshal" in error and "[]main.Role" not in error)


@pytest.mark.parametrize("reading", [pytest.param(reading, id=reading["name"]) for reading in _READINGS])
def test_reading(reading: dict[str, Any]) -> None:
    """What the authenticator makes of a map is what the reader makes of it."""
    if _locks_out(reading):
        with pytest.raises(MalformedMap):
            read(reading["mapRoles"])
        return
    found = read(reading["mapRoles"])
    assert [_as_go_has_it(entry) for entry in found.entries] == reading["roles"]
    if reading["error"]:
        assert {problem.code for problem in found.problems} & _PARTS_LOST


def test_all_readings_are_there() -> None:
    """The measured maps are all tried, those that lock everybody out included."""
    assert len(_READINGS) > 500
    assert sum(map(_locks_out, _READINGS)) > 140


def test_numbers_as_keys() -> None:
    """The largest key that is still one, and one beyond all integers, are read; so is an octet of base64."""
    text = _entry() + "  9223372036854775807: x\n  18446744073709551616: y\n  -9223372036854775808: z\n"
    assert [entry.username for entry in read(text + "  w: !!binary dQ==\n").entries] == ["u"]


def test_what_the_authenticator_never_comes_to() -> None:
    """A control character far behind the first document is not seen; nor is anything in two byte order marks."""
    found = read(_entry() + "...\n" + "# x\n" * 300 + "\x07\n")
    assert [entry.effective for entry in found.entries] == [True]
    assert [problem.code for problem in found.problems] == ["more-documents"]
    assert read("\ufeff\ufeff").entries == read("\ufeff\ufeff\n").entries == ()


def _problems(text: str) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in read(text).problems]


def _entry(arn: str = "arn:aws:iam::111122223333:role/a", **others: str) -> str:
    keys = {"rolearn": arn, "username": "u", "groups": "[g]"} | others
    return "- " + "\n  ".join(f"{key}: {value}" for key, value in keys.items() if value) + "\n"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (_entry(), []),
        (_entry(groups="[system:masters]"), []),
        (_entry() + "- hello\n", [("entry-not-a-mapping", 4)]),
        (_entry() + "-\n", [("entry-not-a-mapping", 4)]),
        (_entry(""), [("no-role", 1)]),
        (_entry(sso="{}"), [("role-and-sso", 1)]),
        (_entry("", sso="{permissionSetName: A, accountID: '1'}"), [("sso-invalid", 1)]),
        (_entry("", sso="{permissionSetName: A B, accountID: '012345678912'}"), [("sso-invalid", 1)]),
        (
            _entry("", sso="{permissionSetName: A, accountID: '012345678912', partition: moon}"),
            [("sso-invalid", 1)],
        ),
        (_entry(username="12345"), [("wrong-type", 2)]),
        (_entry(username="yes"), [("wrong-type", 2)]),
        (_entry(groups="g"), [("wrong-type", 3)]),
        (_entry(groups="[g, 5]"), [("wrong-type", 3)]),
        (_entry() + "  username: v\n", [("duplicate-key", 2)]),
        (_entry() + "  roleARN: x\n", [("duplicate-key", 1)]),
        (_entry(group="x"), [("unknown-key", 4)]),
        (_entry(userid="AROAEXAMPLE"), []),
        (_entry(userid="5"), [("wrong-type", 4)]),
        (_entry() + "  1: x\n  yes: y\n  1.5: z\n", [("unknown-key", 4), ("unknown-key", 5), ("unknown-key", 6)]),
        (_entry("", sso="{permissionSetName: A, accountID: '012345678912', partition: aws}"), [("partition", 1)]),
        (_entry("hello"), [("no-role-arn", 1)]),
        (_entry("arn:aws:iam::111122223333:role/eks/a"), [("path", 1)]),
        (_entry() + _entry("arn:aws:iam::111122223333:role/A"), [("shadowed", 1)]),
        (_entry() + "---\n" + _entry(), [("more-documents", 4)]),
        (_entry() + "---\n[\n", [("more-documents", 4)]),
    ],
)
def test_problems(text: str, problems: list[tuple[str, int]]) -> None:
    """Whatever the authenticator drops, ignores or shadows is a problem with a code and a line."""
    assert _problems(text) == problems


def test_only_the_last_entry_of_a_role_is_effective() -> None:
    """Of entries whose ARNs differ only in case, the last counts."""
    upper, lower, other = read(
        _entry("arn:aws:iam::111122223333:role/A") + _entry() + _entry("arn:aws:iam::111122223333:role/b")
    ).entries
    assert (upper.effective, lower.effective, other.effective) == (False, True, True)


def test_an_arn_with_a_path_is_never_effective() -> None:
    """STS names roles without their path, so that such an entry matches nobody, whatever stands after it."""
    (entry,) = read(_entry("arn:aws:iam::111122223333:role/eks/nodes/a")).entries
    assert not entry.effective


@pytest.mark.parametrize(
    ("arn", "matches"),
    [
        ("arn:aws:iam::111122223333:role/a", True),
        ("ARN:AWS-CN:IAM::111122223333:ROLE/a+=,.@-_", True),
        ("arn:aws:iam::111122223333:user/people/bob", True),
        ("arn:aws:iam::111122223333:root", True),
        ("arn:aws:sts::111122223333:federated-user/bob", True),
        ("hello", False),
        ("arn:aws:iam::111122223333:instance-profile/a", False),
        ("arn:aws:sts::111122223333:assumed-role/a/session", False),
        ('"arn:aws:iam::111122223333:role/a "', False),
        ('" arn:aws:iam::111122223333:role/a"', False),
        ("arn:aws:iam::11112222333:role/a", False),
        ("arn:aws:iam::111122223333:role/*", False),
        ("arn:aws:iam::111122223333:role/\u00e9", False),
        ("arn:aws:iam::111122223333:role/", False),
        ("arn:aws:iam::111122223333:group/a", False),
    ],
)
def test_only_what_sts_names_is_effective(arn: str, matches: bool) -> None:
    """An entry that no caller's name can equal is kept without effect, and the problem says so."""
    found = read(_entry(arn))
    assert [entry.effective for entry in found.entries] == [matches]
    assert [problem.code for problem in found.problems] == ([] if matches else ["no-role-arn"])


def test_a_permission_set_with_a_partition_never_matches() -> None:
    """The authenticator then looks for an ARN without partition; the entry shadows none without, nor is shadowed."""
    sso = "{permissionSetName: A, accountID: '012345678912'%s}"
    text = "".join(_entry("", sso=sso % more) for more in ("", "", ", partition: aws", ", partition: aws"))
    found = read(text)
    assert [entry.effective for entry in found.entries] == [False, True, False, False]
    assert [problem.code for problem in found.problems] == ["shadowed", "partition", "shadowed", "partition"]


def test_missing_and_empty_groups_differ() -> None:
    """A list without items and no list at all are told apart, as the authenticator does."""
    empty, missing = read(_entry(groups="[]") + _entry(groups="")).entries
    assert (empty.groups, empty.has_groups) == ((), True)
    assert (missing.groups, missing.has_groups) == ((), False)


def test_no_key_is_an_empty_map() -> None:
    """A ConfigMap without `mapRoles` maps nobody."""
    assert read(None) == read("")
    assert read(None).entries == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- rolearn: secret\n\tusername: u\n", 2),
        ("- rolearn: a\n- username: {{secret}}\n", 2),
        ("secret: x\n", 1),
        ("- a\n- [secret\n", 3),
        ("- a\n\n- !secret!x y\n", 3),
        ("- a\n- *secret\n", 2),
        ("- a\n- &secret [*secret]\n", 2),
        ("- a\n- !!int secret\n", 2),
        ("- a\n- 'secret\n", 3),
        ('- a\n- "secret \\q"\n', 2),
        ("- a\n- @secret\n", 2),
        ("- &secret* x\n", 1),
        ("- x: secret\n  y: .nan\n", 2),
        ("- a\n- \x07secret\n", 2),
        ("%YAML 1.2\n---\n- secret\n", 1),
        ("- secret: x: y\n", 1),
        ("- a\n- 9223372036854775808: secret\n", 2),
        ("- a\n- x: secret\n  0xFFFFFFFFFFFFFFFF: y\n", 3),
        ("- a\n- <<: {18446744073709551615: secret}\n", 2),
        ("- a\n- !!binary c2VjcmV0==\n", 2),
        ("- a\n- !!binary c2VjcmV=\n- !!binary c2VjcmV0=\n", 3),
        ("- a\n- !!binary 'c2Vj cmV0'\n", 2),
        ("- a\n- !!binary c2VjcmV0A\n", 2),
        ("- a\n- !!binary c2VjcmU=cmU=\n", 2),
        ("- a\n...\n# secret \x07\n", 3),
        ("- a\n- [\n" + "# secret\n" * 500 + "\x07", 503),
    ],
)
def test_a_malformed_map_is_not_quoted(text: str, line: int) -> None:
    """The message says which line is broken, and nothing of what stands there."""
    with pytest.raises(MalformedMap) as caught:
        read(text)
    assert "secret" not in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"line {line}: ")
