"""Editing of aws-auth, case by case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.handler.aws_auth_maps import NODE, WINDOWS, cut, judged, remove
from windows_nodegroup.handler import aws_auth
from windows_nodegroup.handler.aws_auth import (
    MalformedMap,
    UsernameConflict,
    canonical_role_arn,
    is_ours,
    read,
    same_role,
    upsert,
)

ARN = "arn:aws:iam::111122223333:role/windows"
BLOCK = """\
- rolearn: "arn:aws:iam::111122223333:role/windows"
  username: "system:node:{{EC2PrivateDNSName}}"
  groups:
    - "system:bootstrappers"
    - "system:nodes"
    - "eks:kube-proxy-windows"
"""
OTHER = """\
- rolearn: arn:aws:iam::111122223333:role/linux  # the first
  username: system:node:{{EC2PrivateDNSName}}
  groups:
    - system:bootstrappers
    - system:nodes
"""
LACKING = OTHER.replace("linux  # the first", "windows")
ENTRY = {"rolearn": ARN, "username": NODE, "groups": list(WINDOWS)}


def _authorises(text: str, arn: str = ARN) -> bool:
    entries = [entry for entry in read(text).entries if entry.effective and entry.role_arn.lower() == arn.lower()]
    return [(entry.username, set(WINDOWS) <= set(entry.groups)) for entry in entries] == [(NODE, True)]


def _round_trip(text: str) -> str:
    done = upsert(text, ARN)
    assert done.changed
    assert _authorises(done.text)
    assert not upsert(done.text, ARN).changed
    return remove(done.text, ARN, created=done.created, added_groups=done.added_groups)


def test_c03_an_absent_entry_is_added() -> None:
    """The entry goes to the end, and every other character stays."""
    done = upsert(OTHER, ARN)
    assert done.text == OTHER + BLOCK
    assert (done.created, done.added_groups, done.changed) == (True, (), True)


def test_c03_comments_keep_their_places() -> None:
    """Comments before, between, after and inside entries stay where they are."""
    text = f"# A\n{OTHER}  # still linux\n# B\n\n- sso: x # C\n# end\n\n\n"
    assert upsert(text, ARN).text == f"# A\n{OTHER}  # still linux\n# B\n\n- sso: x # C\n# end\n{BLOCK}\n\n"
    assert _round_trip(text) == text


def test_c04_a_complete_entry_is_left_alone() -> None:
    """There is nothing to write for an entry that has all the groups, in whatever order and style."""
    for text in (
        OTHER + BLOCK,
        json.dumps([ENTRY]),
        BLOCK.replace('"', "'"),
        f"- groups: [x, {', '.join(reversed(WINDOWS))}]\n  RoleArn: {ARN}\n  username: {NODE}\n",
    ):
        done = upsert(text, ARN)
        assert (done.text, done.changed, done.created, done.added_groups) == (text, False, False, ())


def test_c05_the_missing_group_is_added_and_nothing_else() -> None:
    """One line more, in the style of the list."""
    done = upsert(LACKING + OTHER, ARN)
    assert done.text == LACKING + '    - "eks:kube-proxy-windows"\n' + OTHER
    assert (done.created, done.added_groups) == (False, ("eks:kube-proxy-windows",))


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("groups: [system:bootstrappers, system:nodes]", 'groups: [system:bootstrappers, system:nodes, "{w}"]'),
        (
            "groups: [\n    a, # c\n    b # d\n  ]",
            'groups: [\n    a, # c\n    b # d\n    , "{b}",\n    "{n}",\n    "{w}"\n  ]',
        ),
        ("groups: [\n    a,\n    b,\n  ]", 'groups: [\n    a,\n    b,\n    "{b}",\n    "{n}",\n    "{w}",\n  ]'),
        ("groups: []", 'groups: ["{b}", "{n}", "{w}"]'),
        ("groups:", 'groups: ["{b}", "{n}", "{w}"]'),
        ("groups:  # none", 'groups: ["{b}", "{n}", "{w}"]  # none'),
        ("groups: null", 'groups: ["{b}", "{n}", "{w}"]'),
        ("groups: ~ # none", 'groups: ["{b}", "{n}", "{w}"] # none'),
        ("note: x", 'note: x\n  groups:\n    - "{b}"\n    - "{n}"\n    - "{w}"'),
        ("note: x # c", 'note: x # c\n  groups:\n    - "{b}"\n    - "{n}"\n    - "{w}"'),
        ("groups:\n  - a\n  # c", 'groups:\n  - a\n  - "{b}"\n  - "{n}"\n  - "{w}"\n  # c'),
        ("groups:\n  - a # c\n  note: x", 'groups:\n  - a # c\n  - "{b}"\n  - "{n}"\n  - "{w}"\n  note: x'),
        ("groups:\n  - |\n   a\n  note: x", 'groups:\n  - |\n   a\n  - "{b}"\n  - "{n}"\n  - "{w}"\n  note: x'),
        ("groups: [x]\n  groups: [a]", 'groups: [x]\n  groups: [a, "{b}", "{n}", "{w}"]'),
        ("? groups\n  : - a", '? groups\n  : - a\n    - "{b}"\n    - "{n}"\n    - "{w}"'),
    ],
)
def test_c05_groups_in_any_shape(groups: str, expected: str) -> None:
    """Groups go into the list that is there, or into a new one where there is none."""
    names = {"b": WINDOWS[0], "n": WINDOWS[1], "w": WINDOWS[2]}
    text = f"- rolearn: {ARN}\n  username: {NODE}\n  {groups}\n{OTHER}"
    done = upsert(text, ARN)
    written = expected.format(**names) if "{b}" in expected or "{w}" in expected else expected
    assert done.text == f"- rolearn: {ARN}\n  username: {NODE}\n  {written}\n{OTHER}"
    assert not done.created
    assert _authorises(done.text)


@pytest.mark.parametrize("indent", [None, 2, 4])
def test_c05_groups_in_json(indent: int | None) -> None:
    """A JSON map with a lacking entry is what a JSON writer would have written of the complete one."""
    for groups in ([], ["a"], list(WINDOWS[:2])):
        entry = ENTRY | {"groups": groups}
        complete = ENTRY | {"groups": [*groups, *(group for group in WINDOWS if group not in groups)]}
        text = json.dumps([entry], indent=indent)
        if indent is None or groups:
            assert upsert(text, ARN).text == json.dumps([complete], indent=indent)
        assert json.loads(upsert(text, ARN).text) == [complete]


def test_c05_groups_null_and_missing_in_json() -> None:
    """A list takes the place of null, and the key is added where it is missing; JSON stays JSON."""
    for entry in (ENTRY | {"groups": None}, {"rolearn": ARN, "username": NODE}):
        forms: list[dict[str, Any]] = [{}, {"indent": 2}, {"separators": (",", ":")}]
        for form in forms:
            text = json.dumps([entry], **form)
            done = upsert(text, ARN)
            assert json.loads(done.text) == [ENTRY]
            assert done.added_groups == WINDOWS


@pytest.mark.parametrize(
    "text",
    [
        f"- &base\n  rolearn: {ARN}\n  username: {NODE}\n  groups: [system:nodes]\n- <<: *base\n  rolearn: other\n",
        f"- rolearn: other\n  groups: &g [system:nodes]\n- rolearn: {ARN}\n  username: {NODE}\n  groups: *g\n",
        f"- rolearn: {ARN}\n  username: {NODE}\n  groups: &g [system:nodes]\n- rolearn: other\n  groups: *g\n",
        f"- &base\n  rolearn: other\n  groups: [system:nodes]\n- <<: *base\n  rolearn: {ARN}\n  username: {NODE}\n",
        f"- &a {{rolearn: {ARN}, username: '{NODE}', groups: []}}\n- *a\n",
        f"- rolearn: {ARN}\n  username: {NODE}\n  groups: system:masters\n",
        f"- rolearn: {ARN}\n  username: {NODE}\n  Groups: [system:nodes]\n  groups: system:masters\n",
        f"- ? rolearn\n  : {ARN}\n  ? groups\n  ? username\n  : {NODE}\n",
    ],
)
def test_c05_groups_that_cannot_be_extended_are_overruled(text: str) -> None:
    """Groups that serve other entries, or are no list, stay: a complete entry at the end wins until taken back."""
    others = [entry for entry in read(text).entries if entry.role_arn != ARN]
    done = upsert(text, ARN)
    assert done.created
    assert done.text.startswith(text)
    assert "system:masters" not in done.text.removeprefix(text)
    assert _authorises(done.text)
    assert [entry for entry in read(done.text).entries if entry.role_arn != ARN] == others
    assert remove(done.text, ARN, created=True, added_groups=()) == text


def test_c05_shared_groups_beyond_those_of_nodes_are_not_copied() -> None:
    """What else a shared list grants is for its owner to grant: nothing is written."""
    text = f"- rolearn: o\n  groups: &g [system:masters]\n- rolearn: {ARN}\n  username: {NODE}\n  groups: *g\n"
    with pytest.raises(MalformedMap, match=r"^line 3: .* edit it by hand$"):
        upsert(text, ARN)


def test_c06_of_duplicates_the_last_gets_the_group() -> None:
    """The entry that counts is completed; the one that it shadows does not matter."""
    done = upsert(BLOCK + LACKING, ARN)
    assert done.text == BLOCK + LACKING + '    - "eks:kube-proxy-windows"\n'
    assert _authorises(done.text)


def test_c07_another_case_is_the_same_entry() -> None:
    """The authenticator compares without case."""
    text = BLOCK.replace("role/windows", "role/WINDOWS")
    assert not upsert(text, ARN).changed
    assert upsert(LACKING, ARN.replace("windows", "Windows")).text == LACKING + '    - "eks:kube-proxy-windows"\n'


def test_c07_a_path_of_the_role_is_stripped() -> None:
    """STS names a role without its path, so that is how the entry names it."""
    with_path = ARN.replace("role/", "role/eks/nodes/")
    assert upsert(OTHER, with_path).text == OTHER + BLOCK
    assert not upsert(BLOCK, with_path).changed
    assert remove(OTHER + BLOCK, with_path, created=True, added_groups=()) == OTHER


def test_c07_an_entry_with_a_path_never_matches() -> None:
    """Such an entry authorises nobody and is somebody else's: it stays, and a proper one joins it."""
    text = BLOCK.replace("role/", "role/eks/nodes/")
    done = upsert(text, ARN)
    assert done.text == text + BLOCK
    assert _authorises(done.text)
    assert _round_trip(text) == text


