"""The image of the nodes: AWS's newest, the pinned, or one's own."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from tests.found import codes
from tests.synthesis import make_node_group
from windows_nodegroup.ami import AmiRefresh, WindowsAmi, WindowsEdition, WindowsVersion
from windows_nodegroup.problems import InvalidNodeGroup

CORE_2022 = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.33/image_id"
IMAGE = "ami-0123456789abcdef0"


def make_stack(**props: Any) -> cdk.Stack:
    """A stack in an app of its own."""
    return cdk.Stack(cdk.App(analytics_reporting=False), "Stack", **props)


def found(ami: WindowsAmi, kubernetes_version: str | None = "1.35") -> list[str]:
    """The codes of what is wrong with an image."""
    return codes(lambda problems: ami.check(problems, kubernetes_version=kubernetes_version))


@pytest.mark.parametrize("edition", WindowsEdition)
@pytest.mark.parametrize(
    ("make", "version"),
    [(WindowsAmi.server_2019, "2019"), (WindowsAmi.server_2022, "2022"), (WindowsAmi.server_2025, "2025")],
)
def test_parameter(make: Any, version: str, edition: WindowsEdition) -> None:
    """The parameter's name is made of version, edition and Kubernetes version; Core is Core and Full is Full."""
    expected = (
        f"/aws/service/ami-windows-latest/Windows_Server-{version}-English-{edition.value}-EKS_Optimized-1.35/image_id"
    )
    assert make(edition).ssm_parameter("1.35") == expected
    assert found(make(edition)) == []


