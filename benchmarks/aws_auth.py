"""How long an edit of aws-auth takes beside one parse of the same text, and how fifty writers get along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from benchmarks.measurement import Figure, paired
from windows_nodegroup.handler import aws_auth

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENTRY = """\
- rolearn: arn:aws:iam::111122223333:role/team-{number}  # asked for by team {number}
  username: system:node:{{{{EC2PrivateDNSName}}}}
  groups:
    - system:bootstrappers
    - system:nodes
"""
_ROLE_ARN = "arn:aws:iam::111122223333:role/windows-nodes"


def edits() -> Iterator[Figure]:
    """An upsert into maps of 10 to 5,000 entries; the floor is one parse of the same text by the same parser."""
    for count in (10, 100, 1000, 5000):
        text = "".join(_ENTRY.format(number=number) for number in range(count))
        yield paired(
            f"aws-auth/edit-{count}",
            lambda text=text: aws_auth.upsert(text, _ROLE_ARN),
            lambda text=text: yaml.compose(text, Loader=yaml.BaseLoader),
            rounds=3 if count >= 1000 else 9,
        )
