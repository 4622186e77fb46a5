"""What a reading of a map consists of: entries, and problems with them."""

from __future__ import annotations

from typing import NamedTuple


class SsoMatch(NamedTuple):
    """An IAM Identity Center permission set, in place of a role's ARN."""

    permission_set_name: str
    account_id: str
    partition: str


class Entry(NamedTuple):
    """One entry as the authenticator reads it."""

    #: As written; empty for an `sso` entry.
    role_arn: str
    #: A template such as `system:node:{{EC2PrivateDNSName}}`; empty when it is missing or unreadable.
    username: str
    groups: tuple[str, ...]
    #: Where the entry begins, counted from 1.
    line: int
    #: It can match a role, and no later entry of that role shadows it.
    effective: bool
    #: False: the entry has no readable list of groups, not even an empty one.
    has_groups: bool = True
    sso: SsoMatch | None = None


class Problem(NamedTuple):
    """Something that the authenticator drops, ignores or shadows.

    `code` is one of `entry-not-a-mapping`, `no-role`, `role-and-sso`, `sso-invalid`, `wrong-type`, `duplicate-key`,
    `unknown-key`, `path`, `partition`, `no-role-arn`, `shadowed`, `more-documents`. The message is for the map's
    operators: it names their roles.
    """

    code: str
    #: Counted from 1.
    line: int
    message: str


class Reading(NamedTuple):
    """What the authenticator makes of a map: the entries that it keeps, in order, and everything it does not."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
