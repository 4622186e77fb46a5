"""The public Windows images for EKS and the SSM parameters that name them, which AWS publishes and nobody can put."""

from __future__ import annotations

import hashlib
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter, ssm_backends

from local_aws.kubernetes_versions import KUBERNETES_VERSIONS

#: The account that owns Amazon's Windows images.
_AMAZON = "801119661308"

#: GiB; the size of the snapshot, below which a root volume is refused.
_ROOT_VOLUME_SIZE = 50

#: The first Kubernetes version that each Windows Server has images for.
_SINCE = {"2019": "1.14", "2022": "1.24", "2025": "1.35"}


class WindowsImage(Ami):
    """An image with a root volume as Windows has it."""

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        """The one root volume."""
        return [
            {
                "DeviceName": "/dev/sda1",
                "Ebs": {
                    "SnapshotId": self.ebs_snapshot.id,
                    "VolumeSize": _ROOT_VOLUME_SIZE,
                    "DeleteOnTermination": True,
                    "VolumeType": "gp2",
                    "Encrypted": False,
                },
            }
        ]


def publish_windows_images(account: str, region: str) -> None:
    """Put the images into EC2 and their parameters into SSM, as they are in every region for everyone."""
    for server, since in _SINCE.items():
        for kubernetes in KUBERNETES_VERSIONS:
            if _comparable(kubernetes) >= _comparable(since):
                for edition in ("Core", "Full"):
                    _publish(account, region, f"Windows_Server-{server}-English-{edition}-EKS_Optimized-{kubernetes}")


def _publish(account: str, region: str, name: str) -> None:
    image_id = "ami-0" + hashlib.sha256(f"{region}/{name}".encode()).hexdigest()[:16]
    ec2 = ec2_backends[account][region]
    ec2.amis[image_id] = WindowsImage(
        ec2,
        image_id,
        name=f"{name}-2026.01.15",
        description="Microsoft Windows Server with EKS, by Amazon",
        owner_id=_AMAZON,
        owner_alias="amazon",
        public=True,
        virtualization_type="hvm",
        architecture="x86_64",
        platform="windows",
        root_device_type="ebs",
        root_device_name="/dev/sda1",
        region_name=f"{region}a",
    )
    parameter = f"/aws/service/ami-windows-latest/{name}/image_id"
    ssm_backends[account][region]._parameters[parameter].append(  # noqa: SLF001 - PutParameter refuses /aws/…, as on AWS
        Parameter(  # type: ignore[abstract]  # moto makes them like this, too
            account_id=account,
            name=parameter,
            value=image_id,
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=utcnow(),
            version=1,
            data_type="aws:ec2:image",
        )
    )


def _comparable(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
