"""Who signed a request: the IAM user or the session of an assumed role behind an access key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

if TYPE_CHECKING:
    from local_aws.place import Place

#: A session of a service is renewed long before AWS's six hours; nothing here lives as long.
_SESSION_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A principal and the keys it signs with."""

    access_key_id: str
    secret_access_key: str
    #: Present for assumed roles only.
    session_token: str | None = None
    #: As `GetCallerIdentity` has it: a user's ARN, or `arn:…:sts::…:assumed-role/<role>/<session>` (no path).
    arn: str
    #: The assumed role's ARN with its path, as IAM has it.
    role_arn: str | None = None
    session_name: str = ""

    @property
    def principal_arn(self) -> str:
        """The IAM user's or role's own ARN."""
        return self.role_arn or self.arn


class Callers:
    """The access keys of one account."""

    def __init__(self, place: Place) -> None:
        """Look in the backends of this account."""
        self._place = place
        self._iam = iam_backends[place.account][place.partition]
        self._sts = sts_backends[place.account][place.partition]

    def by_access_key(self, access_key_id: str) -> Caller | None:
        """Whose key this is; None for a key that is unknown, deleted or expired."""
        key = self._iam.access_keys.get(access_key_id)
        if key is None:
            return None
        if key.user_name is not None:
            user = self._iam.get_user(key.user_name)
            return Caller(access_key_id=access_key_id, secret_access_key=key.secret_access_key, arn=user.arn)
        session = self._sts.get_assumed_role_from_access_key(access_key_id)
        if session is None or session.expiration.replace(tzinfo=UTC) < datetime.now(UTC):
            return None
        return Caller(
            access_key_id=access_key_id,
            secret_access_key=session.secret_access_key,
            session_token=session.session_token,
            arn=session.arn,
            role_arn=session.role_arn,
            session_name=session.session_name,
        )

    def assume(self, role_arn: str, session_name: str) -> Caller:
        """A session of a role as a service gets it that the role trusts (Lambda, an instance)."""
        session = self._sts.assume_role(
            region_name=self._place.region,
            role_session_name=session_name,
            role_arn=role_arn,
            policy="",
            duration=_SESSION_SECONDS,
            external_id="",
        )
        caller = self.by_access_key(session.access_key_id)
        if caller is None:
            raise RuntimeError(f"moto forgot the session {session.arn}")
        return caller