def test_every_deployment() -> None:
    """By default CloudFormation reads the parameter at every deployment, once for all node groups with that image."""
    stack = make_stack()
    image = WindowsAmi.server_2022().image_id(stack, kubernetes_version="1.33")
    again = WindowsAmi.server_2022().image_id(stack, kubernetes_version="1.33")
    other = WindowsAmi.server_2019().image_id(stack, kubernetes_version="1.33")
    assert stack.resolve(image) == stack.resolve(again) != stack.resolve(other)
    cdk.CfnOutput(stack, "Image", value=image)
    parameters = Template.from_stack(stack).find_parameters(
        "*", {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": CORE_2022}
    )
    assert stack.resolve(image) == {"Ref": next(iter(parameters))}
    assert len(parameters) == 1


def test_version_as_token() -> None:
    """A version that only the deployment knows cannot stand in a parameter's default; a dynamic reference takes it."""
    stack = make_stack()
    version = cdk.CfnParameter(stack, "Version").value_as_string
    image = WindowsAmi.server_2022().image_id(stack, kubernetes_version=version)
    prefix = "{{resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-"
    assert stack.resolve(image) == {"Fn::Join": ["", [prefix, {"Ref": "Version"}, "/image_id}}"]]}


def test_every_launch() -> None:
    """EC2 itself can read the parameter whenever a node starts."""
    ami = WindowsAmi.server_2022(refresh=AmiRefresh.EVERY_LAUNCH)
    assert ami.image_id(make_stack(), kubernetes_version="1.33") == f"resolve:ssm:{CORE_2022}"
    assert found(ami) == []


def test_when_cleared() -> None:
    """The pin: the CDK CLI looks the image up once and keeps it in the context."""
    ami = WindowsAmi.server_2022(refresh=AmiRefresh.WHEN_CLEARED)
    app = cdk.App(
        analytics_reporting=False,
        context={f"ssm:account=111122223333:parameterName={CORE_2022}:region=us-west-2": IMAGE},
    )
    known = cdk.Stack(app, "Known", env=cdk.Environment(account="111122223333", region="us-west-2"))
    unknown = cdk.Stack(app, "Unknown", env=cdk.Environment(account="111122223333", region="us-east-1"))
    assert ami.image_id(known, kubernetes_version="1.33") == IMAGE
    assert ami.image_id(unknown, kubernetes_version="1.33").startswith("ami-0000")
    manifest = json.loads((Path(app.synth().directory) / "manifest.json").read_text(encoding="utf-8"))
    assert [(each["provider"], each["props"]["parameterName"]) for each in manifest["missing"]] == [("ssm", CORE_2022)]
    assert found(ami) == ["WNG201"]


def test_custom_parameter() -> None:
    """One's own parameter is read like AWS's."""
    stack = make_stack()
    ami = WindowsAmi.custom(ssm_parameter="/golden/windows", windows_version=WindowsVersion.SERVER_2022)
    image = ami.image_id(stack, kubernetes_version=None)
    cdk.CfnOutput(stack, "Image", value=image)
    Template.from_stack(stack).has_parameter("*", {"Default": "/golden/windows"})
    assert found(ami, None) == []


def test_custom_id() -> None:
    """One's own image is taken as it is, literal or token."""
    token = cdk.Fn.ref("NodeImageId")
    assert WindowsAmi.custom(image_id=IMAGE).image_id(make_stack(), kubernetes_version=None) == IMAGE
    assert WindowsAmi.custom(image_id=token).image_id(make_stack(), kubernetes_version=None) == token


def test_windows_build() -> None:
    """The build is the one that Kubernetes puts into the nodes' labels; of an unknown version there is none."""
    assert WindowsAmi.server_2019().windows_build == "10.0.17763"
    assert WindowsAmi.server_2022().windows_build == "10.0.20348"
    assert WindowsAmi.server_2025().windows_build == "10.0.26100"
    assert WindowsAmi.custom(image_id=IMAGE).windows_build is None
    assert WindowsAmi.custom(image_id=IMAGE, windows_version="2016").windows_build is None
    assert WindowsAmi.custom(image_id=IMAGE, windows_version=cdk.Fn.ref("Version")).windows_build is None


def test_wng201_image_pinned() -> None:
    """A literal id is a pin and warned of; a token is not known to be one."""
    assert found(WindowsAmi.custom(image_id=IMAGE, windows_version="2022")) == ["WNG201"]
    assert found(WindowsAmi.custom(image_id=cdk.Fn.ref("NodeImageId"))) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{CORE_2022}:12", ["WNG201"]),
        ("/golden/windows:3", ["WNG201"]),
        ("/golden/windows:production", []),
        ("/golden/windows3", []),
    ],
)
def test_wng201_version_of_a_parameter(name: str, expected: list[str]) -> None:
    """One version of a parameter is a pin, too; a label, which can be moved, is none."""
    assert found(WindowsAmi.custom(ssm_parameter=name, windows_version="2022")) == expected


@pytest.mark.parametrize(("ami", "oldest"), [(WindowsAmi.server_2022(), 24), (WindowsAmi.server_2025(), 35)])
def test_wng202_windows_too_new(ami: WindowsAmi, oldest: int) -> None:
    """Windows Server 2022 needs Kubernetes 1.24, and 2025 needs 1.35; custom images are no exception."""
    custom = WindowsAmi.custom(ssm_parameter="/golden", windows_version=ami.windows_version)
    for each in (ami, custom):
        assert found(each, f"1.{oldest}") == []
        assert found(each, f"1.{oldest - 1}") == ["WNG202"]
        assert found(each, cdk.Fn.ref("Version")) == []


@pytest.mark.parametrize("version", ["v1.33", "1.33.2", "1", "1.033", "2.0", "", "latest", "1.33\n"])
def test_wng203_kubernetes_version(version: str) -> None:
    """The version is written as EKS writes it."""
    assert found(WindowsAmi.server_2022(), version) == ["WNG203"]


def test_wng204_no_version_and_no_image() -> None:
    """AWS's images need the Kubernetes version; one's own do not."""
    assert found(WindowsAmi.server_2022(), None) == ["WNG204"]
    assert found(WindowsAmi.custom(ssm_parameter="/golden", windows_version="2022"), None) == []


