"""The value of `mapRoles` in the ConfigMap `kube-system/aws-auth`: read as the authenticator does, edited by splicing.

Pure text to text. Every character outside an insertion or a cut stays: comments, quoting, line ends, order. Every
edit is proven before it is returned: the new text is parsed, and what the authenticator's YAML library finds in it
must be what it found in the old one, plus or minus exactly what was asked for. In doubt nothing is edited.

What the edits mean:

- A role that no entry can match gets an entry of its own at the end. So does a role whose only entry names it with a
  path: STS names roles without, that entry never matches, and it stays as it is.
- A role that has an entry keeps it. Groups that it lacks are put into its last entry, the one that counts.
- Where that entry's groups serve other entries too (anchors, merges), or are no list, they are not touched: a
  complete entry with these groups and ours goes to the end instead, where it wins. To take it back, cut that entry:
  `Upsert.created` says so.
- What is taken back is what still is as it was written. An entry that somebody has rewritten since is theirs.
- A role that is mapped to another username than a node's is refused.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from .authenticator import RoleReader, read, says_nothing
from .aws_auth_composer import compose
from .aws_auth_document import Alias, Document, MalformedMap
from .aws_auth_edits import cut_out_entry, cut_out_groups, put_in_entry, put_in_groups
from .aws_auth_reading import Entry, Problem, Reading
from .aws_auth_splice import first_proven
from .aws_auth_style import NewEntry, groups_of
from .role_arn import canonical_role_arn, folded, same_role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .authenticator import Role

__all__ = [
    "NODE_USERNAME",
    "WINDOWS_NODE_GROUPS",
    "Entry",
    "MalformedMap",
    "Problem",
    "Reading",
    "Removal",
    "Upsert",
    "UsernameConflict",
    "canonical_role_arn",
    "has_created",
    "is_ours",
    "read",
    "remove",
    "same_role",
    "upsert",
]

#: The groups of a Windows node: the two of every node, and the one that lets kube-proxy run on Windows.
#: https://docs.aws.amazon.com/eks/latest/userguide/launch-windows-workers.html
WINDOWS_NODE_GROUPS = ("system:bootstrappers", "system:nodes", "eks:kube-proxy-windows")

#: The username of a node.
NODE_USERNAME = "system:node:{{EC2PrivateDNSName}}"


class UsernameConflict(ValueError):  # noqa: N818 - it names what was found, as the callers speak of it
    """The role is mapped to a username that is not a node's: nodes cannot join, the entry serves something else."""

    def __init__(self, line: int) -> None:
        """Say on which line the entry begins."""
        super().__init__(
            f"line {line}: the role is mapped to another username than {NODE_USERNAME}: nodes cannot join with it, the"
            " entry serves something else; give the nodes a role of their own [username-conflict]"
        )
        self.line = line


class Upsert(NamedTuple):
    """The outcome of `upsert`."""

    text: str
    #: An entry was added: take it back by cutting the whole entry.
    created: bool
    #: The groups that an entry which was there already was given: take back only them.
    added_groups: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.created or bool(self.added_groups)


class Removal(NamedTuple):
    """The outcome of `remove`."""

    text: str
    #: Why something of what was to be taken back stays; empty: nothing does.
    kept: str = ""


def upsert(text: str | None, role_arn: str) -> Upsert:
    """Authorise the nodes of a role.

    Args:
        text: The value of `mapRoles`; None when the ConfigMap has no such key.
        role_arn: The role's ARN, with or without its path.

    Raises:
        MalformedMap: The authenticator reads nothing from the text or only a part of it (several documents), or nothing
            can be added to it without a doubt.
        UsernameConflict: The role is mapped to a username that is not a node's.
        ValueError: `role_arn` is no role's ARN.
    """
    arn = canonical_role_arn(role_arn)
    document = _document(text)
    role = RoleReader(document).effective(arn)
    if role is None:
        return _created(document, _node_entry(arn, WINDOWS_NODE_GROUPS))
    if role.username != NODE_USERNAME:
        raise UsernameConflict(role.line)
    missing = tuple(group for group in WINDOWS_NODE_GROUPS if group not in (role.groups or ()))
    if not missing:
        return Upsert(text=document.text, created=False, added_groups=())
    wanted = _node_entry(arn, [*(role.groups or ()), *missing])
    after = first_proven(document, put_in_groups(document, role, missing), partial(_authorises, wanted))
    if after is not None:
        return Upsert(text=after.text, created=False, added_groups=missing)
    if not set(wanted.groups) <= set(WINDOWS_NODE_GROUPS):
        raise _doubt(role)
    return _created(document, wanted)


def remove(text: str | None, role_arn: str, *, created: bool, added_groups: tuple[str, ...]) -> Removal:
    """Take back what `upsert` did for a role, and nothing that anybody else wrote.

    Args:
        text: The value of `mapRoles`; None when the ConfigMap has no such key.
        role_arn: The role's ARN, with or without its path.
        created: The entry was ours: it goes whole if it still is as it was. If it is not, the one that counts was
            rewritten: of one with all our groups and more these groups go, any other stays.
        added_groups: The groups that we gave to an entry of somebody else: they go, unless it is no node's any more.
            With `created`, that entry overrules ours, and both are taken back.

    Returns:
        The new text; where the entry is gone, the old one. A list without entries is `[]`, or what comments there were.

    Raises:
        MalformedMap: The authenticator reads nothing from the text, or nothing can be cut out of it without a doubt.
        ValueError: `role_arn` is no role's ARN.
    """
    arn = canonical_role_arn(role_arn)
    if text is None or says_nothing(text):
        return Removal(text or "")
    document = _document(text)
    roles = _entries(document, arn)
    if not roles:
        return Removal(text)
    # The entry that has our groups overrules ours, and may look the same since.
    ours = _created_entry(roles[:-1] if added_groups else roles) if created else None
    if ours:
        after = first_proven(document, cut_out_entry(document, ours))
        if after is None:
            raise _doubt(ours)
        rest = after.text
        return remove(rest, arn, created=False, added_groups=added_groups) if added_groups else Removal(rest)
    if added_groups:
        return _without_groups(document, roles[-1], added_groups, created=False)
    return _without_groups(document, roles[-1], WINDOWS_NODE_GROUPS if created else (), created=created)


