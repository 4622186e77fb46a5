"""How a reading is shown: for a person, for a machine, and what an edit would change."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windows_nodegroup.handler.aws_auth import Entry, Reading


def as_json(reading: Reading) -> str:
    """Return `{"roles": […], "problems": […]}`.

    A role has `rolearn`, which is empty for a permission set's entry, `username`, `groups` and `effective`; `groups` is
    null where the authenticator has no list. A problem has `code`, `line` and `message`.
    """
    return (
        json.dumps(
            {
                "roles": [_role(entry) for entry in reading.entries],
                "problems": [
                    {"code": problem.code, "line": problem.line, "message": problem.message}
                    for problem in reading.problems
                ],
            },
            ensure_ascii=False,
            indent=2,
        )
        + "\n"
    )


def as_text(reading: Reading) -> str:
    """Return the entries and the problems, a few lines each."""
    lines = []
    for entry in reading.entries:
        note = "" if entry.effective else "   (without effect)"
        lines += [
            f"{_name(entry)}{note}",
            f"    line      {entry.line}",
            f"    username  {entry.username or '(none)'}",
            f"    groups    {', '.join(entry.groups) or '(none)'}",
        ]
    if not reading.entries:
        lines.append("The authenticator finds no role.")
    if reading.problems:
        lines += ["", "What the authenticator drops, ignores or shadows:"]
        lines += [f"  line {problem.line}: {problem.message} [{problem.code}]" for problem in reading.problems]
    return "".join(f"{_printable(line)}\n" for line in lines)


def as_diff(before: str, after: str) -> str:
    """Return a unified diff of two values of `mapRoles`; nothing if they are the same."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "mapRoles now", "mapRoles after the upsert", lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def _role(entry: Entry) -> dict[str, object]:
    return {
        "rolearn": entry.role_arn,
        "username": entry.username,
        "groups": list(entry.groups) if entry.has_groups else None,
        "effective": entry.effective,
    }


def _printable(line: str) -> str:
    """Return the line without what would command a terminal or break the line, both of which YAML can spell."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def _name(entry: Entry) -> str:
    if entry.sso is None:
        return entry.role_arn
    return f"permission set {entry.sso.permission_set_name} of account {entry.sso.account_id}"
