"""The custom resource that asks AWS first: what it answers on create, update, rollback and delete."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from windows_nodegroup.handler import deadline, preflight
from windows_nodegroup.handler.checks.aws import Aws
from windows_nodegroup.handler.checks.catalogue import AWS_CHECKS, CLUSTER_CHECKS, GATES
from windows_nodegroup.handler.cloudformation import Answer, Request
from windows_nodegroup.handler.deadline import Deadline
from windows_nodegroup.handler.failures import AwsCallFailed, InvalidProperties
from windows_nodegroup.handler.preflight_contract import ACKNOWLEDGEABLE, PERMISSIONS, AwsPreflight

from .conftest import CLUSTER, IMAGE, NODE_ROLE, REGION, Account, Answers, Describe, image

if TYPE_CHECKING:
    from windows_nodegroup.handler.checks.check import Check

pytestmark = pytest.mark.xdist_group("checks")

STACK = f"arn:aws:cloudformation:{REGION}:123456789012:stack/nodes/11111111-2222-3333-4444-555555555555"
SERVICES = ("ec2", "iam", "eks", "cloudformation")


def request(kind: str, *, old: object = None, **properties: object) -> Request:
    """Return a request of CloudFormation; an Update replaces the `old` properties, by default those of nothing."""
    return Request.parse(
        {
            "RequestType": kind,
            "RequestId": "1",
            "ResponseURL": "https://example.com/answer",
            "StackId": STACK,
            "LogicalResourceId": "Preflight",
            "ResourceType": AwsPreflight.TYPE,
            "PhysicalResourceId": "" if kind == "Create" else f"preflight/{CLUSTER}",
            "ResourceProperties": {"ServiceToken": "arn:aws:lambda", "ClusterName": CLUSTER, **properties},
            "OldResourceProperties": {"ClusterName": CLUSTER, **(old if isinstance(old, dict) else {})},
        }
    )


def stack_is(status: str) -> dict[str, Any]:
    """Return DescribeStacks' answer."""
    return {"Stacks": [{"StackName": "nodes", "CreationTime": "2026-01-01T00:00:00Z", "StackStatus": status}]}


