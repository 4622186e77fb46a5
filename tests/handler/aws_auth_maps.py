"""Maps as people and tools write them: the same entries in every style that was seen in the wild."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st

from windows_nodegroup.handler import aws_auth
from windows_nodegroup.handler.authenticator import RoleReader
from windows_nodegroup.handler.aws_auth_composer import compose
from windows_nodegroup.handler.aws_auth_edits import cut_out_entry
from windows_nodegroup.handler.aws_auth_splice import first_proven

NODE = "system:node:{{EC2PrivateDNSName}}"
WINDOWS = ("system:bootstrappers", "system:nodes", "eks:kube-proxy-windows")

_names = st.text("abXYZ019+=,.@-_", min_size=1, max_size=12)
_arns = st.builds("arn:aws:iam::{:012d}:role/{}".format, st.integers(0, 3), _names)
_groups = st.lists(
    st.sampled_from([*WINDOWS, "system:masters", "grüppe", "太郎", "🚀", "with space", "yes", "012", "it's", 'a "b"']),
    max_size=4,
)
_usernames = st.sampled_from([NODE, NODE, NODE, "admin", "太郎", "{{SessionName}}", "12345", "no", ""])
_comments = st.sampled_from(["", "", "", "# why", "# team B: do not touch", "# - rolearn: off", "#", "# [x, {"])


@dataclass(frozen=True)
class Map:
    """A map, and what an independent reader finds in it."""

    text: str
    entries: list[Any]


def judged(text: str) -> list[Any]:
    """Load a map with PyYAML's own loader; every scalar is text."""
    loaded = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 — it makes text only
    return loaded or []


def remove(text: str | None, role_arn: str, *, created: bool, added_groups: tuple[str, ...]) -> str:
    """Take back what was added, all of which must still be there as it was written."""
    removal = aws_auth.remove(text, role_arn, created=created, added_groups=added_groups)
    assert removal.kept == ""
    return removal.text


def cut(text: str, role_arn: str) -> str:
    """Cut the entry that counts for a role, whatever it says."""
    document = compose(text)
    role = RoleReader(document).effective(role_arn)
    assert role is not None
    after = first_proven(document, cut_out_entry(document, role))
    assert after is not None
    return after.text


@st.composite
def entries(draw: st.DrawFn, minimum: int) -> list[dict[str, Any]]:
    """Entries as data: roles, some of them twice or in another case, `sso`, keys that nobody knows."""
    found: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(minimum, 4))):
        entry: dict[str, Any] = {"rolearn": draw(_arns), "username": draw(_usernames), "groups": draw(_groups)}
        kind = draw(st.integers(0, 9))
        if kind == 0 and found:
            entry = {"sso": {"permissionSetName": "Admin", "accountID": "012345678912"}} | entry
            del entry["rolearn"]
        elif kind == 1:
            entry["note"] = draw(_groups)
        elif kind == 2 and found:
            entry["rolearn"] = found[-1].get("rolearn", entry["rolearn"]).swapcase()
        found.append(dict(draw(st.permutations(list(entry.items())))))
    return [{_odd(draw, key): value for key, value in entry.items()} for entry in found]


def _odd(draw: st.DrawFn, key: str) -> str:
    """A key in another case, now and then."""
    return draw(st.sampled_from([key, key, key, key.upper(), key.title(), key.swapcase()[:1] + key[1:]]))


@st.composite
def maps(draw: st.DrawFn, minimum: int = 0) -> Map:
    """A map in any style with so many entries at least, the first of them a role's."""
    data = draw(entries(minimum))
    style = draw(st.sampled_from([_block, _block, _block, _flow, _spread_flow, _json]))
    text = style(draw, data) if data or style is not _block else draw(st.sampled_from(["[]", "[ ]\n", "[\n]\n"]))
    if style is not _json:
        text = draw(st.sampled_from(["", "", "---\n", "# the map\n", "%YAML 1.1\n---\n"])) + text
        if text.endswith("\n"):
            text += draw(st.sampled_from(["", "", "...\n", "...\n# after\n"]))
        text = draw(st.sampled_from(["", "", "", "\ufeff"])) + text
    if draw(st.integers(0, 4)) == 0:
        text = text.replace("\n", "\r\n")
    return Map(text, judged(text))


