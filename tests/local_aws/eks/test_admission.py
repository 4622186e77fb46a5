"""Who a token is in a cluster, asked over TLS."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_aws import LocalAws, LocalCluster

    NewRole = Callable[..., str]

_POLICY = "arn:aws:eks::aws:cluster-access-policy/{}"


def _status(cluster: LocalCluster, token: str, path: str = "/api/v1/namespaces/kube-system/configmaps") -> int:
    context = ssl.create_default_context(cadata=cluster.kubernetes.certificate_authority_pem.decode())
    request = urllib.request.Request(cluster.kubernetes.url + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - https
    try:
        with urllib.request.urlopen(request, context=context) as response:  # noqa: S310 - https
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def _map(cluster: LocalCluster, role_arn: str, *, groups: str = "[system:masters]", username: str = "mapped") -> None:
    entry = f"- rolearn: {role_arn}\n  username: {username}\n  groups: {groups}\n"
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": entry})


def _user(cluster: LocalCluster) -> str | None:
    return cluster.kubernetes.requests[-1].user


def test_unmapped_principal_is_refused(cluster: LocalCluster, new_role: NewRole) -> None:
    """A role that nobody mapped gets a 401."""
    assert _status(cluster, cluster.token(new_role())) == 401


def test_creator_is_administrator(cluster: LocalCluster) -> None:
    """The role that made the cluster may do everything, and its access entry says so."""
    assert _status(cluster, cluster.token()) == 200
    assert _status(cluster, cluster.token(), "/api/v1/nodes") == 200


@pytest.mark.parametrize("mode", ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"])
def test_creator_enters_in_every_mode(aws: LocalAws, mode: str) -> None:
    """The creator is an administrator in every mode, without an entry where there are none."""
    cluster = aws.create_cluster(f"creator-{mode.lower().replace('_', '-')}", authentication_mode=mode)
    assert _status(cluster, cluster.token()) == 200


def test_token_of_one_cluster_does_not_open_another(aws: LocalAws, cluster: LocalCluster) -> None:
    """The same role with a token for the neighbour is refused."""
    other = aws.create_cluster("neighbour")
    _map(cluster, other.creator_role_arn)
    assert _status(cluster, cluster.token(other.creator_role_arn)) == 200
    assert _status(cluster, other.token()) == 401


def test_aws_auth_maps_a_role(cluster: LocalCluster, new_role: NewRole) -> None:
    """An entry in aws-auth lets a role in, with its user name and groups."""
    role = new_role()
    _map(cluster, role, username="'{{SessionName}}@{{AccountID}}'")
    assert _status(cluster, cluster.token(role, session_name="some@body")) == 200
    assert _user(cluster) == f"some-body@{role.split(':')[4]}"


def test_groups_decide_what_a_mapped_role_may_do(cluster: LocalCluster, new_role: NewRole) -> None:
    """Known, but without permissions: 403."""
    role = new_role()
    _map(cluster, role, groups="[nobody]")
    assert _status(cluster, cluster.token(role)) == 403


def test_aws_auth_knows_no_role_paths(cluster: LocalCluster, new_role: NewRole) -> None:
    """An entry with the role's path never matches; without it, it does."""
    role = new_role("/teams/blue/")
    _map(cluster, role)
    assert _status(cluster, cluster.token(role)) == 401
    _map(cluster, role.replace("role/teams/blue/", "role/"))
    assert _status(cluster, cluster.token(role)) == 200


def test_aws_auth_is_read_as_the_authenticator_does(cluster: LocalCluster, new_role: NewRole) -> None:
    """Case does not matter in keys and ARNs, and the last of two entries counts."""
    role = new_role()
    text = (
        f"- rolearn: {role}\n  groups: [nobody]\n"
        "- 42\n- username: nobody\n"
        f"- roleARN: {role.upper().replace('ARN:AWS:IAM', 'arn:aws:iam')}\n  Groups: [system:masters]\n"
    )
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": text})
    assert _status(cluster, cluster.token(role)) == 200


@pytest.mark.parametrize("suffix", ["\n\t- broken", "x: [", "\n  groups: {{SessionName}}"])
def test_malformed_aws_auth_maps_nobody(cluster: LocalCluster, new_role: NewRole, suffix: str) -> None:
    """One syntax error locks everybody out."""
    role = new_role()
    entry = f"- rolearn: {role}\n  username: u\n  groups: [system:masters]"
    cluster.kubernetes.put_config_map("kube-system", "aws-auth", {"mapRoles": entry + suffix})
    assert _status(cluster, cluster.token(role)) == 401