@pytest.mark.parametrize("username", ["admin", "system:node:{{SessionName}}", '""', "~", "12345"])
def test_c08_another_username_is_refused(username: str) -> None:
    """A role that is mapped to something else is not taken over, and the message quotes nothing."""
    with pytest.raises(UsernameConflict) as caught:
        upsert(LACKING.replace(NODE, username), ARN)
    assert "admin" not in str(caught.value)
    assert "another username" in str(caught.value)


def test_c08_only_the_effective_entry_counts() -> None:
    """A shadowed entry, or one that never matches, does not conflict."""
    assert not upsert(BLOCK.replace(NODE, "x") + BLOCK, ARN).changed
    assert upsert(BLOCK.replace(NODE, "x").replace("role/", "role/p/"), ARN).created


@pytest.mark.parametrize("text", [None, "", "\n", '""', "''", "``", ' ""\n', "\t\n", "\xa0"])
def test_c09_nothing_there(text: str | None) -> None:
    """A missing or blank value becomes a list; taken back, it is an empty one."""
    done = upsert(text, ARN)
    assert judged(done.text) == [ENTRY]
    assert done.text.strip() == BLOCK.strip()
    assert remove(done.text, ARN, created=True, added_groups=()).strip() == "[]"


@pytest.mark.parametrize("text", ["[]", "[]\n", "[ ]", "[\n]\n", "--- []\n", "[] # none\n", "[ # none\n]\n", "&x []\n"])
def test_c09_an_empty_list(text: str) -> None:
    """An empty list takes the entry inside its brackets, and gets its text back."""
    done = upsert(text, ARN)
    assert judged(done.text) == [ENTRY]
    assert _round_trip(text) == text


