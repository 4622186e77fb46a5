"""How aws-iam-authenticator reads the roles of `aws-auth`, with all that it drops, ignores or shadows on the way.

The text becomes a tree (`aws_auth_composer`), the tree JSON, and the JSON goes through Go's `encoding/json` into a
list of roles: keys are compared without case, keys that differ only in case are taken in their sorted order, and a
value of a wrong type is left out while the rest is read. Then each entry is validated by itself. Of entries with the
same role the last one wins whole.

Source: https://github.com/kubernetes-sigs/aws-iam-authenticator (`pkg/mapper/configmap`, `pkg/config`),
https://pkg.go.dev/encoding/json.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from .aws_auth_composer import compose
from .aws_auth_document import Alias, MalformedMap, Mapping, Node, Scalar, Sequence, target
from .aws_auth_reading import Entry, Problem, Reading, SsoMatch
from .role_arn import folded, without_path

if TYPE_CHECKING:
    from .aws_auth_document import Document

# What `strings.TrimSpace` trims. Python's own notion of white space is wider.
_GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")
# Whom the entry of a role can match, as STS names them, in lower case: roles; and indeed users, too.
_MATCHABLE = (
    r"arn:aws[a-z0-9-]*:(?:iam::[0-9]{12}:(?:root|role/[a-z0-9_+=,.@-]+|user/.+)|sts::[0-9]{12}:federated-user/.+)"
)


def says_nothing(text: str) -> bool:
    """Return whether the authenticator does not even parse the text: it is blank or an empty pair of quotes."""
    return text.strip(_GO_SPACE) in ("", "``", '""', "''")


def read(text: str | None) -> Reading:
    """Read the value of `mapRoles` as the authenticator does.

    Args:
        text: None when the ConfigMap has no such key.

    Raises:
        MalformedMap: The authenticator reads nothing from it: every role is locked out.
    """
    if text is None or says_nothing(text):
        return Reading(entries=(), problems=())
    document = compose(text)
    found = RoleReader(document)
    return Reading(entries=found.entries(), problems=tuple(sorted(found.problems, key=lambda problem: problem.line)))


class Role:
    """An entry while it is read, field by field, as Go fills its struct."""

    __slots__ = ("_backing", "groups", "index", "line", "lost", "node", "rolearn", "sso", "userid", "username")

    def __init__(self, node: Mapping, index: int, line: int) -> None:
        """Begin with nothing read.

        Args:
            node: The entry in the tree, an alias followed.
            index: Its place in the list.
            line: Where it begins.
        """
        self.node = node
        self.index = index
        self.line = line
        self.rolearn = ""
        self.username = ""
        self.userid = ""
        self.groups: list[str] | None = None
        self.sso: dict[str, str] | None = None
        self.lost: list[tuple[int, str]] = []
        #: Go reuses the list of an earlier key that differs only in case, elements that JSON leaves out included.
        self._backing: list[str] = []

    @property
    def key(self) -> str:
        """What makes two entries the same."""
        if self.rolearn:
            return folded(self.rolearn)
        sso = self.sso or {}
        # The authenticator leaves the partition out of its key where the entry has one.
        return f"sso {sso.get('accountid')} {sso.get('permissionsetname', '').lower()} {bool(sso.get('partition'))}"

    @property
    def fault(self) -> tuple[str, str] | None:
        """Why the entry is kept but matches nobody: a problem's code and message."""
        if self.sso is not None:
            message = (
                "the authenticator loses the partition, so the entry never matches; leave it out, or write rolearn"
            )
            return ("partition", message) if self.sso.get("partition") else None
        if without_path(self.rolearn) != self.rolearn:
            message = "the ARN has a path, and STS names roles without: the entry never matches; write "
            return "path", message + without_path(self.rolearn)
        if not re.fullmatch(_MATCHABLE, folded(self.rolearn)):
            return (
                "no-role-arn",
                "STS names nobody so, and the entry never matches: write arn:aws:iam::<account>:role/<name>",
            )
        return None

    @property
    def name(self) -> str:
        """How a message calls the entry."""
        return self.rolearn or "an entry without rolearn"

    def take(self, name: str, value: Node) -> None:
        """Take the value of the field with that lower-case name."""
        if name == "groups":
            self._take_groups(value)
        elif name == "sso":
            self._take_sso(value)
        elif name in ("rolearn", "username", "userid") and (text := self._text(name, value)) is not None:
            setattr(self, name, text)

    def _text(self, name: str, value: Node) -> str | None:
        found = target(value)
        if isinstance(found, Scalar):
            if isinstance(found.value, str):
                return found.value
            if found.value is None:
                return None
        self._lose(value, f"{name} is {_kind(found)}, not text: it is not read; put it in quotes")
        return None

    def _take_groups(self, value: Node) -> None:
        found = target(value)
        if isinstance(found, Sequence):
            for number, item in enumerate(found.items):
                if number == len(self._backing):
                    self._backing.append("")
                text = self._text("a group", item)
                if text is not None:
                    self._backing[number] = text
            self.groups = self._backing[: len(found.items)]
            if not found.items:
                self._backing = []
        elif isinstance(found, Scalar) and found.value is None:
            self.groups, self._backing = None, []
        else:
            self._lose(value, f"groups is {_kind(found)}, not a list: the entry has no groups; write a list")

    def _take_sso(self, value: Node) -> None:
        found = target(value)
        if isinstance(found, Scalar) and found.value is None:
            self.sso = None
            return
        self.sso = self.sso or {}
        if not isinstance(found, Mapping):
            self._lose(value, f"sso is {_kind(found)}, not a mapping")
            return
        for key, named in sorted(found.fields.items(), key=lambda item: item[0] or ""):
            name = folded(key or "")
            if name in ("permissionsetname", "accountid", "partition"):
                text = self._text(key or "", named.value)
                if text is not None:
                    self.sso[name] = text

    def _lose(self, node: Node, message: str) -> None:
        self.lost.append((node.line, message))


