"""What to write into aws-auth for a request, and into the record of owners beside it: decided from what is there now.

No input or output: the decision is taken again, from the beginning, whenever somebody else was faster.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import aws_auth, log
from .config_map import Change, ConfigMap
from .failures import RecordTooLarge, Superseded, UnreadableMap, UnreadableRecord, UsernameTaken
from .owners import ANNOTATION, Added, Claim, Owners
from .rival_writers import rival_writers

if TYPE_CHECKING:
    from .cloudformation import Request

#: Kubernetes allows this much for the names and values of all annotations of an object together.
ANNOTATIONS_BYTES = 256 * 1024

MAP_ROLES = "mapRoles"

_WINDOWS_GROUP = aws_auth.WINDOWS_NODE_GROUPS[-1]


class EntryEdit:
    """One request's edit of the map.

    Attributes:
        role_arn: The role, as the authenticator knows it: without a path.
        role: The role as it is recorded: its ARN without a path, in lower case.
        warnings: What the user should know, after the latest decision.
        is_word_only: Whether the latest decision takes nothing away: it only leaves word for a request that may follow.
    """

    def __init__(self, role_arn: str, request: Request, *, is_settled: bool) -> None:
        """Prepare the edit.

        Args:
            role_arn: The role whose nodes may join, or may no longer.
            request: On whose behalf.
            is_settled: Whether the resource is known to be this role's: a Create or Update to it has answered already.

        Raises:
            ValueError: The ARN is not a role's.
        """
        self.role_arn = aws_auth.canonical_role_arn(role_arn)
        self.role = recorded_role(role_arn)
        self.warnings: list[str] = []
        self.is_word_only = False
        self._request = request
        self._is_settled = is_settled
        self._begun = _now()

    def claim(self, current: ConfigMap | None) -> Change | None:
        """Decide what to write so that the role's nodes may join, and that we need it.

        Raises:
            UnreadableMap: The authenticator reads nothing from the map.
            UsernameTaken: The role is mapped to a username that is not a node's.
            UnreadableRecord: Nobody knows who needs which entry.
            RecordTooLarge: There is no room to record one more owner.
            Superseded: The resource has been deleted since.
        """
        text, claim = _text(current), Claim.of(self._request, otherwise=self._begun)
        self.warnings = _warnings_about(current)
        upsert = self._upsert(text)
        try:
            owners = Owners(_annotation(current))
        except UnreadableRecord as failure:
            if upsert.changed or not self._is_settled:
                raise
            self.warnings.append(failure.reason())
            return None
        if owners.is_superseded(self.role, claim):
            raise Superseded("a later Delete of this resource was carried out already: nothing is changed")
        before = owners.added(self.role)
        if before is None and self._is_settled and aws_auth.is_ours(text, self.role_arn):
            before = Added(entry=True)
            self._warn_of_lost_record()
        if upsert.created and before and before.entry:
            # Another entry overrules ours and cannot be edited: ours is to come last again.
            upsert = self._upsert(self._remove(text, Added(entry=True)).text)
        added = added_until_now(before, upsert, text, self.role_arn)
        if not added.entry and added.groups == (_WINDOWS_GROUP,):
            self.warnings.append(
                f"{self.role_arn} was mapped as the role of Linux nodes and now serves both: better give Windows nodes "
                "a role of their own [WNG921]"
            )
        if not owners.claim(self.role, claim, added, renews=not self._is_settled) and not upsert.changed:
            log.info("nothing to write", role=self.role_arn)
            return None
        log.info("authorising", role=self.role_arn, new_entry=upsert.created, groups=upsert.added_groups)
        return self._change(current, upsert.text if upsert.changed else None, owners)

    def release(self, current: ConfigMap | None) -> Change | None:
        """Decide what to take away because the resource does not need it. In doubt everything stays, with a warning."""
        self.warnings, self.is_word_only = [], False
        try:
            _read(current)
            return self._release(current)
        except (UnreadableRecord, UnreadableMap) as failure:
            self.warnings.append(f"the entry of {self.role_arn} stays: {failure.reason()}")
            return None

    def _release(self, current: ConfigMap | None) -> Change | None:
        claim, owners = Claim.of(self._request, otherwise=_now()), Owners(_annotation(current))
        if owners.is_outlived(self.role, claim):
            log.info("the entry stays: it was asked for again", role=self.role_arn)
            return None
        if owners.owns(self.role, claim):
            undo = owners.release(self.role, claim)
            if undo is None:
                log.info("the entry stays for others", role=self.role_arn)
                return self._change(current, None, owners)
            log.info("removing", role=self.role_arn, entry=undo.entry, groups=undo.groups)
            return self._removal(current, undo, owners)
        if self._is_settled:
            return self._release_unrecorded(current, owners, claim)
        # The Create or Update may still be at work, or arrive later: it has to find out that it is too late.
        if current is None and (self._request.follows_nothing or self._request.old_properties):
            return None  # no map is made only for the case that one which has failed is delivered again
        log.info("leaving word", role=self.role_arn)
        self.is_word_only = True
        owners.remember(self.role, claim)
        return self._change(current, None, owners)

    def _release_unrecorded(self, current: ConfigMap | None, owners: Owners, claim: Claim) -> Change | None:
        if owners.added(self.role) is not None or not aws_auth.is_ours(_text(current), self.role_arn):
            log.info("nothing to remove", role=self.role_arn)
            return None
        if _annotation(current) is not None:
            self.warnings.append(f"an entry of {self.role_arn} stays in aws-auth: nobody's need is recorded [WNG928]")
            return None
        log.info("removing an entry whose record is lost", role=self.role_arn)
        self._warn_of_lost_record()
        owners.remember(self.role, claim)
        return self._removal(current, Added(entry=True), owners)

    def _warn_of_lost_record(self) -> None:
        self.warnings.append(
            f"the record of who needs the entry of {self.role_arn} was lost: update any other stack that needs it "
            "[WNG929]"
        )

    def _upsert(self, text: str | None) -> aws_auth.Upsert:
        try:
            return aws_auth.upsert(text, self.role_arn)
        except aws_auth.MalformedMap as error:
            raise _unreadable(error) from None
        except aws_auth.UsernameConflict as error:
            raise UsernameTaken(
                f"aws-auth, line {error.line}, maps {self.role_arn} to another username than a node's "
                f"({aws_auth.NODE_USERNAME}): give these nodes a role of their own, or correct that entry"
            ) from None

    def _remove(self, text: str | None, undo: Added) -> aws_auth.Removal:
        try:
            return aws_auth.remove(text, self.role_arn, created=undo.entry, added_groups=undo.groups)
        except aws_auth.MalformedMap as error:
            raise _unreadable(error) from None

    def _removal(self, current: ConfigMap | None, undo: Added, owners: Owners) -> Change:
        text = _text(current)
        removal = self._remove(text, undo)
        if removal.kept:
            self.warnings.append(f"{self.role_arn} may stay in aws-auth, {removal.kept} [WNG928]")
        return self._change(current, None if removal.text == (text or "") else removal.text, owners)

    def _change(self, current: ConfigMap | None, text: str | None, owners: Owners) -> Change:
        others = {name: value for name, value in (current.annotations if current else {}).items() if name != ANNOTATION}
        room = ANNOTATIONS_BYTES - sum(len(name.encode()) + len(value.encode()) for name, value in others.items())
        if len(ANNOTATION) + len(owners.encode()) > room:
            owners.forget_deletions()
        if len(ANNOTATION) + len(owners.encode()) > room:
            raise RecordTooLarge(
                f"the annotations of aws-auth have no room for one more owner ({ANNOTATIONS_BYTES} bytes in all): take "
                "large ones away, or authorise nodes by access entries"
            )
        return Change(
            data={} if text is None else {MAP_ROLES: text},
            annotations={ANNOTATION: owners.encode()},
        )


def recorded_role(role_arn: str) -> str:
    """Return what identifies a role whatever its path and case.

    Raises:
        ValueError: The ARN is not a role's.
    """
    return aws_auth.canonical_role_arn(role_arn).lower()


def added_until_now(before: Added | None, upsert: aws_auth.Upsert, text: str | None, role_arn: str) -> Added:
    """Return what we have added for a role.

    Args:
        before: What had been added before the upsert; None: nothing.
        upsert: What is added now. Groups go to an entry of somebody else: one that overrules ours, or took its place.
        text: The value of `mapRoles` before the upsert.
        role_arn: The role.
    """
    if before is None or upsert.created:
        return Added(entry=upsert.created, groups=upsert.added_groups)
    if not upsert.added_groups:
        return before
    groups = (*before.groups, *(group for group in upsert.added_groups if group not in before.groups))
    return Added(entry=before.entry and aws_auth.has_created(text, role_arn), groups=groups)


def _warnings_about(current: ConfigMap | None) -> list[str]:
    rivals = rival_writers(current, MAP_ROLES) if current else ()
    if not rivals:
        return []
    names = " and ".join(rivals)
    return [f"{names} may write aws-auth from a file, and takes this entry away then: add it to the file [WNG922]"]


def _read(current: ConfigMap | None) -> None:
    try:
        aws_auth.read(_text(current))
    except aws_auth.MalformedMap as error:
        raise _unreadable(error) from None


def _unreadable(error: aws_auth.MalformedMap) -> UnreadableMap:
    return UnreadableMap(f"mapRoles of aws-auth cannot be read: {error}: nothing is written; repair it and try again")


def _text(current: ConfigMap | None) -> str | None:
    return current.data.get(MAP_ROLES) if current else None


def _annotation(current: ConfigMap | None) -> str | None:
    return current.annotations.get(ANNOTATION) if current else None


def _now() -> int:
    return int(time.time() * 1000)