@pytest.mark.parametrize("text", ["null", "~", "null\n", "~ # none\n", "--- ~\n", "# c\nnull\n", "!!null\n", "&x ~"])
def test_c09_null(text: str) -> None:
    """A list takes the place of a null."""
    done = upsert(text, ARN)
    assert judged(done.text) == [ENTRY]
    assert done.text.count("#") == text.count("#")
    assert read(_round_trip(text)).entries == ()


@pytest.mark.parametrize(
    "text",
    [
        "# none yet\n",
        "# none yet",
        "\n# a\n\n# b\n\n",
        "---\n",
        "---",
        "---\n...\n",
        "%YAML 1.1\n---\n# c\n",
        "\ufeff# c\r\n",
    ],
)
def test_c09_only_comments_and_markers(text: str) -> None:
    """Comments and markers stay, and so does the text when the entry is taken back."""
    done = upsert(text, ARN)
    assert judged(done.text) == [ENTRY]
    assert _round_trip(text) == text


@pytest.mark.parametrize(
    "form", [{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 4}], ids=["spaced", "compact", "by 2", "by 4"]
)
def test_c10_json(form: dict[str, Any]) -> None:
    """The new text is what the same JSON writer would have written."""
    others = [{"rolearn": "arn:aws:iam::111122223333:role/é", "username": "u", "groups": ["g"]}, {"sso": {}}]
    for data in (others[:1], others[::-1]):
        text = json.dumps(data, **form)
        assert upsert(text, ARN).text == json.dumps([*data, ENTRY], **form)
        assert _round_trip(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "[{rolearn: a, username: u, groups: [g]}]",
        "[{rolearn: a}, ]\n",
        "[\n  {rolearn: a,\n   username: u},\n]\n",
        "[\n  {rolearn: a}\n]\n",
        "[\n  {rolearn: a}, # A\n]\n",
        "[\n  {rolearn: a} # A\n]\n",
        "[\n  # B\n  {rolearn: a},\n  # A\n]\n",
        "- {rolearn: a, username: u}\n- {rolearn: b}\n",
        "[{rolearn: a}, &x {rolearn: b}]",
        "--- [{rolearn: a}]\n",
        "[rolearn: a]",
    ],
)
def test_c11_flow_style(text: str) -> None:
    """Entries in brackets get one more beside them, comments and trailing commas included."""
    done = upsert(text, ARN)
    assert judged(done.text) == [*judged(text), ENTRY]
    assert _round_trip(text) == text


