"""Which Windows the nodes run: version, edition, or an image of one's own; and when a newer image is taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from aws_cdk import CfnParameter, ContextProvider

from . import rules
from .literals import is_literal
from .remembered import shared, stack_of

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_eks as eks
    from constructs import Construct

    from .problems import Problems

IMAGE_ID_PATTERN = "^ami-(?:[0-9a-f]{8}|[0-9a-f]{17})$"
"""The id of an image; also good as a CloudFormation `AllowedPattern`."""

# A version or label may stand after a colon.
_SSM_PARAMETER = re.compile(r"[0-9A-Za-z_./-]{1,1011}(?::[0-9A-Za-z_.-]+)?")
_VERSION_OF_PARAMETER = re.compile(r".*:[0-9]+")
_KUBERNETES_VERSION = re.compile(r"1\.(0|[1-9][0-9]*)")
_IMAGE_IN_CONTEXT_UNTIL_LOOKED_UP = "ami-00000000000000000"


class WindowsVersion(StrEnum):
    """A version of Windows Server. Containers run on the version that they were built for."""

    SERVER_2019 = "2019"
    SERVER_2022 = "2022"
    SERVER_2025 = "2025"

    @property
    def build(self) -> str:
        """The value of the label `node.kubernetes.io/windows-build` on nodes of this version."""
        return {"2019": "10.0.17763", "2022": "10.0.20348", "2025": "10.0.26100"}[self]

    @property
    def first_kubernetes_minor(self) -> int:
        """The least Kubernetes minor version for which AWS publishes images of this version, as far as that matters."""
        return {"2019": 14, "2022": 24, "2025": 35}[self]


class WindowsEdition(StrEnum):
    """How much of Windows the image holds."""

    CORE = "Core"
    """No desktop: smaller, quicker, fewer updates."""
    FULL = "Full"
    """With the desktop, for those who administer nodes through RDP."""


class AmiRefresh(Enum):
    """When AWS's parameter is read, and so when nodes get a newer image."""

    EVERY_DEPLOYMENT = "every deployment"
    """By CloudFormation at every deployment. All nodes have the same image, known in advance. A deployment after AWS
    published a newer one replaces all nodes, one after the other. Who does not deploy for four months has an image that
    no new node can start from."""
    EVERY_LAUNCH = "every launch"
    """By EC2 whenever a node starts. No deployment replaces nodes because of an image and the image never expires, but
    nodes differ, and a new image arrives unannounced with the next node."""
    WHEN_CLEARED = "when cleared"
    """By the CDK CLI, once: the pin. The id is kept in `cdk.context.json` until `cdk context --reset` clears it;
    commit that file. The stack needs an explicit account and region. AWS makes its images private after four months:
    renew it in time."""


