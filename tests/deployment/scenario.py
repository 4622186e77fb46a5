"""A stack of one node group, synthesized in process and handed to the local CloudFormation: no CLI, only seconds."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from botocore.exceptions import WaiterError

from windows_nodegroup import WindowsNodeGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws
    from windows_nodegroup import EksCluster


@dataclass(frozen=True, slots=True)
class Deployed:
    """How a deployment ended.

    Attributes:
        status: The stack's.
        outputs: What the stack tells, by name.
        events: Each event as `LogicalId STATUS reason`, the first one first.
    """

    status: str
    outputs: dict[str, str]
    events: tuple[str, ...]

    @property
    def created(self) -> list[str]:
        """The logical ids in the order of their completion."""
        return [event.split()[0] for event in self.events if event.split()[1] == "CREATE_COMPLETE"]

    @property
    def reasons(self) -> str:
        """Why something failed."""
        return "\n".join(event for event in self.events if "_FAILED" in event)


class Scenario:
    """Deploys node groups by boto3, into stacks of given names."""

    def __init__(self, aws: LocalAws, directory: Path) -> None:
        """Prepares the bucket that `cdk bootstrap` would make."""
        self._aws, self._directory = aws, directory
        self._bucket = f"cdk-hnb659fds-assets-{aws.account}-{aws.region}"
        s3 = aws.client("s3")
        if self._bucket not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=self._bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})

    def deploy(self, name: str, describe: Callable[[cdk.Stack], EksCluster], **props: Any) -> Deployed:
        """Makes or updates a stack with one node group.

        Args:
            name: The stack's name, and the node group's.
            describe: Describes the cluster.
            **props: Of the node group.
        """
        app = cdk.App(outdir=str(self._directory / name), analytics_reporting=False)
        env = cdk.Environment(account=self._aws.account, region=self._aws.region)
        synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        stack = cdk.Stack(app, name, env=env, synthesizer=synthesizer)
        defaults: dict[str, Any] = {"desired_size": 1}
        WindowsNodeGroup(stack, "Windows", cluster=describe(stack), nodegroup_name=name, **defaults | props)
        assembly = Path(app.synth().directory)
        self._upload(assembly, name)
        body = (assembly / f"{name}.template.json").read_text(encoding="utf-8")
        cloudformation = self._aws.client("cloudformation")
        known = {stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]}
        write = cloudformation.update_stack if name in known else cloudformation.create_stack
        stack_id = write(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])["StackId"]
        self._wait("stack_update_complete" if name in known else "stack_create_complete", stack_id)
        return self._deployed(stack_id)

    def destroy(self, name: str) -> Deployed:
        """Deletes a stack."""
        cloudformation = self._aws.client("cloudformation")
        stack_id = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=name)
        self._wait("stack_delete_complete", stack_id)
        return self._deployed(stack_id)

    def _wait(self, what: str, stack_id: str) -> None:
        waiter = self._aws.client("cloudformation").get_waiter(what)
        try:
            waiter.wait(StackName=stack_id, WaiterConfig={"Delay": 0.3, "MaxAttempts": 300})
        except WaiterError as error:
            if "Max attempts" in str(error):
                raise

    def _deployed(self, stack_id: str) -> Deployed:
        cloudformation = self._aws.client("cloudformation")
        (stack,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
        events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
        told = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        lines = (
            f"{event['LogicalResourceId']} {event['ResourceStatus']} {event.get('ResourceStatusReason', '')}"
            for event in reversed(events)
        )
        return Deployed(stack["StackStatus"], told, tuple(lines))

    def _upload(self, assembly: Path, name: str) -> None:
        assets = json.loads((assembly / f"{name}.assets.json").read_text(encoding="utf-8"))["files"]
        for asset in assets.values():
            source = assembly / asset["source"]["path"]
            (destination,) = asset["destinations"].values()
            body = _zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
            self._aws.client("s3").put_object(Bucket=self._bucket, Key=destination["objectKey"], Body=body)


def _zipped(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(directory))
    return buffer.getvalue()