@pytest.mark.parametrize(
    "text",
    [
        OTHER.replace("\n", "\r\n"),
        OTHER.replace("\n", "\r"),
        "\ufeff" + OTHER,
        "---\n" + OTHER,
        "--- # c\n" + OTHER,
        OTHER + "...\n",
        OTHER + "...\n# after\n",
        OTHER.rstrip("\n"),
        OTHER.rstrip("\n") + "   ",
        OTHER.rstrip("\n") + "  # c",
        "".join(f"  {line}\n" for line in OTHER.splitlines()),
        OTHER.replace("    -", "  -"),
        OTHER.replace("- rolearn", "-   rolearn").replace("\n  ", "\n    "),
        "-\n  " + OTHER[2:],
        OTHER + "- rolearn: x\n  username: |\n    a\n    b\n",
        OTHER + "- rolearn: x\n  username: |+\n    a\n\n\n",
        OTHER + "- rolearn: x\n  username: |\n    a\n    b",
        OTHER + "- rolearn: x\n  username: >-\n    a\n",
        OTHER + '- rolearn: x\n  username: "a\n\n    b"\n',
        OTHER + "- rolearn: x\n  username: a\n    b\n",
        OTHER + "-\n",
        OTHER + "- &x y\n",
        '- "groups":\n  - "a"\n  "rolearn": "b"\n',
        "- ? rolearn\n  : a\n",
        "!!seq\n- rolearn: a\n",
        "- rolearn: a\n  username: 太郎 🚀\n",
    ],
)
def test_c12_any_style_of_text(text: str) -> None:
    """Line ends, marks, indents and the end of the text stay as they are, and the entry fits in."""
    done = upsert(text, ARN)
    after = judged(done.text)
    after.remove(ENTRY)
    assert after == judged(text)
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text else "\n"
    assert done.text.count(newline) == done.text.count("\n" if "\n" in newline else newline)
    assert done.text.endswith(("\n", "\r")) == text.endswith(("\n", "\r"))
    assert _round_trip(text) == text


