"""What the user declared: the node group to be, as far as the checks need to know it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is to be checked; empty: not declared. What each means stands in `preflight_contract.AwsPreflight`.

    Attributes:
        stack: `new`, so that its access entry for the nodes cannot exist yet; `updated`, it is kept; empty: nobody
            knows.
    """

    cluster_name: str
    authentication_mode: str = ""
    node_access: str = ""
    kubernetes_version: str = ""
    windows_version: str = ""
    image_id: str = ""
    volume_size: str = ""
    vpc_id: str = ""
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    control_plane_security_group_ids: tuple[str, ...] = ()
    instance_types: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    node_role_arn: str = ""
    function_in_vpc: str = ""
    function_subnet_ids: tuple[str, ...] = ()
    function_security_group_ids: tuple[str, ...] = ()
    kubectl_role_arn: str = ""
    windows_ipam: str = ""
    waits_for_signals: str = ""
    acknowledged: tuple[str, ...] = ()
    stack: str = ""
