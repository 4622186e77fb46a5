"""CloudTrail, which the CDK CLI asks about every failed deployment: nothing is recorded, but it gets an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.service import Service

if TYPE_CHECKING:
    from local_aws.service import Call


class CloudTrail(Service):
    """One operation; without it the CLI repeats the question for a minute."""

    name = "cloudtrail"

    def lookup_events(self, call: Call) -> dict[str, Any]:
        """No events."""
        del call
        return {"Events": []}
