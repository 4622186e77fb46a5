"""The public Windows images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local_aws import LocalAws

_PARAMETER = "/aws/service/ami-windows-latest/Windows_Server-{}-EKS_Optimized-{}/image_id"


@pytest.mark.parametrize("edition", ["2019-English-Core", "2022-English-Full", "2022-English-Core"])
def test_parameter_names_a_windows_image(aws: LocalAws, edition: str) -> None:
    """The SSM parameter leads to an image of Windows with a root volume of 50 GiB."""
    value = aws.client("ssm").get_parameter(Name=_PARAMETER.format(edition, "1.34"))["Parameter"]["Value"]
    (image,) = aws.client("ec2").describe_images(ImageIds=[value])["Images"]
    assert image["Platform"] == "windows"
    assert image["Architecture"] == "x86_64"
    assert image["Name"].startswith(f"Windows_Server-{edition}-EKS_Optimized-1.34")
    (root,) = image["BlockDeviceMappings"]
    assert (root["DeviceName"], root["Ebs"]["VolumeSize"]) == ("/dev/sda1", 50)


def test_no_image_of_2025_before_kubernetes_1_35(aws: LocalAws) -> None:
    """Windows Server 2025 came with Kubernetes 1.35."""
    ssm = aws.client("ssm")
    assert ssm.get_parameter(Name=_PARAMETER.format("2025-English-Core", "1.35"))["Parameter"]["Value"]
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name=_PARAMETER.format("2025-English-Core", "1.34"))


def test_images_differ_by_kubernetes_version(aws: LocalAws) -> None:
    """Each version has an image of its own."""
    ssm = aws.client("ssm")
    names = [_PARAMETER.format("2022-English-Core", version) for version in ("1.33", "1.34", "1.35")]
    values = {parameter["Value"] for parameter in ssm.get_parameters(Names=names)["Parameters"]}
    assert len(values) == 3


def test_instance_of_an_image_that_does_not_exist_is_refused(aws: LocalAws) -> None:
    """EC2 launches only images that exist."""
    with pytest.raises(ClientError, match="InvalidAMIID"):
        aws.client("ec2").run_instances(ImageId="ami-00000000000000000", MinCount=1, MaxCount=1)
