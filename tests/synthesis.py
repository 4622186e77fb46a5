"""A cluster, a node group and its template, as the tests of the constructs need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk.assertions import Template

from windows_nodegroup import EksCluster, WindowsNodeGroup

if TYPE_CHECKING:
    from constructs import IConstruct

CLUSTER_SECURITY_GROUP = "sg-0cccccccccccccccc"
SUBNETS = ("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb")


def make_stack(**props: Any) -> cdk.Stack:
    """An empty stack in an app of its own."""
    return cdk.Stack(cdk.App(analytics_reporting=False), "Stack", **props)


def make_cluster(**attributes: Any) -> EksCluster:
    """A cluster of which everything is known that a node group needs."""
    known: dict[str, Any] = {
        "cluster_name": "my-cluster",
        "vpc": "vpc-0123456789abcdef0",
        "subnets": list(SUBNETS),
        "cluster_security_group": CLUSTER_SECURITY_GROUP,
        "version": "1.33",
    }
    return EksCluster.from_attributes(**known | attributes)


def make_node_group(
    stack: cdk.Stack | None = None,
    construct_id: str = "Windows",
    **props: Any,
) -> WindowsNodeGroup:
    """A node group with nothing but defaults and `props`."""
    defaults: dict[str, Any] = {"cluster": make_cluster(), "nodegroup_name": "windows"}
    return WindowsNodeGroup(stack or make_stack(), construct_id, **defaults | props)


def template_of(construct: IConstruct) -> dict[str, Any]:
    """The template of the stack that a construct is, or is in."""
    return dict(Template.from_stack(cdk.Stack.of(construct)).to_json())


def resources_of(source: IConstruct | dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The resources of a type by their logical ids, from a template or the stack of a construct."""
    template = source if isinstance(source, dict) else template_of(source)
    return {name: each for name, each in template["Resources"].items() if each["Type"] == resource_type}


def only(source: IConstruct | dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The one resource of a type, all its attributes included."""
    (resource,) = resources_of(source, resource_type).values()
    return dict(resource)
