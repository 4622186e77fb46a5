"""Who asked for an entry of aws-auth, and what was added for them: the annotation beside the map.

It travels in the same patch as the map and is guarded by the same version, so the two never disagree. Its form::

    {"roles": {"arn:aws:iam::111122223333:role/nodes":
         {"added": "entry", "groups": ["<group>"], "owners": {"<owner>": "<milliseconds> <request>"}}},
     "deleted": {"arn:aws:iam::111122223333:role/nodes": {"<owner>": "<milliseconds> <request>"}}}

An owner is a stack and a logical id, with the latest request that asked for the entry. `added` is `"entry"`, or the
list of groups that an entry of somebody else lacked; `groups` stands beside an entry of ours when another writer has
added one that lacked them. What is `deleted` is remembered for some hours, because Lambda may deliver the Create once
more, or so late that its Delete comes first. Members that are unknown here are kept: another version of the function
may know them.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .failures import UnreadableRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cloudformation import Request

#: The annotation's name.
ANNOTATION = "windows-nodegroup/owners"

#: Lambda gives an event up after six hours; until then it may deliver it, or deliver it again.
REMEMBERED_MILLISECONDS = 6 * 3600 * 1000

#: No more deletions are remembered than this, the latest ones.
REMEMBERED = 50

_ENTRY = "entry"
_STAMP = re.compile(r"\d{1,15} [0-9a-f]*")
_CURE = f"take it away with `kubectl -n kube-system annotate configmap aws-auth {ANNOTATION}-` when no stack needs it"


class Claim(NamedTuple):
    """A request for an entry, or against one.

    Attributes:
        owner: The resource: its stack's name, a hash of the stack's ARN, and its logical id.
        request: A hash of the request's id.
        issued: When the request was made, in milliseconds since 1970.
        follows: A hash of the id of the failed Create that it undoes, and nothing else; empty: whatever was asked for.
    """

    owner: str
    request: str
    issued: int
    follows: str = ""

    @classmethod
    def of(cls, request: Request, *, otherwise: int) -> Claim:
        """Return what is recorded of a request; `otherwise` is when it was made if it does not tell."""
        name = request.stack_id.rpartition(":stack/")[2].partition("/")[0]
        owner = f"{name}/{_short_hash(request.stack_id)}/{request.logical_id}"
        issued = otherwise if request.issued is None else request.issued
        follows = request.failed_request and _short_hash(request.failed_request)
        return cls(owner, _short_hash(request.request_id), issued, follows)

    def stamp(self) -> str:
        """Return when and by which request."""
        return f"{self.issued} {self.request}"

    def is_newer(self, stamp: str) -> bool:
        """Return whether this request was made after the one of a stamp."""
        issued, request = _parts(stamp)
        return self.request != request and self.issued > issued


class Added(NamedTuple):
    """What was added to the map for a role: a whole entry, groups of one of somebody else, or both."""

    entry: bool
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Added:
        """Return what a role's record tells."""
        if record["added"] == _ENTRY:
            return cls(entry=True, groups=tuple(record.get("groups", ())))
        return cls(entry=False, groups=tuple(record["added"]))

    def members(self) -> dict[str, Any]:
        """Return what is recorded."""
        groups = list(self.groups)
        if not self.entry:
            return {"added": groups}
        return {"added": _ENTRY, "groups": groups} if groups else {"added": _ENTRY}


