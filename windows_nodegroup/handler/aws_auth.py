"""The `mapRoles` text of the ConfigMap `kube-system/aws-auth`: read as the authenticator reads it, edited by splicing.

Pure text to text. Every byte outside an insertion or a cut stays as it is: comments, quoting, line ends, order.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The groups of a Windows node: the two of every node, and the one that lets kube-proxy run on Windows.
WINDOWS_NODE_GROUPS = ("system:bootstrappers", "system:nodes", "eks:kube-proxy-windows")

#: The username of a node, as the AWS guide writes it.
NODE_USERNAME = "system:node:{{EC2PrivateDNSName}}"


class MalformedMap(ValueError):
    """The authenticator reads nothing from the map, or we cannot be sure what it reads.

    `str()` is a sentence fragment that names the line and never quotes the map's content.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        """Say what is wrong and, counted from 1, on which line."""
        super().__init__(message)
        self.line = line


class UsernameConflict(ValueError):
    """The role is mapped already, to a username that is not a node's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as the authenticator reads it. `role_arn` is empty for an `sso` entry."""

    role_arn: str
    username: str
    groups: tuple[str, ...]
    line: int
    effective: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that the authenticator drops, ignores or shadows."""

    code: str
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the authenticator makes of a map."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsert:
    """The outcome of `upsert`: the new text, and what was done to get it."""

    text: str
    created: bool
    added_groups: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.created or bool(self.added_groups)


def canonical_role_arn(role_arn: str) -> str:
    """Return the ARN without its path, as STS names a role; ValueError when it is no role's ARN."""
    raise NotImplementedError


def same_role(a: str, b: str) -> bool:
    """Return whether the two ARNs name one role: path and case do not count."""
    raise NotImplementedError


def read(text: str | None) -> Reading:
    """Read the map as the authenticator does; MalformedMap when it would read nothing."""
    raise NotImplementedError


def upsert(text: str | None, role_arn: str) -> Upsert:
    """Authorise the role's nodes: add the entry, or the groups that its effective entry lacks."""
    raise NotImplementedError


def remove(text: str | None, role_arn: str, *, created: bool, added_groups: tuple[str, ...]) -> str:
    """Take back what `upsert` did: the whole entry when it was created, else only the added groups."""
    raise NotImplementedError


def is_ours(text: str | None, role_arn: str) -> bool:
    """Return whether the role's only entry equals what `upsert` would have written."""
    raise NotImplementedError