def test_wng205_custom_image_source() -> None:
    """A custom image has one source."""
    assert found(WindowsAmi.custom(windows_version="2022")) == ["WNG205"]
    both = WindowsAmi.custom(image_id=cdk.Fn.ref("Image"), ssm_parameter="/golden", windows_version="2022")
    assert found(both) == ["WNG205"]


def test_wng206_custom_image_without_version() -> None:
    """A custom image says which Windows it holds, unless it is a token."""
    assert found(WindowsAmi.custom(ssm_parameter="/golden")) == ["WNG206"]
    assert found(WindowsAmi.custom(image_id=IMAGE)) == ["WNG206", "WNG201"]
    assert found(WindowsAmi.custom(image_id=cdk.Fn.ref("Image"))) == []


@pytest.mark.parametrize("image", ["ami-1", "ami-0123456789ABCDEF0", "Windows", "", "ami-0123456789abcdef0\n"])
def test_wng207_image_id(image: str) -> None:
    """An id is ami- and 8 or 17 hexadecimal digits."""
    assert "WNG207" in found(WindowsAmi.custom(image_id=image, windows_version="2022"))
    assert "WNG207" not in found(WindowsAmi.custom(image_id="ami-01234567", windows_version="2022"))


def test_wng208_ssm_parameter() -> None:
    """A parameter's name holds letters, digits and _.-/, and a version may follow a colon."""
    assert found(WindowsAmi.custom(ssm_parameter="golden windows", windows_version="2022")) == ["WNG208"]
    assert found(WindowsAmi.custom(ssm_parameter="/golden/windows:production", windows_version="2022")) == []


def test_wng209_windows_version() -> None:
    """Only three versions of Windows Server are known to EKS."""
    assert found(WindowsAmi.custom(ssm_parameter="/golden", windows_version="2016")) == ["WNG209"]
    assert found(WindowsAmi.custom(ssm_parameter="/golden", windows_version=cdk.Fn.ref("Version"))) == []


def test_wng209_no_windows_version() -> None:
    """AWS has no image of no version."""
    assert found(WindowsAmi(windows_version=None, edition=WindowsEdition.CORE)) == ["WNG209"]


def test_wng210_image_lookup_needs_literals() -> None:
    """The CDK CLI can only look up by a name, an account and a region that are known to it."""
    when_cleared: dict[str, Any] = {"refresh": AmiRefresh.WHEN_CLEARED}
    here = make_stack(env=cdk.Environment(account="111122223333", region="us-west-2"))
    nowhere, token = make_stack(), cdk.Fn.ref("Token")
    for ami, version, stack, expected in (
        (WindowsAmi.server_2022(**when_cleared), "1.35", here, ["WNG201"]),
        (WindowsAmi.server_2022(**when_cleared), "1.35", nowhere, ["WNG210", "WNG201"]),
        (WindowsAmi.server_2022(**when_cleared), token, here, ["WNG210", "WNG201"]),
        (WindowsAmi.custom(ssm_parameter=token, **when_cleared), None, here, ["WNG210", "WNG201"]),
        (WindowsAmi.custom(image_id=token, **when_cleared), None, nowhere, []),
        (WindowsAmi.server_2022(), token, nowhere, []),
    ):
        assert codes(partial(ami.check, kubernetes_version=version, scope=stack)) == expected


def test_wng211_windows_edition() -> None:
    """There are two editions."""
    assert found(WindowsAmi.server_2022("Nano")) == ["WNG211"]
    assert found(WindowsAmi.server_2022("Full")) == []
    assert found(WindowsAmi.server_2022(cdk.Fn.ref("Edition"))) == []


def test_lookup_without_account() -> None:
    """A node group whose stack has no account says so among all else that is wrong."""
    with pytest.raises(InvalidNodeGroup) as caught:
        make_node_group(ami=WindowsAmi.server_2022(refresh=AmiRefresh.WHEN_CLEARED), disk_size=30)
    assert [problem.code for problem in caught.value.problems] == ["WNG210", "WNG401"]