@pytest.fixture
def everything(facts: Describe, account: Account, answers: Answers) -> dict[str, object]:
    """Declare everything that can be, all of it right."""
    answers.given |= {
        "eks:DescribeCluster": {"cluster": facts.cluster},
        "eks:DescribeAddon": {
            "addon": {"addonVersion": "v1.19.2-eksbuild.1", "configurationValues": '{"enableWindowsIpam": "true"}'}
        },
        "eks:DescribeAccessEntry": "ResourceNotFoundException",
        "ec2:DescribeImages": image(),
        "cloudformation:DescribeStacks": stack_is("UPDATE_IN_PROGRESS"),
    }
    return {
        AwsPreflight.AUTHENTICATION_MODE: "API_AND_CONFIG_MAP",
        AwsPreflight.NODE_ACCESS: "aws-auth",
        AwsPreflight.KUBERNETES_VERSION: "1.33",
        AwsPreflight.WINDOWS_VERSION: "2022",
        AwsPreflight.IMAGE_ID: IMAGE,
        AwsPreflight.VOLUME_SIZE: "50",
        AwsPreflight.VPC_ID: account.vpc_id,
        AwsPreflight.SUBNET_IDS: [account.public, account.private],
        AwsPreflight.SECURITY_GROUP_IDS: account.group,
        AwsPreflight.CONTROL_PLANE_SECURITY_GROUP_IDS: [account.group],
        AwsPreflight.INSTANCE_TYPES: "t3.large, m5.large",
        AwsPreflight.NODE_ROLE_ARN: NODE_ROLE,
        AwsPreflight.FUNCTION_IN_VPC: "true",
        AwsPreflight.FUNCTION_SUBNET_IDS: [account.private],
        AwsPreflight.FUNCTION_SECURITY_GROUP_IDS: [account.group],
        AwsPreflight.KUBECTL_ROLE_ARN: "arn:aws:iam::123456789012:role/kubectl",
        AwsPreflight.WAITS_FOR_SIGNALS: "true",
    }


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> list[Aws]:
    """Have the preflight ask with the clients of the test; return what it asked with."""
    made: list[Aws] = []

    def make(settle_seconds: float = 0.0) -> Aws:
        made.append(Aws(answers.client, settle_seconds=settle_seconds))
        return made[-1]

    monkeypatch.setattr(preflight, "_aws", make)
    monkeypatch.setattr(preflight, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(preflight, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(preflight, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(preflight, "CHECK_SECONDS", 0.1)
    monkeypatch.setenv("AWS_REGION", REGION)
    return made


def test_everything_right(everything: dict[str, object]) -> None:
    """When all is right, the answer carries no warning."""
    assert preflight.create(request("Create", **everything), Deadline(60)) == {"Warnings": "none"}


def test_only_what_is_granted_is_asked(
    everything: dict[str, object], account: Account, aws: list[Aws], answers: Answers
) -> None:
    """Every action that the AWS side asks for stands in the contract, and nothing stands there in vain."""
    isolated = {**everything, AwsPreflight.SUBNET_IDS: account.isolated, AwsPreflight.ACKNOWLEDGED: "PF204,PF206"}
    preflight.update(request("Update", **isolated), Deadline(60))
    answers.given["eks:DescribeCluster"] = "ResourceNotFoundException"
    with pytest.raises(preflight.PreflightFailed):
        preflight.create(request("Create", **everything), Deadline(60))
    asked = set().union(*(one.asked for one in aws))
    declared: set[str] = {action for check in (*GATES, *AWS_CHECKS) for action in check.asks}
    granted = {permission.action for permission in PERMISSIONS}

    assert asked == granted
    assert declared | {"cloudformation:DescribeStacks"} == granted


def test_every_failure_is_reported_at_once(everything: dict[str, object], account: Account, answers: Answers) -> None:
    """The reason begins with the codes of all failures, and each says what is wrong, the cure and the page."""
    answers.given["ec2:DescribeImages"] = image(PlatformDetails="Linux/UNIX", Name="ubuntu")
    wrong = {AwsPreflight.SUBNET_IDS: [account.stranger, account.closed], AwsPreflight.INSTANCE_TYPES: "m6g.large"}

    with pytest.raises(preflight.PreflightFailed) as failure:
        preflight.create(request("Create", **{**everything, **wrong}), Deadline(60))
    lines = failure.value.reason().splitlines()

    assert lines[0] == "preflight failed: PF202, PF203, PF204, PF206, PF301, PF402"
    assert lines[1] == (
        f"subnet {account.stranger} is in {account.other_vpc_id}, cluster my-cluster in {account.vpc_id}: give subnets "
        "of the cluster's VPC [PF202] https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"
    )
    assert len(lines) == 7


def test_a_long_reason_is_clamped(everything: dict[str, object]) -> None:
    """However much is wrong, the reason fits into CloudFormation's answer, and its first line has all codes."""
    many = [f"subnet-{number:017x}" for number in range(200)]
    with pytest.raises(preflight.PreflightFailed) as failure:
        preflight.create(request("Create", **{**everything, AwsPreflight.SUBNET_IDS: many}), Deadline(60))
    reason = failure.value.reason()
    answer = Answer(physical_id=f"preflight/{CLUSTER}", reason=reason).encode(request("Create"))

    assert len(reason.encode()) <= 3000
    assert reason.splitlines()[-1].endswith("more in the function's log")
    assert len(answer) <= 4096
    assert json.loads(answer)["Reason"] == reason


def test_an_acknowledged_failure_becomes_a_warning(everything: dict[str, object], account: Account) -> None:
    """A failing check that somebody acknowledged does not stop the deployment, and is still told."""
    closed = {**everything, AwsPreflight.SUBNET_IDS: [account.closed], AwsPreflight.ACKNOWLEDGED: "PF203"}
    warnings = preflight.create(request("Create", **closed), Deadline(60))["Warnings"]

    assert warnings.startswith(f"subnet {account.closed} is public, but assigns no public addresses")


@pytest.mark.parametrize("code", ["PF101", "PF102"])
def test_the_gates_cannot_be_acknowledged(facts: Describe, answers: Answers, code: str) -> None:
    """Without an ACTIVE cluster nothing goes on, whatever was acknowledged."""
    failed = {"cluster": {**facts.cluster, "status": "FAILED"}}
    answers.given["eks:DescribeCluster"] = "ResourceNotFoundException" if code == "PF101" else failed

    with pytest.raises(preflight.PreflightFailed, match=code):
        preflight.create(request("Create", Acknowledged=code), Deadline(60))


def test_what_cannot_be_asked_is_told(everything: dict[str, object], answers: Answers) -> None:
    """Checks that lack a permission or a route do not fail the deployment; the warnings name them, once per reason."""
    answers.given |= {
        "iam:ListAttachedRolePolicies": ConnectTimeoutError(endpoint_url="https://iam"),
        "ec2:DescribeImages": "UnauthorizedOperation",
    }
    warnings = preflight.create(request("Create", **everything), Deadline(60))["Warnings"].splitlines()

    assert warnings == [
        "not checked: PF401, PF402, PF403, PF404, PF405 (ec2:DescribeImages is not allowed)",
        "not checked: PF501 (iam is out of reach)",
    ]


@pytest.mark.parametrize("refusal", ["AccessDeniedException", ConnectTimeoutError(endpoint_url="https://any")])
def test_no_check_fails_for_want_of_permission(
    everything: dict[str, object], answers: Answers, refusal: str | Exception
) -> None:
    """With nothing but DescribeCluster allowed or in reach a deployment goes on: each check says why it did not see."""
    everything = {**everything, AwsPreflight.KUBERNETES_VERSION: ""}
    asking = {action for check in AWS_CHECKS for action in check.asks} - {"eks:DescribeCluster"}
    answers.given |= dict.fromkeys(asking, refusal)
    report = preflight._check(request("Create", **everything), Deadline(60))
    status = {outcome.check.code: outcome.status.value for outcome in report.outcomes}

    for check in AWS_CHECKS:
        needs_more = set(check.asks) - {"eks:DescribeCluster"} and check.code not in {
            "PF206",
            "PF504",
            "PF510",
            "PF511",
        }
        assert (
            status[check.code] == "not checked"
            if needs_more
            else status[check.code] in {"passed", "not needed", "not checked"}
        )


def test_each_check_asks_what_it_declares(
    everything: dict[str, object], account: Account, answers: Answers, facts: Describe
) -> None:
    """No check asks for an action that it does not list."""
    everywhere = {**everything, AwsPreflight.SUBNET_IDS: [account.public, account.isolated, account.peered]}
    for check in AWS_CHECKS:
        facts.aws = Aws(answers.client)
        wanted = preflight.declared({"ClusterName": CLUSTER, **everywhere})
        check.run(facts(**{name: getattr(wanted, name) for name in wanted.__slots__}))

        assert facts.aws.asked <= set(check.asks), check.code


def test_it_waits_for_the_cluster(facts: Describe, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster in the making is looked at until it is ACTIVE."""
    states = iter(["CREATING", "UPDATING", "ACTIVE"])
    real = Aws.ask_again

    def ask_again(self: Aws, action: str, **arguments: object) -> dict[str, Any]:
        if action == "eks:DescribeCluster":
            answers.given[action] = {"cluster": {**facts.cluster, "status": next(states)}}
        return real(self, action, **arguments)

    monkeypatch.setattr(Aws, "ask_again", ask_again)

    assert "PF102" not in preflight.create(request("Create"), Deadline(60))["Warnings"]
    assert next(states, None) is None


def test_it_does_not_wait_beyond_the_deadline(
    facts: Describe, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster that stays in the making is a failure before the deadline."""
    answers.given["eks:DescribeCluster"] = {"cluster": {**facts.cluster, "status": "CREATING"}}
    pauses: list[float] = []
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: sum(pauses), sleep=pauses.append))

    with pytest.raises(preflight.PreflightFailed, match=r"cluster my-cluster is CREATING, wait .* \[PF102\]"):
        preflight.create(request("Create"), Deadline(0.5))
    assert 0 < sum(pauses) < 0.5


@pytest.mark.parametrize("status", ["FAILED", "DELETING"])
def test_it_does_not_wait_in_vain(
    facts: Describe, answers: Answers, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster that will not become ACTIVE ends the deployment at once."""
    monkeypatch.setattr(preflight, "POLL_SECONDS", 30)
    answers.given["eks:DescribeCluster"] = {"cluster": {**facts.cluster, "status": status}}

    with pytest.raises(preflight.PreflightFailed, match=f"cluster my-cluster is {status}, it will not become ACTIVE"):
        preflight.create(request("Create"), Deadline(60))


def test_a_cluster_that_may_not_be_described(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without DescribeCluster there are no facts: that fails, after the time that a new policy needs, with the cure."""
    monkeypatch.setattr(preflight, "DESCRIBE_SECONDS", 0.05)
    answers.given["eks:DescribeCluster"] = "AccessDeniedException"

    with pytest.raises(AwsCallFailed, match="eks:DescribeCluster is not allowed"):
        preflight.create(request("Create"), Deadline(60))


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
@pytest.mark.parametrize("cluster", ["ResourceNotFoundException", "AccessDeniedException"])
def test_a_rollback_is_not_checked(answers: Answers, status: str, cluster: str, aws: list[Aws]) -> None:
    """During a rollback nothing is checked and nothing waited for, even if the cluster is gone or EKS out of reach."""
    answers.given |= {"cloudformation:DescribeStacks": stack_is(status), "eks:DescribeCluster": cluster}

    assert preflight.update(request("Update"), Deadline(60)) == {AwsPreflight.WARNINGS: "none"}
    assert set().union(*(one.asked for one in aws)) == {"cloudformation:DescribeStacks"}


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "AccessDenied"])
def test_an_update_without_eks(answers: Answers, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    """Without EKS an Update fails, unless it may be a rollback for all that is known."""
    monkeypatch.setattr(preflight, "DESCRIBE_SECONDS", 0.05)
    answers.given["cloudformation:DescribeStacks"] = stack_is(status) if "_" in status else status
    answers.given["eks:DescribeCluster"] = "AccessDeniedException"

    if "_" in status:
        with pytest.raises(AwsCallFailed):
            preflight.update(request("Update"), Deadline(0.3))
    else:
        warnings = preflight.update(request("Update"), Deadline(0.3))[AwsPreflight.WARNINGS]
        assert "cluster my-cluster cannot be described" in warnings


def test_an_update_is_checked(everything: dict[str, object], account: Account) -> None:
    """An Update that is no rollback fails like a Create."""
    with pytest.raises(preflight.PreflightFailed, match="PF202"):
        preflight.update(request("Update", **{**everything, AwsPreflight.SUBNET_IDS: account.stranger}), Deadline(60))


@pytest.mark.parametrize("has_entry", [False, True])
@pytest.mark.parametrize("mode", ["API_AND_CONFIG_MAP", "API"])
def test_a_cluster_that_has_moved_on(
    everything: dict[str, object], answers: Answers, facts: Describe, mode: str, *, has_entry: bool
) -> None:
    """On the way to mode API, with an access entry or without, an Update that declares nothing new only warns."""
    answers.given["eks:DescribeCluster"] = {"cluster": {**facts.cluster, "accessConfig": {"authenticationMode": mode}}}
    if has_entry:
        answers.given["eks:DescribeAccessEntry"] = {"accessEntry": {"type": "EC2_WINDOWS"}}
    warnings = preflight.update(request("Update", old=everything, **everything), Deadline(60))["Warnings"]

    assert ("[PF105]" in warnings, "[PF503]" in warnings) == (mode == "API", has_entry)


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        ("Create", {}),
        ("Update", {AwsPreflight.AUTHENTICATION_MODE: "CONFIG_MAP"}),
        ("Update", {AwsPreflight.NODE_ACCESS: "access-entry"}),
        ("Update", {AwsPreflight.NODE_ROLE_ARN: "arn:aws:iam::123456789012:role/former"}),
        ("Update", {AwsPreflight.CLUSTER_NAME: "former"}),
    ],
)
def test_what_is_new_has_to_fit(
    everything: dict[str, object], answers: Answers, facts: Describe, kind: str, before: dict[str, object]
) -> None:
    """What relies on aws-auth anew fails in a cluster that does not read it."""
    answers.given["eks:DescribeCluster"] = {"cluster": {**facts.cluster, "accessConfig": {"authenticationMode": "API"}}}
    asked = request(kind, old={**everything, **before}, **everything)
    ask = preflight.create if kind == "Create" else preflight.update

    with pytest.raises(preflight.PreflightFailed, match="PF105"):
        ask(asked, Deadline(60))


