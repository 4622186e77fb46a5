"""The disks of nodes: encrypted, large enough, and within the limits of EBS."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from tests.found import codes, texts
from windows_nodegroup.volumes import EbsVolume, EbsVolumeType, Storage

KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOKEN = cdk.Token.as_number({"Ref": "Number"})


def found(**inputs: Any) -> list[str]:
    """The codes of what is wrong with the disks."""
    return codes(Storage(**inputs).check)


def root(**inputs: Any) -> list[str]:
    """The codes of what is wrong with a root volume."""
    return found(root_volume=EbsVolume(**inputs))


def mappings(**inputs: Any) -> list[dict[str, Any]]:
    """The block device mappings in the template."""
    stack = cdk.Stack()
    ec2.CfnLaunchTemplate(
        stack, "Template", launch_template_data={"blockDeviceMappings": Storage(**inputs).block_device_mappings()}
    )
    template = Template.from_stack(stack).to_json()
    return list(template["Resources"]["Template"]["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"])


def test_defaults() -> None:
    """By default the root volume is encrypted, of type gp3, as large as the image, and goes with its node."""
    ebs = {"VolumeSize": 50, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    assert mappings() == [{"DeviceName": "/dev/sda1", "Ebs": ebs}]
    assert found() == []


def test_everything() -> None:
    """All that EBS offers can be said of the root volume and of further ones."""
    key = kms.Key.from_key_arn(cdk.Stack(), "Key", KEY)
    volume = EbsVolume(size=200, volume_type=EbsVolumeType.IO2, iops=10_000, kms_key=key, delete_on_termination=False)
    further = EbsVolume(snapshot_id="snap-1", throughput=250, encrypted=False)
    assert mappings(root_volume=volume, volumes={"xvdf": further}) == [
        {
            "DeviceName": "/dev/sda1",
            "Ebs": {
                "VolumeSize": 200,
                "VolumeType": "io2",
                "Iops": 10_000,
                "Encrypted": True,
                "KmsKeyId": KEY,
                "DeleteOnTermination": False,
            },
        },
        {
            "DeviceName": "xvdf",
            "Ebs": {
                "VolumeType": "gp3",
                "Throughput": 250,
                "Encrypted": False,
                "SnapshotId": "snap-1",
                "DeleteOnTermination": True,
            },
        },
    ]


def test_tokens() -> None:
    """Numbers that only the deployment knows are passed on, and not judged."""
    (mapping,) = mappings(disk_size=TOKEN)
    assert mapping["Ebs"]["VolumeSize"] == {"Ref": "Number"}
    assert found(disk_size=TOKEN, volumes={"xvdf": EbsVolume(size=TOKEN, iops=TOKEN, throughput=TOKEN)}) == []
    assert root(volume_type=cdk.Fn.ref("Type"), iops=100) == []


def test_wng401_disk_too_small() -> None:
    """Windows needs 50 GiB, however that is said."""
    assert found(disk_size=49) == ["WNG401"]
    assert root(size=49) == ["WNG401"]
    assert found(disk_size=50) == []


@pytest.mark.parametrize(
    ("volume_type", "iops", "smallest", "largest"),
    [("gp2", None, 1, 16_384), ("gp3", None, 1, 65_536), ("io1", 100, 4, 16_384), ("io2", 100, 4, 65_536)],
)
def test_wng402_volume_size(volume_type: str, iops: int | None, smallest: int, largest: int) -> None:
    """Each type has its sizes."""
    for size, expected in ((smallest, []), (largest, []), (smallest - 1, ["WNG402"]), (largest + 1, ["WNG402"])):
        volume = EbsVolume(size=size, volume_type=volume_type, iops=iops)
        assert [code for code in found(volumes={"xvdf": volume}) if code == "WNG402"] == expected


@pytest.mark.parametrize(
    ("volume_type", "size", "iops"),
    [
        ("gp2", 100, 3000),
        ("gp3", 100, 2999),
        ("gp3", 1000, 80_001),
        ("gp3", 100, 50_001),
        ("io1", 100, 99),
        ("io1", 100, 5001),
        ("io1", 2000, 64_001),
        ("io2", 60, 60_001),
        ("io2", 1000, 256_001),
        ("io1", 100, None),
        ("io2", 100, None),
    ],
)
def test_wng403_volume_iops(volume_type: str, size: int, iops: int | None) -> None:
    """Each type has its range of IOPS, which the size limits too; io1 and io2 need to be told."""
    assert root(size=size, volume_type=volume_type, iops=iops) == ["WNG403"]


@pytest.mark.parametrize(
    ("volume_type", "size", "iops"),
    [("gp3", 160, 80_000), ("gp3", 50, 3000), ("io1", 100, 5000), ("io2", 256, 256_000), ("gp3", 50, None)],
)
def test_iops(volume_type: str, size: int, iops: int | None) -> None:
    """What is within the limits is accepted."""
    assert root(size=size, volume_type=volume_type, iops=iops) == []


def test_small_gp3() -> None:
    """The baseline of gp3 comes with any size."""
    assert found(volumes={"xvdf": EbsVolume(size=1, iops=3000)}) == []


@pytest.mark.parametrize(
    ("volume_type", "iops", "throughput"),
    [("gp3", None, 124), ("gp3", None, 751), ("gp3", 10_000, 2001), ("gp2", None, 125), ("io2", 1000, 125)],
)
def test_wng404_volume_throughput(volume_type: str, iops: int | None, throughput: int) -> None:
    """Throughput is for gp3, from 125 to 2000 MiB/s, and needs four times as many IOPS."""
    assert root(volume_type=volume_type, iops=iops, throughput=throughput) == ["WNG404"]
    assert root(iops=8000, throughput=2000) == []
    assert root(throughput=750) == []


def test_wng405_customer_key() -> None:
    """A key of one's own, token or not, needs a policy that admits Auto Scaling; the account's own does not."""
    assert root(kms_key=KEY) == ["WNG405"]
    assert root(kms_key=kms.Key(cdk.Stack(), "Key")) == ["WNG405"]
    assert root(kms_key="alias/aws/ebs") == []


def test_wng406_key_without_encryption() -> None:
    """A key without encryption is a contradiction."""
    assert root(kms_key=KEY, encrypted=False) == ["WNG406"]


@pytest.mark.parametrize("device", ["/dev/sda1", "xvda", "/dev/sdf", "xvdda", "D:", ""])
def test_wng407_device_name(device: str) -> None:
    """Further volumes have names that Windows instances offer."""
    assert found(volumes={device: EbsVolume(size=10)}) == ["WNG407"]
    for good in ("xvdb", "xvdz", "xvdba", "xvdcz", "/dev/sde"):
        assert found(volumes={good: EbsVolume(size=10)}) == []


@pytest.mark.parametrize("number", ["100", 100.5, True])
@pytest.mark.parametrize(("attribute", "code"), [("size", "WNG402"), ("iops", "WNG403"), ("throughput", "WNG404")])
def test_whole_numbers(attribute: str, code: str, number: Any) -> None:
    """Sizes, IOPS and throughput are whole numbers, whatever the type, and text is no number."""
    for volume_type in (EbsVolumeType.GP3, cdk.Fn.ref("Type")):
        assert root(**{"volume_type": volume_type, attribute: number}) == [code]
        assert found(volumes={"xvdf": EbsVolume(**{"size": 10} | {attribute: number})}) == [code]


def test_disk_size_as_text() -> None:
    """The user is told what is wrong with a size that looks right."""
    assert texts(Storage(disk_size="100").check)[0].startswith(  # type: ignore[arg-type]  # as users do
        "root volume has the size '100', which is no whole number: use "
    )


def test_wng408_two_disk_sizes() -> None:
    """The root volume's size is said once."""
    assert found(disk_size=60, root_volume=EbsVolume(size=80)) == ["WNG408"]


def test_wng409_volume_without_size() -> None:
    """A further volume has a size or a snapshot."""
    assert found(volumes={"xvdf": EbsVolume()}) == ["WNG409"]
    assert found(volumes={"xvdf": EbsVolume(snapshot_id="snap-1")}) == []


def test_wng410_volume_type() -> None:
    """Windows starts from solid state volumes."""
    assert root(volume_type="st1") == ["WNG410"]
    assert root(volume_type="gp3") == []