@pytest.mark.parametrize(
    ("text", "added"),
    [
        (
            '  - "groups":\n    - "g"\n    "rolearn": "a"\n',
            """\
  - "rolearn": "{arn}"
    "username": "{username}"
    "groups":
    - "{b}"
    - "{n}"
    - "{w}"
""",
        ),
        (
            "-   rolearn: a\n    groups:\n       - g\n",
            """\
-   rolearn: "{arn}"
    username: "{username}"
    groups:
       - "{b}"
       - "{n}"
       - "{w}"
""",
        ),
        (
            '[{\n    "rolearn": "a"\n}]',
            """\
, {
    "rolearn": "{arn}",
    "username": "{username}",
    "groups": [
        "{b}",
        "{n}",
        "{w}"
    ]
}""",
        ),
    ],
)
def test_c12_the_entry_is_written_like_the_others(text: str, added: str) -> None:
    """Columns of keys and items, quotes around keys, and the spread of braces follow the last entry."""
    names = {"arn": ARN, "username": NODE, "b": WINDOWS[0], "n": WINDOWS[1], "w": WINDOWS[2]}
    for name, value in names.items():
        added = added.replace(f"{{{name}}}", value)
    where = len(text) - 1 if text.endswith("]") else len(text)
    assert upsert(text, ARN).text == text[:where] + added + text[where:]


@pytest.mark.parametrize(
    "text",
    [
        "- rolearn: a\n\tusername: u\n",
        "- rolearn: {{x}}\n",
        "rolearn: a\n",
        "hello",
        "5",
        "{}",
        OTHER + "---\n" + OTHER,
        OTHER + "---\n[",
        "[{rolearn: a}] x",
        "[]: x",
        "[" * 20_000,
        "- " * 20_000,
        "[" * 10_001 + "]" * 10_001,
        "- " * 6_000 + "[" * 5_000 + "]" * 5_000,
        "- rolearn: a\n  x: [" + "1," * 250_000 + "]\n",
        "- rolearn: a\n  x: .inf\n",
        "- rolearn: a\n  ~: x\n",
        "- rolearn: *x\n",
        "- rolearn: a\n\ufeff# a mark\n",
        "\ufeff\ufeff- rolearn: a\n",
        "- rolearn: a\n  username: '\x07'\n",
        "- rolearn: a\n...\n" + "# x\n" * 500 + "\x07",
        "\ufeff\ufeff",
        "- rolearn: a\n  9223372036854775808: x\n",
        "- rolearn: a\n  x: !!binary QQ===\n",
    ],
)
def test_c13_what_is_not_read_whole_is_not_written(text: str) -> None:
    """A map that the authenticator does not read, or not all of, is left alone with a reason."""
    with pytest.raises(MalformedMap):
        upsert(text, ARN)
    with pytest.raises(MalformedMap):
        remove(text, ARN, created=True, added_groups=WINDOWS)


def test_c13_aliases_that_expand_without_end() -> None:
    """A small text that stands for millions of values is refused at once, as the authenticator refuses it."""
    lines = ["- &a0 [" + ", ".join("x" * 10) + "]"]
    lines += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(MalformedMap, match="excessive aliasing"):
        upsert("\n".join(lines), ARN)


def test_c13_depth_that_is_still_read() -> None:
    """What nests deeply but is still read for the authenticator is edited like anything else."""
    text = f"- rolearn: a\n  note: {'[' * 9990}{']' * 9990}\n"
    assert upsert(text, ARN).text == text + BLOCK


def test_c31_a_linux_node_role_gets_the_windows_group() -> None:
    """An entry of Linux nodes keeps what it has and serves both."""
    entry = read(upsert(LACKING, ARN).text).entries[0]
    assert entry.groups == WINDOWS


def test_d01_the_entry_is_cut_with_its_own_lines() -> None:
    """Whatever stands around the entry, comments included, stays."""
    text = f"# A\n{OTHER}# before ours\n{BLOCK}# after ours\n{OTHER}"
    after = remove(text, ARN, created=True, added_groups=())
    assert after == f"# A\n{OTHER}# before ours\n# after ours\n{OTHER}"