@pytest.mark.parametrize(
    ("kind", "status", "before", "outcome"),
    [
        ("Create", "CREATE_IN_PROGRESS", {}, "failed"),
        ("Create", "UPDATE_IN_PROGRESS", {}, "not checked"),
        ("Update", "UPDATE_IN_PROGRESS", {}, "not needed"),
        ("Update", "UPDATE_IN_PROGRESS", {AwsPreflight.AUTHENTICATION_MODE: "API"}, "not needed"),
        ("Update", "UPDATE_IN_PROGRESS", {AwsPreflight.NODE_ACCESS: "aws-auth"}, "failed"),
        ("Update", "UPDATE_IN_PROGRESS", {AwsPreflight.NODE_ROLE_ARN: "arn:aws:iam::123456789012:role/a"}, "failed"),
        ("Update", "UPDATE_IN_PROGRESS", {AwsPreflight.CLUSTER_NAME: "former"}, "failed"),
    ],
)
def test_an_entry_that_is_there(  # noqa: PLR0913, PLR0917 — the kinds of requests
    everything: dict[str, object],
    answers: Answers,
    kind: str,
    status: str,
    before: dict[str, object],
    outcome: str,
) -> None:
    """The entry that a stack is to make must not be there before; one that an Update keeps is the stack's own."""
    answers.given["eks:DescribeAccessEntry"] = {"accessEntry": {"type": "EC2_WINDOWS"}}
    answers.given["cloudformation:DescribeStacks"] = stack_is(status)
    declared = {**everything, AwsPreflight.NODE_ACCESS: "access-entry"}
    report = preflight._check(request(kind, old={**declared, **before}, **declared), Deadline(60))

    assert {one.check.code: one.status.value for one in report.outcomes}["PF510"] == outcome


