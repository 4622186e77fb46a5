"""A whole AWS on a laptop: one process, loopback, random ports."""

from __future__ import annotations

import functools
import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
import botocore.session
from botocore.config import Config
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from local_aws.callers import Caller, Callers
from local_aws.cdk import Cdk
from local_aws.cloud_control import CloudControl
from local_aws.cloud_trail import CloudTrail
from local_aws.cloudformation import CloudFormation
from local_aws.cluster_creation import ClusterCreation, LocalCluster
from local_aws.eks import Eks
from local_aws.front import Front, RecordedCall
from local_aws.functions import Lambda
from local_aws.kubernetes_versions import DEFAULT_KUBERNETES_VERSION
from local_aws.moto_account import MotoAccount
from local_aws.nodes import Nodes
from local_aws.permissions import Permissions
from local_aws.place import Place
from local_aws.server import Server
from local_aws.windows_images import publish_windows_images

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType

#: boto3's sessions are not for several threads at once.
_session_lock = threading.Lock()

#: The developer's own user, an administrator.
_USER = "developer"


class LocalAws:
    """CloudFormation, EKS with Kubernetes APIs, Lambda, and moto's EC2, Auto Scaling, IAM, STS, S3, SSM and some more.

    Each instance is an AWS account of its own, empty at first but for the public Windows images and a key pair.

    Use it in a `with` statement, or call `start` and `close`.
    """

    #: A key pair that exists.
    key_pair_name = "local-aws"

    def __init__(self, region: str = "us-west-2") -> None:
        """`region` is the one region that is used; it decides the partition, too."""
        self.region = region
        self.partition = get_partition(region)
        self._server: Server | None = None
        self._clients: dict[tuple[str, str], Any] = {}

    def start(self) -> Self:
        """Answer from now on; once started, does nothing."""
        if self._server is not None:
            return self
        self._moto = MotoAccount()
        #: The account's number.
        self.account = self._moto.id
        place = Place(self.account, self.region)
        callers = Callers(place)
        #: The services beside moto's, for tests that look or reach inside.
        self.eks = Eks(client=self.client, callers=callers, place=place)
        self.functions = Lambda(client=self.client, callers=callers, place=place, endpoint=lambda: self.url)
        self.cloudformation = CloudFormation(
            client=self.client,
            base_url=lambda: self.url,
            region=self.region,
            account=self.account,
            partition=self.partition,
        )
        self.nodes = Nodes(client=self.client, callers=callers, eks=self.eks)
        self.cloudformation.means.on_launch = self.nodes
        self._front = Front(
            callers=callers,
            ours={
                "cloudcontrolapi": CloudControl(self.eks, self.client),
                "cloudformation": self.cloudformation,
                "cloudtrail": CloudTrail(),
                "eks": self.eks,
                "lambda": self.functions,
            },
            moto=self._moto,
            authorize=Permissions(place),
        )
        self._user = self._new_administrator(callers)
        publish_windows_images(self.account, self.region)
        self._server = Server(self._front)
        self._home = tempfile.TemporaryDirectory(prefix="local-aws-home-", ignore_cleanup_errors=True)
        self.client("ec2").create_key_pair(KeyName=self.key_pair_name)
        self._creation = ClusterCreation(
            client=self.client, callers=callers, eks=self.eks, region=self.region, environment=self.environment
        )
        return self

    def close(self) -> None:
        """End every process and server, and forget everything."""
        if self._server is None:
            return
        self.functions.close()
        self.cloudformation.close(seconds=0.5)
        self._server.close()
        self.eks.close()
        self._moto.close()
        self._home.cleanup()
        self._server = None
        self._clients.clear()

    def __enter__(self) -> Self:
        """Start, unless it is started."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        if self._server is None:
            raise RuntimeError("the local AWS is not started: use it in a `with` statement, or call start()")
        return self._server.url

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that make the CDK CLI, boto3 and other SDKs use this AWS."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self._user.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._user.secret_access_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DEFAULT_ACCOUNT": self.account,
            "CDK_DEFAULT_REGION": self.region,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    @property
    def calls(self) -> list[RecordedCall]:
        """Everything that was asked so far, by whom."""
        return self._front.calls

    def client(self, service: str, role_arn: str = "") -> Any:  # noqa: ANN401 - boto3 makes clients at run time
        """A boto3 client of this AWS, as the developer's user or as a role that it may assume."""
        key = (service, role_arn)
        if key in self._clients:
            return self._clients[key]
        keys = {"aws_access_key_id": self._user.access_key_id, "aws_secret_access_key": self._user.secret_access_key}
        if role_arn:
            assumed = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=_USER)["Credentials"]
            keys = {
                "aws_access_key_id": assumed["AccessKeyId"],
                "aws_secret_access_key": assumed["SecretAccessKey"],
                "aws_session_token": assumed["SessionToken"],
            }
        with _session_lock:
            self._clients[key] = _session().client(
                service,
                region_name=self.region,
                endpoint_url=self.url,
                config=Config(proxies={}, read_timeout=900),
                **keys,
            )
            return self._clients[key]

    def create_cluster(
        self,
        name: str,
        *,
        version: str = DEFAULT_KUBERNETES_VERSION,
        authentication_mode: str = "API_AND_CONFIG_MAP",
        aws_auth: str | None = None,
        vpc: bool = True,
    ) -> LocalCluster:
        """Make an ACTIVE cluster with what it needs: VPC, subnets, security groups, roles.

        Args:
            name: The cluster's name.
            version: The Kubernetes version, for example `1.34`.
            authentication_mode: `CONFIG_MAP`, `API_AND_CONFIG_MAP` or `API`.
            aws_auth: The text of `mapRoles` in the ConfigMap `kube-system/aws-auth`; None: there is no such map.
            vpc: In a VPC of its own; False: in the account's default VPC.
        """
        return self._creation.create(
            name, version=version, authentication_mode=authentication_mode, aws_auth=aws_auth, vpc=vpc
        )

    def function_logs(self, name: str) -> str:
        """Everything that the Lambda function of this name printed, whether it still exists or not."""
        return self.functions.logs(name)

    def cdk(
        self, *arguments: str, cwd: Path | str, stream: bool = False, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Run the real CDK CLI, with this AWS as its AWS.

        Args:
            arguments: As on the command line: `"deploy", "--all"`.
            cwd: The directory of the app.
            stream: Let the output through instead of returning it.
            timeout: Seconds.

        Raises:
            subprocess.TimeoutExpired: It took longer.
        """
        return Cdk(self.environment, Path(self._home.name)).run(
            *arguments, cwd=Path(cwd), stream=stream, timeout=timeout
        )

    def _new_administrator(self, callers: Callers) -> Caller:
        iam = iam_backends[self.account][self.partition]
        iam.create_user(self.region, _USER)
        iam.attach_user_policy(f"arn:{self.partition}:iam::aws:policy/AdministratorAccess", _USER)
        key = iam.create_access_key(_USER)
        caller = callers.by_access_key(key.access_key_id)
        if caller is None:
            raise RuntimeError("moto did not keep the developer's access key")
        return caller


@functools.cache
def _session() -> Any:  # noqa: ANN401 - boto3's session types only the services that it knows by their literal names
    """A session that reads nothing of the developer's own AWS settings; one for all: it keeps the services' models."""
    nowhere = (None, None, os.devnull, None)
    return boto3.Session(
        botocore_session=botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": nowhere,
                "credentials_file": nowhere,
            }
        )
    )