def test_d01_of_several_entries_ours_is_cut() -> None:
    """An entry that somebody else made for the same role stays, in front of ours or behind it."""
    for text in (BLOCK + LACKING, LACKING + BLOCK):
        assert remove(text, ARN, created=True, added_groups=()) == LACKING


def test_d01_ours_is_cut_in_whatever_style() -> None:
    """A tool that loads and dumps the map changes nothing of what the entry says: it is still ours."""
    for entry in (ENTRY, ENTRY | {"rolearn": ARN.replace("windows", "WINDOWS")}):
        assert remove(json.dumps([entry, {"sso": {}}]), ARN, created=True, added_groups=()) == '[{"sso": {}}]'


def test_d03_of_an_entry_to_which_somebody_added_only_our_groups_go() -> None:
    """Another group or key is somebody else's, and so is the entry that holds it."""
    for more, left in (('    - "system:masters"\n', ["system:masters"]), ("  note: x\n", [])):
        removal = aws_auth.remove(OTHER + BLOCK + more, ARN, created=True, added_groups=())
        assert removal.kept.startswith("line 6: somebody else has added")
        assert removal.text.startswith(OTHER)
        assert list(read(removal.text).entries[1].groups) == left
        assert more in removal.text


@pytest.mark.parametrize(
    "entry",
    [
        f"- rolearn: {ARN}\n  username: alice\n  groups: [system:masters]\n",
        BLOCK.replace(NODE, "alice"),
        LACKING,
        f"- rolearn: {ARN}\n  username: {NODE}\n",
        f"- rolearn: {ARN}\n  username: {NODE}\n  groups: system:masters\n",
        f"- rolearn: {ARN}\n  username: {NODE}\n  groups: [system:nodes, system:masters]\n",
    ],
)
def test_d03_an_entry_that_somebody_rewrote_stays(entry: str) -> None:
    """With another username, or without all that we wrote, the entry is another writer's: nothing of it goes."""
    removal = aws_auth.remove(OTHER + entry, ARN, created=True, added_groups=())
    assert removal.text == OTHER + entry
    assert removal.kept.startswith("line 6: the entry was rewritten")


def test_d03_groups_of_an_entry_that_is_no_nodes_any_more_stay() -> None:
    """Our group in an entry that somebody made into another user's is theirs by now."""
    text = BLOCK.replace(NODE, "alice")
    removal = aws_auth.remove(text, ARN, created=False, added_groups=WINDOWS[2:])
    assert removal.text == text
    assert "no node's any more" in removal.kept


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize(
    "text",
    [
        "[{a}, {b}, {c}]",
        "[{a},{b},{c}]",
        "[{a}, {b}, {c},]",
        "[\n  {a},\n  {b},\n  {c}\n]\n",
        "[\n  {a}, # A\n  {b}, # B\n  {c} # C\n]\n",
        "[\n  {a} # A\n  , {b} # B\n  , {c} # C\n]\n",
        "[ # first\n  {a},\n  # between\n  {b},\n\n  {c},\n]\n",
        "- {a}\n- {b} # B\n# C\n- {c}",
    ],
)
def test_d01_any_entry_of_a_list_can_be_cut(text: str, number: int, newline: str) -> None:
    """First, middle or last: the rest is still a list of the others, with the comments that are not its own."""
    names = ["one", "two", "three"]
    arns = [f"arn:aws:iam::111122223333:role/{name}" for name in names]
    written = text.replace("\n", newline)
    for mark, arn in zip("abc", arns, strict=True):
        written = written.replace(f"{{{mark}}}", f"{{rolearn: '{arn}', groups: [x, y]}}")
    after = cut(written, arns[number])
    assert [entry["rolearn"] for entry in judged(after)] == arns[:number] + arns[number + 1 :]
    own = 1 if text.startswith("-") and number == 1 else 0
    assert after.count("#") == text.count("#") - own
    assert after.count("\r") == (after.count("\n") if "\r" in newline else 0)


def test_d03_only_our_groups_go() -> None:
    """An entry that was there before keeps everything else."""
    done = upsert(LACKING + OTHER, ARN)
    assert remove(done.text, ARN, created=False, added_groups=done.added_groups) == LACKING + OTHER


