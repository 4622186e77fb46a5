"""AWS::IAM::*: roles, policies and instance profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.resources.kind import Kind, Made, changed_tags

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task


def _put_inline_policies(task: Task, role: str) -> None:
    wanted = {policy["PolicyName"]: policy["PolicyDocument"] for policy in task.properties.get("Policies", [])}
    for policy in task.old_properties.get("Policies", []):
        if policy["PolicyName"] not in wanted:
            task.call_if_there("iam", "delete_role_policy", RoleName=role, PolicyName=policy["PolicyName"])
    for name, document in wanted.items():
        task.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=document)


def _attach_managed_policies(task: Task, role: str) -> None:
    wanted = set(task.properties.get("ManagedPolicyArns", []))
    attached = task.call("iam", "list_attached_role_policies", RoleName=role)["AttachedPolicies"]
    present = {policy["PolicyArn"] for policy in attached}
    # Policies that somebody else attached stay.
    for arn in (present - wanted) & set(task.old_properties.get("ManagedPolicyArns", [])):
        task.call_if_there("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)
    for arn in sorted(wanted - present):
        task.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)


def _replace_tags(task: Task, role: str) -> None:
    gone, fresh = changed_tags(task)
    if gone:
        task.call("iam", "untag_role", RoleName=role, TagKeys=gone)
    if fresh:
        task.call("iam", "tag_role", RoleName=role, Tags=fresh)


class Role(Kind):
    """AWS::IAM::Role."""

    type = "AWS::IAM::Role"
    properties = frozenset(
        {
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        }
    )
    required = frozenset({"AssumeRolePolicyDocument"})
    immutable = frozenset({"Path", "RoleName"})
    name_property = "RoleName"
    attributes = frozenset({"Arn", "RoleId"})
    takes_stack_tags = True
    needs_iam_capability = True

    def create(self, task: Task) -> Made:
        """Create the role with everything attached to it."""
        properties = task.properties
        name = properties.get("RoleName") or task.name(limit=64)
        role = task.call(
            "iam",
            "create_role",
            RoleName=name,
            AssumeRolePolicyDocument=properties["AssumeRolePolicyDocument"],
            **{
                key: properties.get(key)
                for key in ("Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags")
            },
        )["Role"]
        task.initiated(name)
        _attach_managed_policies(task, name)
        _put_inline_policies(task, name)
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(self, task: Task) -> Made:
        """Bring trust, policies, boundary and tags to what is wanted."""
        name, properties = str(task.physical_id), task.properties
        # moto wants a version, and none but this one.
        trust = {"Version": "2012-10-17", **properties["AssumeRolePolicyDocument"]}
        task.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=trust)
        task.call(
            "iam",
            "update_role",
            RoleName=name,
            Description=properties.get("Description", ""),
            MaxSessionDuration=properties.get("MaxSessionDuration", 3600),
        )
        boundary = properties.get("PermissionsBoundary")
        if boundary:
            task.call("iam", "put_role_permissions_boundary", RoleName=name, PermissionsBoundary=boundary)
        elif task.old_properties.get("PermissionsBoundary"):
            task.call_if_there("iam", "delete_role_permissions_boundary", RoleName=name)
        _attach_managed_policies(task, name)
        _put_inline_policies(task, name)
        _replace_tags(task, name)
        role = task.call("iam", "get_role", RoleName=name)["Role"]
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def delete(self, task: Task) -> None:
        """Detach what the template attached, then delete; what others attached makes that fail, as on AWS."""
        name = str(task.physical_id)
        for arn in task.properties.get("ManagedPolicyArns", []):
            task.call_if_there("iam", "detach_role_policy", RoleName=name, PolicyArn=arn)
        for policy in task.properties.get("Policies", []):
            task.call_if_there("iam", "delete_role_policy", RoleName=name, PolicyName=policy["PolicyName"])
        task.call("iam", "delete_role", RoleName=name)


class Policy(Kind):
    """AWS::IAM::Policy: an inline policy put onto several roles."""

    type = "AWS::IAM::Policy"
    properties = frozenset({"PolicyDocument", "PolicyName", "Roles"})
    required = frozenset({"PolicyDocument", "PolicyName", "Roles"})
    attributes = frozenset({"Id"})
    needs_iam_capability = True

    def create(self, task: Task) -> Made:
        """Put the policy onto every role."""
        physical_id = task.name(limit=40)
        task.initiated(physical_id)
        return self._put(task, physical_id)

    def update(self, task: Task) -> Made:
        """Put it anew, and take it from roles that are no longer named."""
        old = {(role, task.old_properties["PolicyName"]) for role in task.old_properties["Roles"]}
        made = self._put(task, str(task.physical_id))
        for role, name in old - {(role, task.properties["PolicyName"]) for role in task.properties["Roles"]}:
            task.call_if_there("iam", "delete_role_policy", RoleName=role, PolicyName=name)
        return made

    def _put(self, task: Task, physical_id: str) -> Made:
        name, document = task.properties["PolicyName"], task.properties["PolicyDocument"]
        for role in task.properties["Roles"]:
            task.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=document)
        return Made(physical_id, {"Id": physical_id})

    def delete(self, task: Task) -> None:
        """Take the policy from every role."""
        for role in task.properties["Roles"]:
            task.call_if_there("iam", "delete_role_policy", RoleName=role, PolicyName=task.properties["PolicyName"])


class RolePolicy(Kind):
    """AWS::IAM::RolePolicy: an inline policy of one role."""

    type = "AWS::IAM::RolePolicy"
    properties = frozenset({"PolicyDocument", "PolicyName", "RoleName"})
    required = frozenset({"PolicyName", "RoleName"})
    immutable = frozenset({"PolicyName", "RoleName"})
    needs_iam_capability = True

    def create(self, task: Task) -> Made:
        """Put the policy onto the role."""
        task.call("iam", "put_role_policy", **task.properties)
        return Made(f"{task.properties['PolicyName']}|{task.properties['RoleName']}")

    def update(self, task: Task) -> Made:
        """Put it anew."""
        return self.create(task)

    def delete(self, task: Task) -> None:
        """Take it from the role."""
        policy, role = str(task.physical_id).split("|")
        task.call_if_there("iam", "delete_role_policy", RoleName=role, PolicyName=policy)


class ManagedPolicy(Kind):
    """AWS::IAM::ManagedPolicy."""

    type = "AWS::IAM::ManagedPolicy"
    properties = frozenset({"Description", "ManagedPolicyName", "Path", "PolicyDocument", "Roles"})
    required = frozenset({"PolicyDocument"})
    immutable = frozenset({"Description", "ManagedPolicyName", "Path"})
    name_property = "ManagedPolicyName"
    attributes = frozenset({"PolicyArn", "PolicyId"})
    needs_iam_capability = True

    def create(self, task: Task) -> Made:
        """Create the policy and attach it to its roles."""
        properties = task.properties
        policy = task.call(
            "iam",
            "create_policy",
            PolicyName=properties.get("ManagedPolicyName") or task.name(limit=128),
            PolicyDocument=properties["PolicyDocument"],
            **{key: properties.get(key) for key in ("Description", "Path")},
        )["Policy"]
        task.initiated(policy["Arn"])
        for role in properties.get("Roles", []):
            task.call("iam", "attach_role_policy", RoleName=role, PolicyArn=policy["Arn"])
        return Made(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})

    def update(self, task: Task) -> Made:
        """Make a new default version; IAM keeps five, so the older ones go."""
        arn = str(task.physical_id)
        for version in task.call("iam", "list_policy_versions", PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                task.call("iam", "delete_policy_version", PolicyArn=arn, VersionId=version["VersionId"])
        task.call(
            "iam",
            "create_policy_version",
            PolicyArn=arn,
            PolicyDocument=task.properties["PolicyDocument"],
            SetAsDefault=True,
        )
        old, new = set(task.old_properties.get("Roles", [])), set(task.properties.get("Roles", []))
        for role in sorted(old - new):
            task.call_if_there("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)
        for role in sorted(new):
            task.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)
        policy = task.call("iam", "get_policy", PolicyArn=arn)["Policy"]
        return Made(arn, {"PolicyArn": arn, "PolicyId": policy["PolicyId"]})

    def delete(self, task: Task) -> None:
        """Detach the policy, and delete it with all its versions."""
        arn = str(task.physical_id)
        for role in task.properties.get("Roles", []):
            task.call_if_there("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)
        for version in task.call("iam", "list_policy_versions", PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                task.call("iam", "delete_policy_version", PolicyArn=arn, VersionId=version["VersionId"])
        task.call("iam", "delete_policy", PolicyArn=arn)


class InstanceProfile(Kind):
    """AWS::IAM::InstanceProfile."""

    type = "AWS::IAM::InstanceProfile"
    properties = frozenset({"InstanceProfileName", "Path", "Roles"})
    required = frozenset({"Roles"})
    immutable = frozenset({"InstanceProfileName", "Path"})
    name_property = "InstanceProfileName"
    attributes = frozenset({"Arn"})
    needs_iam_capability = True

    def create(self, task: Task) -> Made:
        """Create the profile around its role."""
        properties = task.properties
        name = properties.get("InstanceProfileName") or task.name(limit=128)
        profile = task.call("iam", "create_instance_profile", InstanceProfileName=name, Path=properties.get("Path"))
        task.initiated(name)
        for role in properties["Roles"]:
            task.call("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=role)
        return Made(name, {"Arn": profile["InstanceProfile"]["Arn"]})

    def update(self, task: Task) -> Made:
        """Exchange the role."""
        name = str(task.physical_id)
        profile: dict[str, Any] = task.call("iam", "get_instance_profile", InstanceProfileName=name)["InstanceProfile"]
        present = {role["RoleName"] for role in profile["Roles"]}
        wanted = set(task.properties["Roles"])
        for role in sorted(present - wanted):
            task.call_if_there("iam", "remove_role_from_instance_profile", InstanceProfileName=name, RoleName=role)
        for role in sorted(wanted - present):
            task.call("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=role)
        return Made(name, {"Arn": profile["Arn"]})

    def delete(self, task: Task) -> None:
        """Empty the profile and delete it."""
        name = str(task.physical_id)
        for role in task.properties["Roles"]:
            task.call_if_there("iam", "remove_role_from_instance_profile", InstanceProfileName=name, RoleName=role)
        task.call("iam", "delete_instance_profile", InstanceProfileName=name)


KINDS: tuple[type[Kind], ...] = (Role, Policy, RolePolicy, ManagedPolicy, InstanceProfile)