class RoleReader:
    """Reads the entries of a document; those that the authenticator keeps become `roles`."""

    def __init__(self, document: Document) -> None:
        """Read all.

        Raises:
            MalformedMap: The document is not a list.
        """
        self.problems: list[Problem] = []
        self.roles: list[Role] = []
        self._last: dict[str, Role] = {}
        root = document.root
        if document.more:
            line = len(re.findall("\r\n|[\r\n\x85\u2028\u2029]", document.text[: document.end])) + 1
            self._problem(
                "more-documents", line, "what follows the first document is not read: put all entries into one list"
            )
        if root is None or (isinstance(root, Scalar) and root.value is None):
            return
        if not isinstance(root, Sequence):
            raise MalformedMap(f"it is {_kind(root)}, not a list of entries", root.line)
        for index, node in enumerate(root.items):
            self._read(node, index)
        self._last = {role.key: role for role in self.roles}

    def entries(self) -> tuple[Entry, ...]:
        """Return what was kept, and add to the problems what is kept without effect."""
        return tuple(self._entry(role) for role in self.roles)

    def effective(self, role_arn: str) -> Role | None:
        """Return the entry that decides about the role; the ARN has no path."""
        wanted = folded(role_arn)
        return next((role for role in reversed(self.roles) if role.rolearn and folded(role.rolearn) == wanted), None)

    def _entry(self, role: Role) -> Entry:
        never = role.fault
        last = self._last[role.key]
        if never is not None:
            self._problem(never[0], role.line, f"{role.name}: {never[1]}")
        if last is not role:
            message = (
                f"shadowed by the entry on line {last.line}: of entries with the same role the last one wins whole"
            )
            self._problem("shadowed", role.line, f"{role.name}: {message}")
        sso = role.sso
        return Entry(
            role_arn=role.rolearn,
            username=role.username,
            groups=tuple(role.groups or ()),
            line=role.line,
            effective=last is role and never is None,
            has_groups=role.groups is not None,
            sso=None
            if sso is None
            else SsoMatch(
                permission_set_name=sso.get("permissionsetname", ""),
                account_id=sso.get("accountid", ""),
                partition=sso.get("partition", ""),
            ),
        )

    def _problem(self, code: str, line: int, message: str) -> None:
        self.problems.append(Problem(code=code, line=line, message=message))

    def _read(self, node: Node, index: int) -> None:
        mapping = target(node)
        if not isinstance(mapping, Mapping):
            self._problem(
                "entry-not-a-mapping", node.line, f"an entry is {_kind(mapping)}, not a mapping: it is dropped"
            )
            return
        role = Role(mapping, index, node.line)
        for key in sorted(mapping.fields, key=lambda key: key or ""):
            role.take(folded(key or ""), mapping.fields[key].value)
        for line, message in role.lost:
            self._problem("wrong-type", line, f"{role.name}: {message}")
        if not isinstance(node, Alias):
            self._check_keys(role)
        fault = _fault(role)
        if fault is None:
            self.roles.append(role)
        else:
            self._problem(fault[0], role.line, f"{role.name}: {fault[1]}: it is dropped")

    def _check_keys(self, role: Role) -> None:
        known = ("rolearn", "sso", "username", "groups", "userid")
        written = [target(key) for key, _ in role.node.pairs]
        names = [(folded(_json_name(key)), key) for key in written if isinstance(key, Scalar)]
        counts = Counter(name for name, _ in names)
        for name, key in names:
            if name in known and counts.pop(name, 1) > 1:
                self._problem(
                    "duplicate-key", key.line, f"{role.name}: {name} is there more than once: only one of them is read"
                )
            elif name not in known and not key.merges:
                self._problem("unknown-key", key.line, f"{role.name}: the key {_json_name(key)!r} is not read")


def _json_name(key: Scalar) -> str:
    return key.value if isinstance(key.value, str) else str(key.value).lower()


def _fault(role: Role) -> tuple[str, str] | None:
    """Return why the authenticator drops the entry."""
    if role.sso is None:
        return None if role.rolearn else ("no-role", "it has neither rolearn nor sso")
    if role.rolearn:
        return "role-and-sso", "it has both rolearn and sso"
    if not re.fullmatch("[0-9]{12}", role.sso.get("accountid", "")):
        return "sso-invalid", "its accountID is not text of 12 digits; put it in quotes"
    if not re.fullmatch("[0-9A-Za-z_+=,.@-]{1,32}", role.sso.get("permissionsetname", "")):
        return "sso-invalid", "its permissionSetName is no permission set's name"
    if role.sso.get("partition", "") not in ("", *_PARTITIONS):
        return "sso-invalid", "its partition is not known"
    return None


def _kind(node: Node) -> str:
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    value = node.value if isinstance(node, Scalar) else None
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return "text" if isinstance(value, str) else "a number"