@pytest.mark.parametrize(
    "groups",
    [
        "groups: [a]",
        "groups: [ a, b ]",
        "groups: []",
        "groups: [\n    a,\n  ]",
        "groups: [\n    a # c\n  ]",
        "groups:\n  - a",
        "groups:\n    - a # c\n    # d",
        "groups: [eks:kube-proxy-windows, a]",
        "note: x",
        "note: x # c",
        "note: |\n    a\n    b",
    ],
)
def test_d03_groups_in_any_shape(groups: str) -> None:
    """The list gets its text back."""
    text = f"- rolearn: {ARN}\n  {groups}\n  username: {NODE}\n"
    assert _round_trip(text) == text


@pytest.mark.parametrize(
    ("groups", "left"),
    [
        ("[{n}, a]", "[a]"),
        ("[a, {n}, b]", "[a, b]"),
        ("[{n}]", "[]"),
        ("[{b}, {n}]", "[]"),
        ("[{b}, {n}, a]", "[a]"),
        ("[a, {n}, {b}]", "[a]"),
        ("[{n}, a, {b}]", "[a]"),
        ("\n  - {n}\n  - a", "\n  - a"),
        ("\n  - a\n  - {n} # ours\n  # c\n  - b", "\n  - a\n  # c\n  - b"),
        ("\n  - {n}\n  # c\n  - {b}", "\n  # c"),
        ("\n  - {n}\n  - a\n  - {n}", "\n  - {n}\n  - a"),
    ],
)
def test_d03_groups_among_others(groups: str, left: str) -> None:
    """Groups are cut wherever they stand by now; of two equal ones the last is ours."""
    names = {"b": WINDOWS[0], "n": WINDOWS[1]}
    entry = f"- rolearn: {ARN}\n  username: {NODE}\n  groups:{{}}\n" + OTHER
    blank = "" if groups.startswith("\n") else " "
    text, expected = (entry.replace("groups:{}", f"groups:{blank if part else ''}{part}") for part in (groups, left))
    for mark, name in names.items():
        text, expected = text.replace(f"{{{mark}}}", name), expected.replace(f"{{{mark}}}", name)
    assert remove(text, ARN, created=False, added_groups=WINDOWS[:2]) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"- rolearn: {ARN}\n  username: {NODE}\n",
        f"- rolearn: {ARN}\n  username: {NODE}",
        f"- rolearn: {ARN}\r\n  username: {NODE}\r\n- x: y\r\n",
        f"- rolearn: {ARN}\r\n  username: {NODE}",
        f"- rolearn: {ARN}\n  username: {NODE} # c\n\n# d\n- x: y\n",
        f"-\n  # c\n  username: {NODE}\n  rolearn: {ARN}\n...\n",
        json.dumps([ENTRY | {"groups": []}]),
    ],
)
def test_d03_a_key_that_we_put_in_is_cut_out(text: str) -> None:
    """An entry without groups is what it was, byte for byte."""
    assert _round_trip(text) == text


@pytest.mark.parametrize("groups", ["groups: ~", "groups:", "groups: null # none"])
def test_d03_where_groups_were_null_there_are_none(groups: str) -> None:
    """A null that gave way to a list comes back as an empty list, which says the same."""
    text = f"- rolearn: {ARN}\n  username: {NODE}\n  {groups}\n" + OTHER
    after = _round_trip(text)
    assert after.count("#") == text.count("#")
    assert [entry.groups for entry in read(after).entries] == [entry.groups for entry in read(text).entries]


def test_d03_groups_that_came_to_be_shared_stay_with_the_others() -> None:
    """When other entries use the list by now, they keep the group; the role gets an entry without it."""
    text = f"- rolearn: {ARN}\n  username: {NODE}\n  groups: &g [system:nodes, eks:kube-proxy-windows]\n"
    text += "- rolearn: o\n  groups: *g\n"
    after = remove(text, ARN, created=False, added_groups=("eks:kube-proxy-windows",))
    first, other, last = read(after).entries
    assert after.startswith(text)
    assert (first.effective, other.groups[-1], last.groups) == (False, "eks:kube-proxy-windows", ("system:nodes",))


def test_d04_an_entry_that_is_gone_is_no_problem() -> None:
    """Nothing changes when somebody was faster, or there is no map."""
    for created in (True, False):
        assert remove(OTHER, ARN, created=created, added_groups=WINDOWS) == OTHER
        assert remove(None, ARN, created=created, added_groups=WINDOWS) == ""
        assert remove("", ARN, created=created, added_groups=WINDOWS) == ""


