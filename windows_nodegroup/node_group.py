"""A group of Windows nodes that join their cluster at the first try: the rooms of the house in the order of deployment.

First every input is checked, and all that is wrong is said at once. Then come the role of the nodes, its authorization
in the cluster, the security group, the launch template with the script that a new node runs, and the Auto Scaling
group, which is made after all of them. A deletion runs backwards: the nodes go first, then their authorization, then
the way into the cluster of the function that wrote it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jsii
from aws_cdk import ITaggable, Tags
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2

from .acknowledgments import acknowledge
from .ami import WindowsAmi, version_text
from .bootstrap import Bootstrap
from .capacity import DEFAULT_INSTANCE_TYPE, Capacity
from .cluster_autoscaler import check_cluster_autoscaler, cluster_autoscaler_tags
from .input_types import check_input_types
from .instance_metadata import DEFAULT_HOP_LIMIT, check_instance_metadata, metadata_options
from .names import check_cluster_name, check_name_is_free, check_nodegroup_name
from .network import NodeNetwork
from .node_access import NodeAccess, NodeAuthorization
from .node_group_base import ImportedNodeGroup, NodeGroupBase
from .node_role import NodeRole
from .order import make_after, make_after_all
from .preflight import Preflight, check_acknowledged
from .problems import Problems
from .remembered import pseudo_parameter, remember_stack
from .rolling_update import RollingUpdate
from .tags import (
    check_tags,
    group_tags,
    name_launch_template,
    name_what_comes_with_nodes,
    own_tags,
    tag_what_comes_with_nodes,
)
from .user_data import Signal
from .volumes import EbsVolume, Storage
from .warnings_output import show_warnings
from .windows_support import WindowsIpam

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import Duration, TagManager
    from aws_cdk import aws_eks as eks
    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from .cluster import EksCluster
    from .labels import TaintSpec
    from .literals import Number
    from .purchase import CapacityReservation, CapacityType, InstancesDistribution

_DEFAULT_IPAM = WindowsIpam()
_FINDINGS = {
    "AS3": "whom to tell of scaling is for the app to say",
    "EC27": "the security group has a description; cdk-nag cannot read one with parameters",
}


@jsii.implements(ITaggable)
class WindowsNodeGroup(NodeGroupBase):
    """Self-managed Windows nodes of an EKS cluster: an Auto Scaling group, authorized before its nodes are launched.

    The words are those of `aws_eks.Nodegroup`, and every value may be a token. What few people need is one step away:
    `node.default_child` is the `CfnAutoScalingGroup` and `launch_template` the `CfnLaunchTemplate`, and both have
    `add_property_override`.

    Attributes:
        launch_template: The launch template.
    """

    def __init__(  # noqa: PLR0913, PLR0915 — props, and the order of deployment in one piece
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: EksCluster,
        nodegroup_name: str,
        acknowledged_checks: Sequence[str] = (),
        ami: WindowsAmi | None = None,
        authorization: NodeAuthorization = NodeAuthorization.AUTOMATIC,
        bootstrap_arguments: str | None = None,
        bootstrap_timeout: Duration | None = None,
        capacity_reservation: CapacityReservation | None = None,
        capacity_type: CapacityType | eks.CapacityType | str | None = None,
        cluster_autoscaler: bool = False,
        cni_policy: bool = True,
        desired_size: Number | None = None,
        disk_size: Number | None = None,
        dns_cluster_ip: str | None = None,
        excluded_snat_cidrs: Sequence[str] | None = None,
        http_put_response_hop_limit: Number = DEFAULT_HOP_LIMIT,
        http_tokens: str = "required",
        instance_metadata_tags: bool = False,
        instance_profile: iam.IInstanceProfile | str | None = None,
        instance_types: Sequence[ec2.InstanceType | str] = (DEFAULT_INSTANCE_TYPE,),
        instances_distribution: InstancesDistribution | None = None,
        key_pair: ec2.IKeyPair | str | None = None,
        kube_proxy_extra_args: Sequence[str] | None = None,
        kubelet_extra_args: Sequence[str] | None = None,
        kubernetes_version: eks.KubernetesVersion | str | None = None,
        labels: Mapping[str, str] | None = None,
        managed_policies: Sequence[iam.IManagedPolicy | str] = (),
        max_pods: Number | None = None,
        max_size: Number | None = None,
        max_unavailable: Number = 1,
        min_size: Number | None = None,
        node_role: iam.IRole | str | None = None,
        permissions_boundary: iam.IManagedPolicy | str | None = None,
        post_bootstrap_commands: Sequence[str] | None = None,
        pre_bootstrap_commands: Sequence[str] | None = None,
        preflight: bool = True,
        role_path: str | None = None,
        root_volume: EbsVolume | None = None,
        security_groups: Sequence[ec2.ISecurityGroup | str] | None = None,
        subnets: Sequence[ec2.ISubnet | str] | ec2.SubnetSelection | None = None,
        tags: Mapping[str, str] | None = None,
        taints: Sequence[TaintSpec] | None = None,
        volumes: Mapping[str, EbsVolume] | None = None,
        wait_for_ready: bool = True,
        wait_for_signals: bool = True,
        windows_ipam: WindowsIpam | None = _DEFAULT_IPAM,
    ) -> None:
        """Makes the node group in `scope`.

        Args:
            scope: The stack, or a construct in it.
            construct_id: The id within `scope`.
            cluster: The cluster to join.
            nodegroup_name: A name, unique in the cluster: at most 63 letters, digits, hyphens and underscores.
            acknowledged_checks: Codes of checks of the preflight whose failure shall only be a warning, such as PF203.
            ami: The image of the nodes; by default AWS's newest of Windows Server 2022 Core for the Kubernetes version.
            authorization: By what the nodes may join; by default what the cluster's authentication mode suggests.
            bootstrap_arguments: More arguments for the bootstrap script: PowerShell code, which runs as it is.
            bootstrap_timeout: How long a new node may take to report, from 1 minute to 1 hour; 30 minutes by default.
            capacity_reservation: Capacity that is paid for already.
            capacity_type: On-demand or spot; on-demand by default.
            cluster_autoscaler: Whether to tag the group for cluster-autoscaler, so that it grows it, also from zero.
            cni_policy: Whether nodes may manage the addresses of pods; not needed where `aws-node` has a role for that.
            desired_size: The nodes to launch; by default `min_size`, or 2 where that is not given.
            disk_size: The root volume's size in GiB; 50, the least, by default.
            dns_cluster_ip: The address of the cluster's DNS, where it is not the tenth of the service addresses.
            excluded_snat_cidrs: IPv4 ranges outside the VPC that pods reach under their own address.
            http_put_response_hop_limit: 2 lets pods reach the instance metadata, 1 keeps them from it.
            http_tokens: `required` for version 2 of the instance metadata service alone, or `optional`.
            instance_metadata_tags: Has to stay off, because EKS nodes have tags with slashes.
            instance_profile: A profile that holds `node_role`, or its ARN; one is made by default.
            instance_types: One instance type, or several in the order of preference; x86_64.
            instances_distribution: A mixture of on-demand and spot, instead of `capacity_type`.
            key_pair: The key pair that decrypts the administrator's password, or its name. Session Manager needs none.
            kube_proxy_extra_args: More arguments for kube-proxy, one word each, such as `--v=4`.
            kubelet_extra_args: More arguments for kubelet, likewise.
            kubernetes_version: Such as "1.33", or CDK's object, where `cluster` does not know it.
            labels: The nodes' labels.
            managed_policies: Policies for the role on top of those that nodes need, or their ARNs.
            max_pods: The most pods on a node.
            max_size: The most nodes; `desired_size` by default.
            max_unavailable: How many nodes an update replaces at once, from 1 to 100.
            min_size: The fewest nodes; 1 by default.
            node_role: A role that exists, or its ARN; it is used as it is.
            permissions_boundary: The most that the role may ever do: a policy or its ARN.
            post_bootstrap_commands: Lines of PowerShell to run after the bootstrap. Their output is no secret.
            pre_bootstrap_commands: Lines of PowerShell to run before it. If they fail, the node does not join.
            preflight: Whether the deployment first checks cluster and inputs, and fails before anything is made.
            role_path: The IAM path of the role.
            root_volume: The root volume in full; encrypted gp3 by default.
            security_groups: Groups to attach beside the own one, or their ids; by default the cluster security group.
            subnets: Where to launch nodes: subnets, their ids or a selection; by default those that `cluster` knows.
            tags: Tags for everything: the group, its nodes, their volumes and network interfaces, the role and so on.
            taints: The nodes' taints.
            volumes: Further volumes by device name, such as `xvdf`.
            wait_for_ready: Whether a deployment waits until the nodes are Ready, if the function may see nodes: by a
                `kubernetes_group` or a `kubectl_role`.
            wait_for_signals: Whether a deployment waits for the nodes to report; they need to reach CloudFormation.
            windows_ipam: How EKS gives Windows pods their addresses, which is enabled in the cluster if it is not yet.
                None: somebody else sees to it.

        Raises:
            InvalidNodeGroup: With all that is wrong, if anything is.
        """
        given = locals()
        super().__init__(scope, construct_id)
        remember_stack(self, scope)
        problems = Problems(self)
        check_input_types(WindowsNodeGroup.__init__, given, problems)
        problems.raise_errors()
        version = version_text(kubernetes_version) or cluster.version
        ami = ami or WindowsAmi.server_2022()
        # What is not known of the cluster, the preflight finds out.
        told = cluster.facts
        if preflight and None in told.values():
            told = {"service_ipv4_cidr": cluster.service_ipv4_cidr}
        bootstrap = Bootstrap(
            cluster_name=cluster.cluster_name,
            **told,
            dns_cluster_ip=dns_cluster_ip,
            excluded_snat_cidrs=excluded_snat_cidrs,
            labels=labels,
            taints=taints,
            max_pods=max_pods,
            kubelet_extra_args=kubelet_extra_args,
            kube_proxy_extra_args=kube_proxy_extra_args,
            bootstrap_arguments=bootstrap_arguments,
            pre_bootstrap_commands=pre_bootstrap_commands,
            post_bootstrap_commands=post_bootstrap_commands,
        )
        capacity = Capacity(
            min_size=min_size,
            desired_size=desired_size,
            max_size=max_size,
            instance_types=instance_types,
            capacity_type=capacity_type,
            instances_distribution=instances_distribution,
            capacity_reservation=capacity_reservation,
        )
        storage = Storage(disk_size=disk_size, root_volume=root_volume or EbsVolume(), volumes=volumes or {})
        update = RollingUpdate(
            max_unavailable=max_unavailable, bootstrap_timeout=bootstrap_timeout, wait_for_signals=wait_for_signals
        )
        role = NodeRole(
            node_role=node_role,
            instance_profile=instance_profile,
            managed_policies=managed_policies,
            cni_policy=cni_policy,
            permissions_boundary=permissions_boundary,
            role_path=role_path,
        )
        network = NodeNetwork(cluster=cluster, subnets=subnets, security_groups=security_groups)
        access = NodeAccess(
            cluster=cluster,
            authorization=authorization,
            node_role=node_role,
            windows_ipam=windows_ipam,
            wait_for_ready=wait_for_ready,
        )
        own = own_tags(cluster.cluster_name, nodegroup_name)
        hints = {}
        if cluster_autoscaler:
            hints = cluster_autoscaler_tags(
                cluster_name=cluster.cluster_name,
                instance_types=capacity.type_names,
                disk_size=storage.root_size,
                windows_build=ami.windows_build,
                labels=labels,
                taints=taints,
                prefix_delegation=access.delegates_prefixes,
            )

        check_cluster_name(cluster.cluster_name, problems)
        check_nodegroup_name(nodegroup_name, problems)
        check_name_is_free(self, cluster.cluster_name, nodegroup_name, problems)
        ami.check(problems, kubernetes_version=version, scope=self)
        capacity.check(problems, max_pods=max_pods, prefix_delegation=access.delegates_prefixes)
        bootstrap.check(problems, facts_are_looked_up=preflight)
        network.check(problems, control_plane_is_looked_up=preflight)
        for room in (storage, update, role):
            room.check(problems)
        access.check(self, problems)
        check_instance_metadata(
            problems,
            http_tokens=http_tokens,
            hop_limit=http_put_response_hop_limit,
            instance_metadata_tags=instance_metadata_tags,
        )
        check_cluster_autoscaler(
            problems, hints, instance_types=capacity.type_names, min_size=capacity.smallest, taints=taints
        )
        check_tags(tags, problems, added=own | hints)
        check_acknowledged(acknowledged_checks, problems)
        problems.raise_errors()
        problems.annotate(self)
        acknowledge(self, _FINDINGS | role.acknowledged)

        self.nodegroup_name = nodegroup_name
        self._name = own["Name"]
        self._tags: TagManager | None = None
        image_id = ami.image_id(self, kubernetes_version=version)
        checks = None
        if preflight:
            first = Preflight(
                cluster=cluster,
                access=access,
                network=network,
                capacity=capacity,
                ami=ami,
                kubernetes_version=version,
                disk_size=storage.root_size,
                wait_for_signals=wait_for_signals,
                acknowledged_checks=acknowledged_checks,
            )
            checks = first.make(self, image_id)
            bootstrap = replace(bootstrap, **first.facts(self, checks))
        self.role = role.make(self)
        authorizations = access.authorize(self, self.role)
        security_group, self.security_group_id = network.own_security_group(
            self,
            f"Windows nodes {nodegroup_name} of the EKS cluster {cluster.cluster_name}",
            control_plane_group=first.control_plane_group(self, checks) if checks else None,
        )
        self.launch_template = ec2.CfnLaunchTemplate(
            self,
            "LaunchTemplate",
            launch_template_data={
                "imageId": image_id,
                "iamInstanceProfile": {"arn": role.instance_profile_arn(self, self.role)},
                "securityGroupIds": network.attached_group_ids(self.security_group_id),
                "keyName": key_pair if key_pair is None or isinstance(key_pair, str) else key_pair.key_pair_name,
                "blockDeviceMappings": storage.block_device_mappings(),
                "metadataOptions": metadata_options(http_tokens=http_tokens, hop_limit=http_put_response_hop_limit),
                "tagSpecifications": name_what_comes_with_nodes(own["Name"]),
                **capacity.launch_template_properties(),
            },
            tag_specifications=name_launch_template(own["Name"]),
        )
        version_of_template = self.launch_template.attr_latest_version_number
        group = autoscaling.CfnAutoScalingGroup(
            self,
            "Resource",
            **capacity.group_properties(self.launch_template.ref, version_of_template),
            vpc_zone_identifier=network.launch_subnet_ids,
            metrics_collection=[{"granularity": "1Minute"}],
            tags=group_tags(own, hints),
        )
        update.apply(self, group, capacity)
        self.auto_scaling_group_name = group.ref
        steps = [*access.support_windows(self), *(access.look_inside(self) if preflight else ())]
        for each in (*steps[-1:], *authorizations):
            make_after(group, each)
        steps += authorizations
        make_after_all(checks.resource if checks else group, network.ways_out)
        waits = access.waits(self)
        if waits:
            triggers = [version_of_template, capacity.desired, capacity.smallest]
            steps.append(access.make_wait(self, self.auto_scaling_group_name, self.role.role_arn, triggers))
        if checks:
            first.make_first(self, checks, role=self.role, security_group=security_group, authorizations=authorizations)
            steps.append(checks)
        show_warnings(self, steps, waits_in_vain=wait_for_ready and not waits)
        # A new node reports to the group, by the name that the template has for it.
        stack, region = pseudo_parameter("STACK_NAME"), pseudo_parameter("REGION")
        report = Signal(stack=stack, resource=group.logical_id, region=region)
        script = bootstrap.user_data(report if wait_for_signals else None)
        self.launch_template.add_property_override("LaunchTemplateData.UserData", script)
        for key, value in (tags or {}).items():
            Tags.of(self).add(key, value)

    @classmethod
    def from_nodegroup_attributes(  # noqa: PLR0913 — props
        cls,
        scope: Construct,
        construct_id: str,
        *,
        nodegroup_name: str,
        auto_scaling_group_name: str,
        security_group_id: str,
        node_role_arn: str,
    ) -> ImportedNodeGroup:
        """Refers to a node group of another app or stack, by what its outputs say.

        Args:
            scope: The stack, or a construct in it.
            construct_id: The id within `scope`.
            nodegroup_name: The node group's name.
            auto_scaling_group_name: The name of its Auto Scaling group.
            security_group_id: The security group that it owns.
            node_role_arn: The role of its nodes.
        """
        return ImportedNodeGroup(
            scope,
            construct_id,
            nodegroup_name=nodegroup_name,
            auto_scaling_group_name=auto_scaling_group_name,
            security_group_id=security_group_id,
            node_role_arn=node_role_arn,
        )

    @property
    def tags(self) -> TagManager:
        """The tags of the launch template and of what comes with nodes; `Tags.of` fills them."""
        if self._tags is None:
            self._tags = tag_what_comes_with_nodes(self.launch_template, self._name)
        return self._tags