def test_aws_auth_is_not_read_in_mode_api(aws: LocalAws, new_role: NewRole) -> None:
    """With access entries only, the map says nothing."""
    cluster = aws.create_cluster("entries-only", authentication_mode="API")
    role = new_role()
    _map(cluster, role)
    assert _status(cluster, cluster.token(role)) == 401


def test_access_entry_wins_whole_over_aws_auth(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """A role with an entry has the entry's permissions only: none here."""
    role = new_role()
    _map(cluster, role)
    assert _status(cluster, cluster.token(role)) == 200
    aws.client("eks").create_access_entry(clusterName=cluster.name, principalArn=role)
    assert _status(cluster, cluster.token(role)) == 403
    assert _user(cluster) == f"{role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/terminal"


def test_access_entry_is_for_the_role_with_its_path(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """An entry's principal is the role's real ARN."""
    role = new_role("/teams/blue/")
    eks = aws.client("eks")
    eks.create_access_entry(clusterName=cluster.name, principalArn=role)
    assert _status(cluster, cluster.token(role)) == 403


def test_access_policy_holds_in_its_namespaces(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """The edit policy scoped to kube-system opens ConfigMaps there, nothing elsewhere, and no nodes."""
    role = new_role()
    eks = aws.client("eks")
    eks.create_access_entry(clusterName=cluster.name, principalArn=role)
    eks.associate_access_policy(
        clusterName=cluster.name,
        principalArn=role,
        policyArn=_POLICY.format("AmazonEKSEditPolicy"),
        accessScope={"type": "namespace", "namespaces": ["kube-system"]},
    )
    token = cluster.token(role)
    assert _status(cluster, token) == 200
    assert _status(cluster, token, "/api/v1/namespaces/default/configmaps") == 403
    assert _status(cluster, token, "/api/v1/nodes") == 403


def test_access_policy_of_the_whole_cluster(aws: LocalAws, cluster: LocalCluster, new_role: NewRole) -> None:
    """AdminView reads everything everywhere, nodes too."""
    role = new_role()
    eks = aws.client("eks")
    eks.create_access_entry(clusterName=cluster.name, principalArn=role)
    policy = _POLICY.format("AmazonEKSAdminViewPolicy")
    eks.associate_access_policy(
        clusterName=cluster.name, principalArn=role, policyArn=policy, accessScope={"type": "cluster"}
    )
    token = cluster.token(role)
    assert _status(cluster, token, "/api/v1/nodes") == 200
    eks.disassociate_access_policy(clusterName=cluster.name, principalArn=role, policyArn=policy)
    assert _status(cluster, token, "/api/v1/nodes") == 403


def test_access_entry_takes_time_to_settle(
    aws: LocalAws, cluster: LocalCluster, new_role: NewRole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new entry does not count for some seconds."""
    monkeypatch.setattr(aws.eks, "settle_seconds", 3600)
    role = new_role()
    aws.client("eks").create_access_entry(clusterName=cluster.name, principalArn=role)
    assert _status(cluster, cluster.token(role)) == 401
    cluster.record.access_entries[role].effective_from = 0
    assert _status(cluster, cluster.token(role)) == 403


@pytest.mark.parametrize("by", ["aws-auth", "entry"])
def test_windows_node_is_named_after_its_instance(
    aws: LocalAws, cluster: LocalCluster, new_role: NewRole, by: str
) -> None:
    """An instance's session becomes a node of that name, by an EC2_WINDOWS entry or by aws-auth; no other does."""
    role = new_role()
    if by == "entry":
        aws.client("eks").create_access_entry(clusterName=cluster.name, principalArn=role, type="EC2_WINDOWS")
    else:
        _map(cluster, role, username="system:node:{{EC2PrivateDNSName}}", groups="[system:nodes]")
    image = aws.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    (instance,) = aws.client("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    assert _status(cluster, cluster.token(role, session_name=instance["InstanceId"])) == 403
    assert _user(cluster) == f"system:node:{instance['PrivateDnsName']}"
    assert _status(cluster, cluster.token(role, session_name="i-00000000000000000")) == 401
    assert _status(cluster, cluster.token(role, session_name="somebody")) == 401
