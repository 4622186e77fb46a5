"""Every check, in the order of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import access, add_ons, cluster, function, image, in_cluster, instance_types, network, routes, sizes, versions

if TYPE_CHECKING:
    from .check import Check
    from .facts import Facts
    from .in_cluster import ClusterFacts

#: What everything else presupposes; where one of these fails, no other check is made.
GATES: tuple[Check[Facts], ...] = (cluster.ClusterExists(), cluster.ClusterActive())

#: What can be asked of AWS.
AWS_CHECKS: tuple[Check[Facts], ...] = (
    cluster.NotLocal(),
    cluster.IPv4(),
    cluster.ModeSuffices(),
    cluster.ModeAsDeclared(),
    versions.VersionWithinSkew(),
    versions.VersionCurrent(),
    versions.WindowsForVersion(),
    network.VpcIsTheClusters(),
    network.SubnetsInVpc(),
    routes.PublicSubnetsAssignAddresses(),
    routes.WayOutOrEndpoints(),
    routes.AdvisedEndpoints(),
    routes.NodesReachEndpoint(),
    network.SubnetsHaveAddresses(),
    network.EdgeSubnetsNotTheClusters(),
    network.SecurityGroupsInVpc(),
    network.OneTaggedSecurityGroup(),
    instance_types.TypesRunWindows(),
    instance_types.ZonesOfferTypes(),
    instance_types.ZonesOfferAllTypes(),
    sizes.SizesInOrder(),
    image.ImageExists(),
    image.ImageIsWindows(),
    image.ImageAsDeclared(),
    image.VolumeHoldsImage(),
    image.ImageStaysPublic(),
    access.ClusterRoleManagesAddresses(),
    access.NodeRoleIsNotTheClusters(),
    access.NoShadowingEntry(),
    access.EntryIsForWindows(),
    function.FunctionReachesEndpoint(),
    function.FunctionSubnetsExist(),
    function.FunctionSecurityGroupsInVpc(),
    function.FunctionReachesServices(),
    function.FunctionReachesOthers(),
    access.NoEntryInTheWay(),
    access.RoleIsAuthorised(),
    add_ons.AddOnKnowsWindows(),
    add_ons.AddOnEnablesWindows(),
    add_ons.NoCustomNetworking(),
    add_ons.NoAutoMode(),
)

#: What only the Kubernetes API can tell.
CLUSTER_CHECKS: tuple[Check[ClusterFacts], ...] = (
    in_cluster.NodeForCoreDns(),
    in_cluster.RoleIsNotShared(),
    in_cluster.MapIsNobodysFile(),
    in_cluster.WindowsAddressesEnabled(),
)