def version_text(version: eks.KubernetesVersion | str | None) -> str | None:
    """A Kubernetes version as text, also where it is CDK's object."""
    return version if version is None or isinstance(version, str) else version.version


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsAmi:
    """An image to launch nodes from; made by `server_2019`, `server_2022`, `server_2025` or `custom`.

    AWS's images are named by a public parameter of Systems Manager, which always holds the newest for a Windows
    version, an edition and a Kubernetes version.
    https://docs.aws.amazon.com/eks/latest/userguide/retrieve-windows-ami-id.html
    """

    windows_version: WindowsVersion | str | None
    edition: WindowsEdition | str | None = None
    refresh: AmiRefresh = AmiRefresh.EVERY_DEPLOYMENT
    custom_image_id: str | None = None
    custom_ssm_parameter: str | None = None

    @classmethod
    def server_2019(
        cls, edition: WindowsEdition | str = WindowsEdition.CORE, *, refresh: AmiRefresh = AmiRefresh.EVERY_DEPLOYMENT
    ) -> Self:
        """AWS's image of Windows Server 2019 for EKS."""
        return cls(windows_version=WindowsVersion.SERVER_2019, edition=edition, refresh=refresh)

    @classmethod
    def server_2022(
        cls, edition: WindowsEdition | str = WindowsEdition.CORE, *, refresh: AmiRefresh = AmiRefresh.EVERY_DEPLOYMENT
    ) -> Self:
        """AWS's image of Windows Server 2022 for EKS, from Kubernetes 1.24."""
        return cls(windows_version=WindowsVersion.SERVER_2022, edition=edition, refresh=refresh)

    @classmethod
    def server_2025(
        cls, edition: WindowsEdition | str = WindowsEdition.CORE, *, refresh: AmiRefresh = AmiRefresh.EVERY_DEPLOYMENT
    ) -> Self:
        """AWS's image of Windows Server 2025 for EKS, from Kubernetes 1.35."""
        return cls(windows_version=WindowsVersion.SERVER_2025, edition=edition, refresh=refresh)

    @classmethod
    def custom(
        cls,
        *,
        image_id: str | None = None,
        ssm_parameter: str | None = None,
        windows_version: WindowsVersion | str | None = None,
        refresh: AmiRefresh = AmiRefresh.EVERY_DEPLOYMENT,
    ) -> Self:
        """An image of your own, made from one of AWS's for EKS: it has to hold `Start-EKSBootstrap.ps1`.

        Args:
            image_id: The image's id. May be a token, such as a CloudFormation parameter.
            ssm_parameter: Instead of the id: the name of a parameter of Systems Manager that holds it, with
                `:version` to pin it.
            windows_version: The Windows version in the image; required unless the image is a token.
            refresh: When the parameter is read.
        """
        return cls(
            windows_version=windows_version,
            custom_image_id=image_id,
            custom_ssm_parameter=ssm_parameter,
            refresh=refresh,
        )

    @property
    def is_custom(self) -> bool:
        """Whether the image is somebody's own, for which the Kubernetes version need not be known."""
        return self.edition is None

    @property
    def windows_build(self) -> str | None:
        """The label `node.kubernetes.io/windows-build` that nodes will have; None where the version is not known."""
        known = is_literal(self.windows_version) and self.windows_version in tuple(WindowsVersion)
        return WindowsVersion(self.windows_version).build if known and self.windows_version else None

    def check(self, problems: Problems, *, kubernetes_version: str | None, scope: Construct | None = None) -> None:
        """Check the image, and its Windows version against the Kubernetes version, as far as they are literals.

        Args:
            problems: Collects what is wrong.
            kubernetes_version: Such as "1.33"; None if nobody knows it.
            scope: The node group; without it nobody checks whether the CDK CLI knows where to look an image up.
        """
        if self.is_custom:
            self._check_custom(problems)
        elif kubernetes_version is None:
            problems.add(rules.NO_VERSION_AND_NO_IMAGE, "the cluster's Kubernetes version is not known")
        if self._pin:
            problems.add(rules.IMAGE_PINNED, f"the image {self._pin} is pinned")
        if self._is_looked_up:
            self._check_lookup(self.ssm_parameter(kubernetes_version), scope, problems)
        if is_literal(self.edition) and self.edition not in tuple(WindowsEdition):
            problems.add(rules.WINDOWS_EDITION, f"edition is {self.edition!r}")
        version_is_missing = self.windows_version is None and not self.is_custom
        if version_is_missing or (
            is_literal(self.windows_version) and self.windows_version not in tuple(WindowsVersion)
        ):
            problems.add(rules.WINDOWS_VERSION, f"windows_version is {self.windows_version!r}")
        if is_literal(kubernetes_version):
            self._check_kubernetes_version(kubernetes_version, problems)

    def image_id(self, scope: Construct, *, kubernetes_version: str | None) -> str:
        """The value for the launch template's `ImageId`.

        With `EVERY_DEPLOYMENT` that is a stack parameter of the type
        `AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>`, one for all node groups of a stack with the same image:
        CloudFormation reads such parameters at every deployment and counts a new value as a change. (A dynamic
        reference, `{{resolve:ssm:…}}`, is not looked at again until something else of the resource changes; it stands
        in where the name itself holds a token, which a parameter's default cannot.)

        Args:
            scope: The node group.
            kubernetes_version: Such as "1.33"; may be a token. Not used with a custom image.
        """
        if self.custom_image_id is not None:
            return self.custom_image_id
        name = self.ssm_parameter(kubernetes_version)
        if self._is_looked_up:
            return _in_context(scope, name)
        match self.refresh:
            case AmiRefresh.EVERY_LAUNCH:
                return f"resolve:ssm:{name}"
        if is_literal(name):
            return shared(scope, name, lambda stack: _parameter(stack, name))
        return f"{{{{resolve:ssm:{name}}}}}"

    def ssm_parameter(self, kubernetes_version: str | None) -> str:
        """The name of the parameter of Systems Manager that holds the image's id."""
        if self.custom_ssm_parameter is not None:
            return self.custom_ssm_parameter
        image = f"Windows_Server-{self.windows_version}-English-{self.edition}-EKS_Optimized-{kubernetes_version}"
        return f"/aws/service/ami-windows-latest/{image}/image_id"

    @property
    def _is_looked_up(self) -> bool:
        """Whether the CDK CLI reads the parameter."""
        return self.custom_image_id is None and self.refresh is AmiRefresh.WHEN_CLEARED

    @property
    def _pin(self) -> str | None:
        """What stays the image until somebody changes it, by an id, a version of a parameter or the context."""
        if self.custom_image_id is not None:
            return self.custom_image_id if is_literal(self.custom_image_id) else None
        name = self.custom_ssm_parameter
        if self._is_looked_up:
            return name or "of AWS"
        # A label is no version: it can be moved to another.
        return name if is_literal(name) and _VERSION_OF_PARAMETER.fullmatch(name) else None

    @staticmethod
    def _check_lookup(name: str, scope: Construct | None, problems: Problems) -> None:
        needed = {"the name of the image's parameter": name}
        if scope is not None:
            stack = stack_of(scope)
            needed |= {"the stack's account": stack.account, "the stack's region": stack.region}
        unknown = [what for what, value in needed.items() if not is_literal(value)]
        if unknown:
            problems.add(rules.IMAGE_LOOKUP_NEEDS_LITERALS, f"{', '.join(unknown)} not known before the deployment")

    def _check_custom(self, problems: Problems) -> None:
        image_id, name = self.custom_image_id, self.custom_ssm_parameter
        if (image_id is None) == (name is None):
            problems.add(
                rules.CUSTOM_IMAGE_SOURCE, f"custom image has image_id {image_id!r} and ssm_parameter {name!r}"
            )
        if self.windows_version is None and is_literal(image_id or name):
            problems.add(rules.CUSTOM_IMAGE_WITHOUT_VERSION, f"custom image {image_id or name} has no windows_version")
        if is_literal(image_id) and not re.fullmatch(IMAGE_ID_PATTERN, image_id):
            problems.add(rules.IMAGE_ID, f"image id {image_id!r} is not well-formed")
        if is_literal(name) and not _SSM_PARAMETER.fullmatch(name):
            problems.add(rules.SSM_PARAMETER, f"ssm_parameter {name!r} is not well-formed")

    def _check_kubernetes_version(self, kubernetes_version: str, problems: Problems) -> None:
        version = _KUBERNETES_VERSION.fullmatch(kubernetes_version)
        if not version:
            problems.add(rules.KUBERNETES_VERSION, f"kubernetes_version {kubernetes_version!r} is not well-formed")
        elif self.windows_build and int(version[1]) < (
            first := WindowsVersion(self.windows_version or "").first_kubernetes_minor
        ):
            problems.add(
                rules.WINDOWS_TOO_NEW,
                f"Windows Server {self.windows_version} needs Kubernetes 1.{first} or newer "
                f"and the cluster has {kubernetes_version}",
            )


def _parameter(stack: Stack, name: str) -> str:
    parameter = CfnParameter(
        stack,
        f"WindowsImage{sha256(name.encode()).hexdigest()[:8]}",
        type="AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        default=name,
        description="Where AWS publishes the newest image of this kind; read at every deployment.",
    )
    return parameter.value_as_string


def _in_context(scope: Construct, name: str) -> str:
    found = ContextProvider.get_value(
        scope, provider="ssm", props={"parameterName": name}, dummy_value=_IMAGE_IN_CONTEXT_UNTIL_LOOKED_UP
    )
    return str(found.value)
