"""Instances of Auto Scaling groups that boot: they join the cluster if they may, and signal how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws.callers import Callers
    from local_aws.cloudformation import Launch
    from local_aws.eks import Cluster, Eks

_CLUSTER_TAG = "kubernetes.io/cluster/"


@dataclass(frozen=True, slots=True)
class Boot:
    """One instance that booted."""

    instance_id: str
    #: None: the instance has no tag of a cluster that exists.
    cluster: str | None
    #: The cluster knew the instance's role as a node's at that moment.
    joined: bool
    #: None: it never signalled.
    success: bool | None


class Nodes:
    """Boots what stacks launch; given to CloudFormation as its `on_launch`."""

    def __init__(self, *, client: Callable[[str], Any], callers: Callers, eks: Eks) -> None:
        """`client` gives boto3 clients of the local AWS."""
        #: How the bootstrap of an instance ends: True or False is signalled, None never. A test may replace it.
        self.bootstrap: Callable[[str], bool | None] = lambda _: True
        #: All boots so far.
        self.boots: list[Boot] = []
        self._client = client
        self._callers = callers
        self._eks = eks

    def __call__(self, launch: Launch) -> None:
        """Boot the instances of a launch."""
        for instance_id in launch.instance_ids:
            cluster = self._cluster_of(instance_id)
            success = self.bootstrap(instance_id)
            # As on AWS the bootstrap succeeds whether the node is authorised or not: kubelet asks for itself, later.
            joined = bool(success) and cluster is not None and self._join(instance_id, cluster)
            self.boots.append(Boot(instance_id, cluster.name if cluster else None, joined, success))
            if success is not None:
                launch.signal(instance_id, success)

    def _cluster_of(self, instance_id: str) -> Cluster | None:
        tags = _tags(self._instance(instance_id))
        names = [tag.removeprefix(_CLUSTER_TAG) for tag in tags if tag.startswith(_CLUSTER_TAG)]
        return next((self._eks.clusters[name] for name in names if name in self._eks.clusters), None)

    def _join(self, instance_id: str, cluster: Cluster) -> bool:
        """Register the node as kubelet does, if the cluster knows the instance's role as a node's."""
        instance = self._instance(instance_id)
        windows = instance.get("Platform") == "windows"
        needed = {"system:nodes", "eks:kube-proxy-windows"} if windows else {"system:nodes"}
        role_arn = self._role_of(instance)
        user = cluster.admission.user_of(self._callers.assume(role_arn, instance_id)) if role_arn else None
        if user is None or not needed <= user.groups:
            return False
        zone = instance["Placement"]["AvailabilityZone"]
        cluster.kubernetes.put_node(
            user.name.removeprefix("system:node:"),
            labels={
                "kubernetes.io/os": "windows" if windows else "linux",
                "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": instance["InstanceType"],
                "topology.kubernetes.io/zone": zone,
            },
            provider_id=f"aws:///{zone}/{instance_id}",
        )
        return True

    def _role_of(self, instance: dict[str, Any]) -> str | None:
        """The role of the instance's profile, as its launch template has it: moto's groups do not hand it on."""
        tags = _tags(instance)
        answer = self._client("ec2").describe_launch_template_versions(
            LaunchTemplateId=tags["aws:ec2launchtemplate:id"], Versions=[tags["aws:ec2launchtemplate:version"]]
        )
        profile = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"].get("IamInstanceProfile")
        if profile is None:
            return None
        name = profile.get("Name") or profile["Arn"].rpartition("/")[2]
        (role,) = self._client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
        return str(role["Arn"])

    def _instance(self, instance_id: str) -> dict[str, Any]:
        answer = self._client("ec2").describe_instances(InstanceIds=[instance_id])
        instance: dict[str, Any] = answer["Reservations"][0]["Instances"][0]
        return instance


def _tags(instance: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
