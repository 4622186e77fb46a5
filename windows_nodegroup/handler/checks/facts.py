"""What the AWS-side checks look at: what was declared, the cluster as EKS describes it, and AWS to ask the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .check import NotCheckedError

if TYPE_CHECKING:
    from .aws import Answer, Aws
    from .declared import Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The subject of the AWS-side checks.

    Attributes:
        declared: What the user declared.
        aws: AWS.
        region: Where the cluster is looked for.
        cluster: What DescribeCluster says of it; empty when there is no such cluster.
    """

    declared: Declared
    aws: Aws
    region: str
    cluster: Answer

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.declared.cluster_name

    @property
    def vpc_config(self) -> Answer:
        """The cluster's `resourcesVpcConfig`."""
        config: Answer = self.cluster.get("resourcesVpcConfig") or {}
        return config

    @property
    def vpc_id(self) -> str:
        """The cluster's VPC.

        Raises:
            NotCheckedError: EKS does not say.
        """
        if vpc_id := str(self.vpc_config.get("vpcId") or ""):
            return vpc_id
        raise NotCheckedError("EKS does not say in which VPC the cluster is")

    def described(self, action: str, key: str, filter_name: str, ids: tuple[str, ...]) -> list[Answer]:
        """Return EC2's descriptions of what has these ids; what does not exist is left out.

        Raises:
            NotCheckedError: EC2 cannot be asked.
        """
        filters = [{"Name": filter_name, "Values": list(ids)}]
        found: list[Answer] = self.aws.ask(action, Filters=filters)[key]
        return found

    def missing(self, what: str, ids: tuple[str, ...], found: list[Answer], key: str) -> list[str]:
        """Return a problem for each id that EC2 did not describe."""
        known = {description[key] for description in found}
        return [f"there is no {what} {one} in {self.region}" for one in ids if one not in known]