def test_a_cluster_does_not_move_back(everything: dict[str, object], answers: Answers, facts: Describe) -> None:
    """A cluster in mode CONFIG_MAP where entries were declared is another one of that name: that fails."""
    config_map = {"authenticationMode": "CONFIG_MAP"}
    answers.given["eks:DescribeCluster"] = {"cluster": {**facts.cluster, "accessConfig": config_map}}

    with pytest.raises(preflight.PreflightFailed, match="PF105"):
        preflight.update(request("Update", old=everything, **everything), Deadline(60))


def leaves(cluster: str, everything: dict[str, object], **changes: object) -> Request:
    """Return the Update of a stack whose cluster was another one."""
    return request("Update", old={**everything, AwsPreflight.CLUSTER_NAME: cluster}, **{**everything, **changes})


@pytest.mark.parametrize("listed", [{"clusters": ["former", CLUSTER]}, "AccessDeniedException"])
def test_a_cluster_is_not_left_with_an_entry(
    everything: dict[str, object], answers: Answers, listed: dict[str, Any] | str
) -> None:
    """A cluster that is or may be there is not left: in the end the function could not take the entry from its map."""
    answers.given["eks:ListClusters"] = listed

    with pytest.raises(preflight.ClusterChanged) as failure:
        preflight.update(leaves("former", everything), Deadline(60))
    assert failure.value.reason().startswith(
        f"the stack's cluster cannot be changed from former to {CLUSTER}, because the nodes' role would stay in the "
        "aws-auth of former, out of the function's reach: launch a new stack for my-cluster and delete this one "
        "[WNG917] https://"
    )


