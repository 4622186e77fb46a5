"""ISO 8601 durations, as creation and update policies have them."""

from __future__ import annotations

import re

from local_aws.cloudformation.errors import ResourceFailed

_DURATION = re.compile(r"PT(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?")


def seconds_of(duration: str) -> float:
    """`PT1H30M` in seconds.

    Raises:
        ResourceFailed: it is not of that form.
    """
    found = _DURATION.fullmatch(duration)
    if found is None or duration == "PT":
        raise ResourceFailed(f"Invalid duration {duration!r}: the form is PT#H#M#S")
    hours, minutes, seconds = (int(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    return float(hours * 3600 + minutes * 60 + seconds)
