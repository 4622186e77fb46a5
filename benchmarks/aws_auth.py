"""How long an edit of aws-auth takes beside one parse of the same text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import yaml

from benchmarks.measurement import Figure, paired
from windows_nodegroup.handler import aws_auth

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLE_ARN = "arn:aws:iam::111122223333:role/windows-nodes"
_ENTRY = """\
- rolearn: arn:aws:iam::111122223333:role/team-{number}  # asked for by team {number}
  username: system:node:{{{{EC2PrivateDNSName}}}}
  groups:
    - system:bootstrappers
    - system:nodes
"""
#: Rounds by the number of entries: a long edit needs fewer to be measured well.
_ROUNDS = {10: 25, 100: 15, 1000: 5, 5000: 3}


def edits() -> Iterator[Figure]:
    """An upsert into maps of 10 to 5,000 entries; the floor is one parse of the same text by the same parser."""
    for count, rounds in _ROUNDS.items():
        text = node_entries(count)
        yield paired(
            f"aws-auth/edit-{count}",
            partial(aws_auth.upsert, text, _ROLE_ARN),
            partial(yaml.compose, text, Loader=yaml.BaseLoader),
            rounds=rounds,
        )


def node_entries(count: int) -> str:
    """A map of so many entries, as the writers of platform teams make them."""
    return "".join(_ENTRY.format(number=number) for number in range(count))