class Owners:
    """The record of one ConfigMap: read, changed in place, encoded."""

    def __init__(self, annotation: str | None) -> None:
        """Read the annotation; None is an empty record.

        Raises:
            UnreadableRecord: It is not a record of ours. Then nobody knows who needs an entry, so none may go.
        """
        try:
            record = json.loads(annotation or "{}")
        except (TypeError, ValueError, RecursionError):
            record = None
        if not isinstance(record, dict) or not _is_record(record):
            raise UnreadableRecord(f"annotation {ANNOTATION} of aws-auth is not a record of owners: {_CURE}")
        self._record: dict[str, Any] = {"roles": {}, **record}

    def is_superseded(self, role: str, claim: Claim) -> bool:
        """Whether a later Delete of the same owner for this role was carried out already."""
        stamps: dict[str, str] = self._record.get("deleted", {}).get(role, {})
        if claim.owner not in stamps:
            return False
        issued, request = _parts(stamps[claim.owner])
        return request == claim.request or claim.issued <= issued

    def is_outlived(self, role: str, claim: Claim) -> bool:
        """Whether the owner asked for the role's entry again, after this Delete was made or after what it follows."""
        stamps: dict[str, str] = self._record["roles"].get(role, {"owners": {}})["owners"]
        if claim.owner not in stamps:
            return False
        issued, request = _parts(stamps[claim.owner])
        return claim.issued < issued or claim.follows not in {"", request}

    def owns(self, role: str, claim: Claim) -> bool:
        """Whether the claim's owner is recorded for the role."""
        owners: dict[str, str] = self._record["roles"].get(role, {"owners": {}})["owners"]
        return claim.owner in owners

    def added(self, role: str) -> Added | None:
        """Return what was added for the role; None if nobody is recorded."""
        record = self._record["roles"].get(role)
        return None if record is None else Added.of(record)

    def claim(self, role: str, claim: Claim, added: Added, *, renews: bool = True) -> bool:
        """Record an owner, and what was added until now; return whether that was news.

        Args:
            role: Whose entry it is.
            claim: Who needs it.
            added: What was added.
            renews: Whether the owner, if it is recorded already, asks anew: then an older Delete takes nothing away.
        """
        before: dict[str, Any] = self._record["roles"].get(role, {"owners": {}})
        stamp = before["owners"].get(claim.owner)
        if stamp is None or (renews and claim.is_newer(stamp)):
            stamp = claim.stamp()
        after = {name: member for name, member in before.items() if name != "groups"} | added.members()
        after["owners"] = before["owners"] | {claim.owner: stamp}
        self._record["roles"][role] = after
        return after != before

    def release(self, role: str, claim: Claim) -> Added | None:
        """Take a recorded owner out and remember that; return what was added if nobody needs it any more."""
        self.remember(role, claim, request=_parts(self._record["roles"][role]["owners"][claim.owner])[1])
        return self.take_out(role, claim)

    def take_out(self, role: str, claim: Claim) -> Added | None:
        """Take a recorded owner out; return what was added for the role if that was the last one who needs it."""
        added = self.added(role)
        owners = self._record["roles"][role]["owners"]
        del owners[claim.owner]
        if owners:
            return None
        del self._record["roles"][role]
        return added

    def remember(self, role: str, claim: Claim, *, request: str = "") -> None:
        """Remember a Delete, and the `request` whose work it undid, so that a late or repeated Create has no effect."""
        deleted = self._record.setdefault("deleted", {})
        known = deleted.setdefault(role, {}).get(claim.owner)
        if known is None or _parts(known)[0] <= claim.issued:
            deleted[role][claim.owner] = f"{claim.issued} {request}"
        stamps = sorted((stamp for owners in deleted.values() for stamp in owners.values()), key=_parts, reverse=True)
        oldest = max(_parts(stamps[:REMEMBERED][-1])[0], claim.issued - REMEMBERED_MILLISECONDS)
        for role_, owners in list(deleted.items()):
            deleted[role_] = {owner: stamp for owner, stamp in owners.items() if _parts(stamp)[0] >= oldest}
        self._record["deleted"] = {role_: owners for role_, owners in deleted.items() if owners}

    def forget_deletions(self) -> None:
        """Make room: forget what was deleted."""
        self._record.pop("deleted", None)

    def encode(self) -> str:
        """Return the annotation."""
        members = {name: member for name, member in self._record.items() if member or name not in ("roles", "deleted")}
        return json.dumps(members, separators=(",", ":"))


def _is_record(record: dict[str, Any]) -> bool:
    roles, deleted = record.get("roles", {}), record.get("deleted", {})
    if not isinstance(roles, dict) or not isinstance(deleted, dict):
        return False
    return all(map(_is_role, roles.values())) and all(map(_are_stamps, deleted.values()))


def _is_role(role: object) -> bool:
    if not isinstance(role, dict):
        return False
    added = role.get("added")
    knows_added = (added == _ENTRY or _are_groups(added)) and _are_groups(role.get("groups", []))
    return knows_added and _are_stamps(role.get("owners"))


def _are_groups(groups: object) -> bool:
    return isinstance(groups, list) and all(isinstance(group, str) for group in groups)


def _are_stamps(stamps: object) -> bool:
    return isinstance(stamps, dict) and all(
        isinstance(stamp, str) and _STAMP.fullmatch(stamp) for stamp in stamps.values()
    )


def _parts(stamp: str) -> tuple[int, str]:
    issued, _, request = stamp.partition(" ")
    return int(issued), request


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:10]
