"""AWS::EC2::*: virtual networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Kind

KINDS: tuple[type[Kind], ...] = ()