def has_created(text: str | None, role_arn: str) -> bool:
    """Return whether an entry of a role still is as `upsert` creates them, although another one may overrule it.

    Args:
        text: The value of `mapRoles`; None when the ConfigMap has no such key.
        role_arn: The role's ARN, with or without its path.

    Raises:
        MalformedMap: The authenticator reads nothing from the text.
        ValueError: `role_arn` is no role's ARN.
    """
    return _created_entry(_entries(_document(text), canonical_role_arn(role_arn))) is not None


def is_ours(text: str | None, role_arn: str) -> bool:
    """Return whether the entry that counts for a role is exactly what `upsert` would have added.

    Args:
        text: The value of `mapRoles`; None when the ConfigMap has no such key.
        role_arn: The role's ARN, with or without its path.

    Raises:
        MalformedMap: The authenticator reads nothing from the text.
        ValueError: `role_arn` is no role's ARN.
    """
    arn = canonical_role_arn(role_arn)
    role = RoleReader(_document(text)).effective(arn)
    return role is not None and _is_ours(role, arn)


def _document(text: str | None) -> Document:
    """Compose a text that is to be edited."""
    if text is None or says_nothing(text):
        # Blank lines may stay; a pair of quotes, or a blank that YAML does not know, may not.
        text = "" if text is None or text.strip("\r\n ") else text
        return Document(text, None, len(text), more=False, signature=[])
    document = compose(text)
    if document.more:
        raise MalformedMap(
            "the text goes on after the list, and the authenticator does not read that: make it one list"
        )
    if "\ufeff" in text[1:]:
        raise MalformedMap("there is a byte order mark inside the text: remove it")
    return document


def _node_entry(role_arn: str, groups: Iterable[str]) -> NewEntry:
    return NewEntry(role_arn=role_arn, username=NODE_USERNAME, groups=tuple(groups))


def _created(document: Document, entry: NewEntry) -> Upsert:
    after = first_proven(document, put_in_entry(document, entry), partial(_authorises, entry))
    if after is None:
        raise _doubt(None)
    return Upsert(text=after.text, created=True, added_groups=())


def _authorises(entry: NewEntry, after: Document) -> bool:
    role = RoleReader(after).effective(entry.role_arn)
    return role is not None and role.username == entry.username and tuple(role.groups or ()) == tuple(entry.groups)


def _without_groups(document: Document, role: Role, added_groups: tuple[str, ...], *, created: bool) -> Removal:
    groups = role.groups or []
    unwanted = [group for group in added_groups if group in groups]
    if created and (role.username != NODE_USERNAME or len(unwanted) < len(added_groups)):
        return Removal(document.text, f"line {role.line}: the entry was rewritten by somebody else: it stays as it is")
    if not unwanted:
        return Removal(document.text)
    if role.username != NODE_USERNAME:
        return Removal(document.text, f"line {role.line}: the entry is no node's any more: its groups stay as they are")
    kept = f"line {role.line}: somebody else has added to the entry: only the groups of nodes go" if created else ""
    after = first_proven(document, cut_out_groups(document, role, unwanted))
    if after is not None:
        return Removal(after.text, kept)
    rest = _node_entry(canonical_role_arn(role.rolearn), [group for group in groups if group not in unwanted])
    if not set(rest.groups) <= set(WINDOWS_NODE_GROUPS):
        raise _doubt(role)
    return Removal(_created(document, rest).text, kept)


def _entries(document: Document, role_arn: str) -> list[Role]:
    return [role for role in RoleReader(document).roles if folded(role.rolearn) == folded(role_arn)]


def _created_entry(roles: list[Role]) -> Role | None:
    """Return which of a role's entries `upsert` created, if it still is as it was: others append theirs behind it."""
    return next(filter(_is_as_created, roles), None)


def _is_as_created(role: Role) -> bool:
    """Return whether an entry still says what `upsert` writes; overruling another one, it keeps the order of groups."""
    written = sorted(key or "" for key in role.node.fields)
    return (
        not any(isinstance(node, Alias) for node in groups_of(role.node) or ())
        and written == ["groups", "rolearn", "username"]
        and role.username == NODE_USERNAME
        and set(role.groups or ()) == set(WINDOWS_NODE_GROUPS)
    )


def _is_ours(role: Role, role_arn: str) -> bool:
    is_written_so = role.rolearn == role_arn and tuple(role.groups or ()) == WINDOWS_NODE_GROUPS
    return is_written_so and _is_as_created(role)


def _doubt(role: Role | None) -> MalformedMap:
    subject = "the list" if role is None else "the role's entry"
    return MalformedMap(
        f"{subject} is written in a way that cannot be edited without a doubt (with anchors, say): edit it by hand",
        None if role is None else role.line,
    )