def test_d04_groups_that_are_gone_are_no_problem() -> None:
    """Nothing changes when the groups that we added were taken out already."""
    assert remove(LACKING, ARN, created=False, added_groups=("eks:kube-proxy-windows",)) == LACKING


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (BLOCK, "[]\n"),
        (BLOCK.rstrip("\n"), "[]"),
        (BLOCK.replace("\n", "\r\n"), "[]\r\n"),
        ("\ufeff" + BLOCK, "\ufeff[]\n"),
        (BLOCK + "\n\n", "[]\n"),
        (json.dumps([ENTRY]), "[]"),
        (json.dumps([ENTRY], indent=2), "[\n  \n]"),
        (f"[{{rolearn: {ARN}}},]", "[]"),
        ("# A\n" + BLOCK + "# B\n", "# A\n# B\n"),
        ("---\n" + BLOCK, "---\n"),
        (BLOCK + "...\n", "[]\n...\n"),
    ],
)
def test_d15_the_only_entry_is_removed(text: str, left: str) -> None:
    """What is left is a list without entries, or only the comments and markers."""
    assert cut(text, ARN) == left
    assert read(left).entries == ()


def test_an_entry_whose_anchor_is_used_is_not_cut() -> None:
    """Without the anchor nothing of the map could be read any more."""
    text = BLOCK.replace("groups:", "groups: &g") + "- rolearn: o\n  groups: *g\n"
    with pytest.raises(MalformedMap, match=r"^line 1: "):
        remove(text, ARN, created=True, added_groups=())


def test_an_entry_is_ours_when_it_says_exactly_what_we_write() -> None:
    """The style does not matter; another group, key, order or spelling does."""
    assert is_ours(BLOCK, ARN)
    assert is_ours(json.dumps([ENTRY]), ARN.replace("role/", "role/path/"))
    assert not is_ours(OTHER, ARN)
    assert not is_ours(LACKING, ARN)
    assert not is_ours(None, ARN)
    assert not is_ours(BLOCK + '    - "system:masters"\n', ARN)
    assert not is_ours(BLOCK + "  note: x\n", ARN)
    assert not is_ours(BLOCK.replace("role/w", "role/W"), ARN)
    assert not is_ours(BLOCK.replace("username", "userName"), ARN)
    assert not is_ours(BLOCK + LACKING, ARN)
    assert is_ours(LACKING + BLOCK, ARN)


def test_canonical_arn_has_no_path() -> None:
    """Partition, account and the name's case stay."""
    for partition in ("aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws-eusc"):
        arn = f"arn:{partition}:iam::111122223333:role/"
        assert canonical_role_arn(f"{arn}eks/nodes/Win+=,.@-_1") == f"{arn}Win+=,.@-_1"
        assert canonical_role_arn(f"{arn}Win") == f"{arn}Win"


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "windows",
        "arn:aws:iam::111122223333:user/windows",
        "arn:aws:iam::111122223333:instance-profile/windows",
        "arn:aws:sts::111122223333:assumed-role/windows/session",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/windows/",
        "arn:aws:iam::11112222333:role/windows",
        "arn:aws:iam:eu-west-1:111122223333:role/windows",
        "arn:aws:iam::111122223333:role/windows\n",
        'arn:aws:iam::111122223333:role/win"dows',
        "arn:aws:iam::111122223333:role/" + "x" * 65,
        "${Token[Role.Arn.1]}",
    ],
)
def test_canonical_arn_refuses_what_is_no_role(arn: str) -> None:
    """Anything but a role's ARN is refused with the value and an example."""
    with pytest.raises(ValueError, match=r"\[role-arn\]") as caught:
        canonical_role_arn(arn)
    assert repr(arn) in str(caught.value)


def test_same_role_ignores_case_and_path() -> None:
    """Two ways to write one role are one, two accounts or names are two."""
    assert same_role(ARN, ARN.upper().replace("ROLE/", "role/a/b/"))
    assert not same_role(ARN, ARN.replace("1111", "2222"))
    assert not same_role(ARN, ARN + "s")