@pytest.mark.parametrize(
    ("former", "changes"),
    [
        ("gone", {}),
        ("former", {AwsPreflight.CLUSTER_OF_APP: "true"}),
        (CLUSTER, {AwsPreflight.SUBNET_IDS: []}),
    ],
)
def test_a_cluster_that_goes_is_left(
    everything: dict[str, object], answers: Answers, former: str, changes: dict[str, object]
) -> None:
    """A cluster that is gone, or that the app replaces, takes its map with it; and most updates leave none."""
    answers.given["eks:ListClusters"] = {"clusters": ["former", CLUSTER]}

    assert preflight.update(leaves(former, everything, **changes), Deadline(60)) == {"Warnings": "none"}


def test_a_cluster_without_an_entry_is_left(everything: dict[str, object], answers: Answers) -> None:
    """Where the nodes were let in by an access entry, CloudFormation itself moves that."""
    answers.given["eks:ListClusters"] = {"clusters": ["former", CLUSTER]}
    everything[AwsPreflight.NODE_ACCESS] = "access-entry"

    assert preflight.update(leaves("former", everything), Deadline(60)) == {"Warnings": "none"}


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", ""])
def test_a_rollback_returns_to_its_cluster(everything: dict[str, object], answers: Answers, status: str) -> None:
    """What goes back, or may go back, to the cluster before is not refused."""
    answers.given["eks:ListClusters"] = {"clusters": ["refused", CLUSTER]}
    answers.given["cloudformation:DescribeStacks"] = stack_is(status) if status else "AccessDenied"
    warnings = preflight.update(leaves("refused", everything), Deadline(60))["Warnings"]

    assert ("[WNG917]" in warnings) == (not status)


