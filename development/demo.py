"""The main job on a laptop: the real CDK CLI deploys `app.py` to an embedded local AWS, shows it, and destroys it."""

from __future__ import annotations

import difflib
import json
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from development.environment import ROOT
from development.progress import colour, say, step
from local_aws import LocalAws

if TYPE_CHECKING:
    from local_aws import LocalCluster

_STACK = "WindowsNodeGroup"
_CLUSTER = "my-cluster"
_NODE_GROUP = "ng-windows"

#: What other people keep in the map: comments, odd indents and quoting must all survive.
_AWS_AUTH = """\
# platform team: ask in #kubernetes before you edit this
- rolearn: arn:aws:iam::123456789012:role/linux-nodes   # eksctl made this one
  username: system:node:{{EC2PrivateDNSName}}
  groups:
    - system:bootstrappers
    - system:nodes

# the on-call team
- "rolearn": "arn:aws:iam::123456789012:role/OnCall"
  "username": "on-call"
  "groups": ["system:masters"]
"""


class DemoFailed(Exception):  # noqa: N818 - it says what happened
    """Something did not come out as it must."""


def main() -> int:
    """Run the demo; 0 when everything that it shows is true."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with step("start the local AWS"):
            aws = LocalAws().start()
        with aws:
            _run(aws)
    except KeyboardInterrupt:
        say(colour("interrupted: the local AWS is gone, and everything in it", "1;33"))
        return 130
    except DemoFailed as error:
        say(colour(f"✗ {error}", "1;31"))
        return 1
    say(colour("✓ deployed, authorised, destroyed: aws-auth is as it was, byte for byte", "1;32"))
    return 0


def _run(aws: LocalAws) -> None:
    with step(f"create the ACTIVE cluster {_CLUSTER}, a VPC, a key pair, and an aws-auth map with others' entries"):
        cluster = aws.create_cluster(_CLUSTER, version="1.33", aws_auth=_AWS_AUTH)
        say(_indent(_AWS_AUTH))
    with step("cdk bootstrap"):
        _cdk(aws, "bootstrap", f"aws://{aws.account}/{aws.region}")
    with step(f"cdk deploy {_STACK} --parameters …, the AWS template's own parameters"):
        _cdk(aws, "deploy", _STACK, "--require-approval=never", *_parameters(aws, cluster))
    with step("what came out"):
        _show_stack(aws)
    with step("aws-auth, before and after"):
        after = _map_roles(cluster)
        _show_diff(_AWS_AUTH, after)
        _require(after != _AWS_AUTH, "the node role is not in aws-auth")
    with step("cdk destroy"):
        _cdk(aws, "destroy", _STACK, "--force")
    with step("aws-auth, as it is now"):
        _show_diff(_AWS_AUTH, _map_roles(cluster))
        _require(_map_roles(cluster) == _AWS_AUTH, "aws-auth is not as it was before the deployment")
        say("  no difference")


def _parameters(aws: LocalAws, cluster: LocalCluster) -> list[str]:
    values = {
        "ClusterName": cluster.name,
        "ClusterControlPlaneSecurityGroup": cluster.control_plane_security_group_id,
        "NodeGroupName": _NODE_GROUP,
        "NodeAutoScalingGroupMinSize": "1",
        "NodeAutoScalingGroupDesiredCapacity": "2",
        "NodeAutoScalingGroupMaxSize": "3",
        "KeyName": aws.key_pair_name,
        "VpcId": cluster.vpc_id,
        "NodeSecurityGroups": cluster.security_group_id,
        "Subnets": ",".join(cluster.subnet_ids),
    }
    say("".join(f"  {name}={value}\n" for name, value in values.items()).rstrip())
    return [argument for name, value in values.items() for argument in ("--parameters", f"{name}={value}")]


def _cdk(aws: LocalAws, *arguments: str) -> None:
    if aws.cdk(*arguments, cwd=ROOT, stream=True).returncode:
        raise DemoFailed(f"cdk {arguments[0]} failed: the reason stands above")


def _show_stack(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")
    deployed = cloudformation.get_template(StackName=_STACK, TemplateStage="Original")["TemplateBody"]
    synthesized = json.loads((ROOT / "cdk.out" / f"{_STACK}.template.json").read_text(encoding="utf-8"))
    _require(deployed == synthesized, "the deployed template is not the one that cdk synth wrote")
    say("  the deployed template is the one that cdk synth wrote")
    for output in cloudformation.describe_stacks(StackName=_STACK)["Stacks"][0]["Outputs"]:
        say(f"  {output['OutputKey']} = {colour(output['OutputValue'], '1')}")
    _show_order(cloudformation)
    (group,) = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    say(f"  Auto Scaling group: {group['MinSize']} to {group['MaxSize']} nodes, {len(group['Instances'])} launched")
    for tag in group["Tags"]:
        say(f"    {tag['Key']} = {tag['Value']}")


def _show_order(cloudformation: Any) -> None:  # noqa: ANN401 - boto3 makes clients at run time
    """Show that the nodes were authorised before the first one was launched."""
    events = cloudformation.describe_stack_events(StackName=_STACK)["StackEvents"]
    order = [(event["ResourceType"], event["ResourceStatus"]) for event in reversed(events)]
    authorised = order.index(("Custom::AwsAuthEntry", "CREATE_COMPLETE"))
    launched = order.index(("AWS::AutoScaling::AutoScalingGroup", "CREATE_IN_PROGRESS"))
    _require(authorised < launched, "the nodes were launched before they were authorised")
    say("  the nodes were authorised before the first one was launched")


def _map_roles(cluster: LocalCluster) -> str:
    config_map = cluster.kubernetes.config_map("kube-system", "aws-auth")
    _require(config_map is not None, "the ConfigMap aws-auth is gone")
    return str((config_map or {})["data"]["mapRoles"])


def _show_diff(before: str, after: str) -> None:
    colours = {"+": "32", "-": "31", "@": "36"}
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm=""):
        say(f"  {colour(line, colours.get(line[0], '0'))}")


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise DemoFailed(otherwise)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