def _scalar(draw: st.DrawFn, value: str, *, plain: bool = True) -> str:
    kind = draw(st.integers(0, 2))
    if kind == 0 and plain and not set(value) & set("'\"{}[],# ") and value not in ("yes", "no", "012", "12345", ""):
        return value
    # The authenticator's YAML does not know JSON's way to write characters beyond the basic plane.
    return "'" + value.replace("'", "''") + "'" if kind == 1 else json.dumps(value, ensure_ascii=False)


def _block(draw: st.DrawFn, data: list[dict[str, Any]]) -> str:
    quoted = draw(st.booleans())
    indent, keys, items = (
        " " * draw(st.sampled_from([0, 0, 2])),
        draw(st.sampled_from([2, 2, 4])),
        draw(st.integers(0, 3)),
    )
    anchored = draw(st.integers(0, 3)) == 0
    lines = [f"{indent}-{' ' * (keys - 1)}note: &node {NODE!r}"] if anchored else []
    for entry in data:
        lines += draw(st.lists(st.sampled_from(["", "# before", indent + "  # within"]), max_size=2))
        lead = indent + "-" + " " * (keys - 1)
        if draw(st.integers(0, 5)) == 0:
            lines.append((indent + "- " + draw(_comments)).rstrip() if draw(st.booleans()) else indent + "-")
            lead = indent + " " * keys
        for key, value in entry.items():
            name = json.dumps(key) if quoted else key
            if anchored and value == NODE:
                lines.append(
                    f"{lead}{name}: *node" if draw(st.booleans()) else f"{lead}{name}: &again{len(lines)} {NODE!r}"
                )
                lead = indent + " " * keys
                continue
            lines += _block_pair(draw, lead + name + ":", value, len(lead) + items)
            lead = indent + " " * keys
    lines += draw(st.lists(st.sampled_from(["", "# end", indent + "  # end of the last entry"]), max_size=2))
    return "\n".join(lines) + draw(st.sampled_from(["\n", "\n", "", "\n\n\n"]))


def _block_pair(draw: st.DrawFn, key: str, value: Any, column: int) -> list[str]:
    comment = draw(_comments)
    tail = f" {comment}" if comment else draw(st.sampled_from(["", "", "  "]))
    if isinstance(value, dict):
        return [key, *(f"{' ' * (column + 1)}{name}: {json.dumps(text)}" for name, text in value.items())]
    if isinstance(value, str):
        return [f"{key} {_scalar(draw, value)}{tail}"]
    if not value or draw(st.integers(0, 2)) == 0:
        return [f"{key} [{', '.join(_scalar(draw, item, plain=False) for item in value)}]{tail}"]
    lines = [key + tail]
    for item in value:
        lines += [" " * column + "# of a group"] * draw(st.sampled_from([0, 0, 0, 1]))
        lines.append(f"{' ' * column}- {_scalar(draw, item)}" + draw(st.sampled_from(["", "", " # group"])))
    return lines


def _flow(draw: st.DrawFn, data: list[dict[str, Any]]) -> str:
    return f"[{', '.join(_braces(draw, entry) for entry in data)}]" + draw(st.sampled_from(["", "\n", " # all\n"]))


def _braces(draw: st.DrawFn, entry: dict[str, Any]) -> str:
    def value(found: Any) -> str:
        if isinstance(found, dict):
            return "{" + ", ".join(f"{key}: {json.dumps(text)}" for key, text in found.items()) + "}"
        if isinstance(found, list):
            return "[" + ", ".join(_scalar(draw, item, plain=False) for item in found) + "]"
        return _scalar(draw, found, plain=False)

    return "{" + ", ".join(f"{key}: {value(found)}" for key, found in entry.items()) + "}"


def _spread_flow(draw: st.DrawFn, data: list[dict[str, Any]]) -> str:
    trailing = draw(st.booleans())
    lines = ["["]
    for number, entry in enumerate(data):
        comma = "," if trailing or number + 1 < len(data) else ""
        comment = draw(_comments)
        lines.append(f"  {_braces(draw, entry)}{comma}" + (f" {comment}" if comment else ""))
        lines += ["  # between"] * draw(st.sampled_from([0, 0, 0, 1]))
    return "\n".join([*lines, "]"]) + draw(st.sampled_from(["", "\n"]))


def _json(draw: st.DrawFn, data: list[dict[str, Any]]) -> str:
    form: dict[str, Any] = draw(st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 4}]))
    return json.dumps(data, ensure_ascii=False, **form) + draw(st.sampled_from(["", "", "\n"]))