def test_an_update_that_may_be_a_rollback_does_not_fail(
    everything: dict[str, object], account: Account, answers: Answers
) -> None:
    """Where nobody can say whether it is a rollback, failures are told as warnings."""
    answers.given["cloudformation:DescribeStacks"] = "AccessDenied"
    warnings = preflight.update(
        request("Update", **{**everything, AwsPreflight.SUBNET_IDS: account.stranger}), Deadline(60)
    )["Warnings"]

    assert f"subnet {account.stranger} is in {account.other_vpc_id}" in warnings
    assert "[PF202]" in warnings


def test_warnings_fit(everything: dict[str, object], answers: Answers) -> None:
    """However many warnings there are, the answer is one that CloudFormation takes, and says that there are more."""
    answers.given["cloudformation:DescribeStacks"] = "AccessDenied"
    many = [f"subnet-{number:017x}" for number in range(100)]
    event = request("Update", **{**everything, AwsPreflight.SUBNET_IDS: many})
    data = preflight.update(event, Deadline(60))
    answer = Answer(physical_id=f"preflight/{CLUSTER}", data=data).encode(event)

    assert len(answer) <= 4096
    assert json.loads(answer)["Data"] == data
    assert data["Warnings"].endswith("more in the function's log")


def test_nothing_is_deleted(answers: Answers) -> None:
    """A Delete succeeds without asking anything, even without properties."""
    answers.given = dict.fromkeys(("eks:DescribeCluster", "cloudformation:DescribeStacks"), "AccessDenied")

    assert preflight.delete(request("Delete"), Deadline(60)) == {}


def test_the_physical_id_is_the_clusters() -> None:
    """The physical id depends on nothing but the cluster."""
    assert preflight.physical_id({"ClusterName": CLUSTER, "SubnetIds": ["subnet-1"]}) == f"preflight/{CLUSTER}"


def test_a_missing_name_is_told() -> None:
    """Without a cluster's name there is nothing to ask."""
    with pytest.raises(InvalidProperties, match="ClusterName"):
        preflight.create(request("Create", ClusterName=""), Deadline(60))


def test_properties_are_read_as_cloudformation_sends_them() -> None:
    """Lists may be lists or one string; scalars of another type than a string count as not declared."""
    declared = preflight.declared(
        {
            "ClusterName": CLUSTER,
            "SubnetIds": ["subnet-1,subnet-2", "subnet-1", 3],
            "FunctionInVpc": "True",
            "VolumeSize": 50,
        }
    )

    assert declared.subnet_ids == ("subnet-1", "subnet-2")
    assert (declared.function_in_vpc, declared.volume_size) == ("true", "")


def test_a_mistake_in_a_check_stops_nothing(everything: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that breaks is one that was not made."""
    monkeypatch.setattr(type(AWS_CHECKS[0]), "problems", lambda _self, _facts: 1 / 0)

    assert preflight.create(request("Create", **everything), Deadline(60))["Warnings"] == (
        "not checked: PF103 (unexpected ZeroDivisionError)"
    )


CHECKS: tuple[Check[Any], ...] = (*GATES, *AWS_CHECKS, *CLUSTER_CHECKS)


def test_codes_are_unique_and_in_order() -> None:
    """Every check has a code of its own, and the catalogue is sorted by them."""
    codes = [check.code for check in CHECKS]

    assert codes == sorted(set(codes))


#: They compare what is declared.
_ASKS_NOTHING = frozenset({"PF304"})


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_check_explains_itself(check: Check[Any]) -> None:
    """Every check has a meaning, a cure, a page and a sentence on what it does not see."""
    assert check.meaning
    assert check.cure[0].islower()
    assert check.documentation.startswith("https://")
    assert check.unseen[0].islower()
    assert check.asks or check.code in _ASKS_NOTHING
    assert not any(text.endswith(".") for text in (check.cure, check.unseen, check.meaning))


def test_what_can_be_acknowledged() -> None:
    """The template knows the code of every check that a failure can be acknowledged of."""
    assert tuple(check.code for check in AWS_CHECKS) == tuple(sorted(check.code for check in AWS_CHECKS))
    assert tuple(check.code for check in AWS_CHECKS) == ACKNOWLEDGEABLE
