"""AWS::EC2::*: security groups, their rules, and launch templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.errors import ResourceFailed
from local_aws.cloudformation.resources.kind import Kind, Made, changed_tags

if TYPE_CHECKING:
    from local_aws.cloudformation.resources.kind import Task

_ALL_TRAFFIC = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}

_PEERS = frozenset(
    {
        "CidrIp",
        "CidrIpv6",
        "DestinationPrefixListId",
        "DestinationSecurityGroupId",
        "SourcePrefixListId",
        "SourceSecurityGroupId",
    }
)
_RULE_PROPERTIES = frozenset({"Description", "FromPort", "IpProtocol", "ToPort"})

_Permission = dict[str, Any]


def permission(rule: dict[str, Any]) -> _Permission:
    """A rule of a template as EC2's API wants it."""
    unknown = rule.keys() - _PEERS - _RULE_PROPERTIES - {"SourceSecurityGroupOwnerId", "GroupId"}
    if unknown:
        raise ResourceFailed(f"Encountered unsupported property {min(unknown)}")
    made: _Permission = {"IpProtocol": _protocol(rule["IpProtocol"])}
    if made["IpProtocol"] != "-1":
        made |= {key: int(rule[key]) for key in ("FromPort", "ToPort") if key in rule}
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    prefixes = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if "CidrIp" in rule:
        made["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    elif "CidrIpv6" in rule:
        made["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **described}]
    elif group:
        made["UserIdGroupPairs"] = [{"GroupId": group, **described}]
    elif prefixes:
        made["PrefixListIds"] = [{"PrefixListId": prefixes, **described}]
    else:
        raise ResourceFailed(
            "Invalid request provided: a security group rule needs a CIDR block, a prefix list or a security group"
        )
    return made


def _protocol(value: object) -> str:
    """`tcp` and `6` are the same protocol; EC2 shows names for the three that have one here."""
    return {"6": "tcp", "17": "udp", "1": "icmp"}.get(str(value).lower(), str(value).lower())


def _key(made: _Permission) -> tuple[object, ...]:
    """What makes two rules the same for EC2: everything but the description."""
    peers = (
        made.get("IpRanges")
        or made.get("Ipv6Ranges")
        or made.get("UserIdGroupPairs")
        or made.get("PrefixListIds")
        or [{}]
    )
    peer = next(
        (str(value) for key, value in peers[0].items() if key in ("CidrIp", "CidrIpv6", "GroupId", "PrefixListId")), ""
    )
    return made["IpProtocol"], made.get("FromPort", -1), made.get("ToPort", -1), peer


def _by_key(rules: list[dict[str, Any]]) -> dict[tuple[object, ...], _Permission]:
    made = [permission(rule) for rule in rules]
    return {_key(one): one for one in made}


def _change_rules(task: Task, group: str, direction: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    before, after = _by_key(old), _by_key(new)
    for key, rule in before.items():
        if after.get(key) != rule:
            task.call_if_there("ec2", f"revoke_security_group_{direction}", GroupId=group, IpPermissions=[rule])
    for key, rule in after.items():
        if before.get(key) != rule:
            task.call("ec2", f"authorize_security_group_{direction}", GroupId=group, IpPermissions=[rule])


def replace_ec2_tags(task: Task, resource_id: str) -> None:
    """Bring the tags of anything that EC2 tags by its id to what is wanted."""
    gone, fresh = changed_tags(task)
    if gone:
        task.call("ec2", "delete_tags", Resources=[resource_id], Tags=[{"Key": key} for key in gone])
    if fresh:
        task.call("ec2", "create_tags", Resources=[resource_id], Tags=fresh)


def tag_specifications(resource_type: str, tags: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Tags in the form that EC2's create calls want them; None if there are none."""
    return [{"ResourceType": resource_type, "Tags": tags}] if tags else None


def _change_specified_tags(task: Task, template_id: str) -> None:
    """The tags of a launch template itself, which are specified and not properties."""
    old, new = (
        {
            tag["Key"]: tag["Value"]
            for specification in properties.get("TagSpecifications", [])
            for tag in specification["Tags"]
        }
        for properties in (task.old_properties, task.properties)
    )
    if old.keys() - new.keys():
        gone = [{"Key": key} for key in sorted(old.keys() - new.keys())]
        task.call("ec2", "delete_tags", Resources=[template_id], Tags=gone)
    if new != old and new:
        task.call(
            "ec2", "create_tags", Resources=[template_id], Tags=[{"Key": key, "Value": new[key]} for key in sorted(new)]
        )


class SecurityGroup(Kind):
    """AWS::EC2::SecurityGroup with rules inline."""

    type = "AWS::EC2::SecurityGroup"
    properties = frozenset(
        {"GroupDescription", "GroupName", "SecurityGroupEgress", "SecurityGroupIngress", "Tags", "VpcId"}
    )
    required = frozenset({"GroupDescription"})
    immutable = frozenset({"GroupDescription", "GroupName", "VpcId"})
    name_property = "GroupName"
    attributes = frozenset({"GroupId", "Id", "VpcId"})
    takes_stack_tags = True

    def create(self, task: Task) -> Made:
        """Create the group; egress rules of the template replace EC2's allow-all."""
        properties = task.properties
        group = task.call(
            "ec2",
            "create_security_group",
            GroupName=properties.get("GroupName") or task.name(),
            Description=properties["GroupDescription"],
            VpcId=properties.get("VpcId"),
            TagSpecifications=tag_specifications("security-group", properties.get("Tags")),
        )["GroupId"]
        task.initiated(group)
        _change_rules(task, group, "ingress", [], properties.get("SecurityGroupIngress", []))
        _change_rules(task, group, "egress", [_ALL_TRAFFIC], properties.get("SecurityGroupEgress") or [_ALL_TRAFFIC])
        return self._made(task, group)

    def update(self, task: Task) -> Made:
        """Change rules and tags in place."""
        group, old, new = str(task.physical_id), task.old_properties, task.properties
        _change_rules(task, group, "ingress", old.get("SecurityGroupIngress", []), new.get("SecurityGroupIngress", []))
        before, after = (
            old.get("SecurityGroupEgress") or [_ALL_TRAFFIC],
            new.get("SecurityGroupEgress") or [_ALL_TRAFFIC],
        )
        _change_rules(task, group, "egress", before, after)
        replace_ec2_tags(task, group)
        return self._made(task, group)

    def _made(self, task: Task, group: str) -> Made:
        vpc = task.call("ec2", "describe_security_groups", GroupIds=[group])["SecurityGroups"][0]["VpcId"]
        return Made(group, {"GroupId": group, "Id": group, "VpcId": vpc})

    def delete(self, task: Task) -> None:
        """Delete the group; EC2 refuses while something uses it."""
        task.call("ec2", "delete_security_group", GroupId=task.physical_id)


class _Rule(Kind):
    """A rule on a group that need not be the template's."""

    direction: str
    attributes = frozenset({"Id"})

    def create(self, task: Task) -> Made:
        """Add the rule. EC2 refuses one that the group has (`InvalidPermission.Duplicate`)."""
        rules = task.call("ec2", f"authorize_security_group_{self.direction}", **self._arguments(task))[
            "SecurityGroupRules"
        ]
        return Made(rules[0]["SecurityGroupRuleId"], {"Id": rules[0]["SecurityGroupRuleId"]})

    def update(self, task: Task) -> Made:
        """Change the description; all else needs a new rule."""
        task.call("ec2", f"update_security_group_rule_descriptions_{self.direction}", **self._arguments(task))
        return Made(str(task.physical_id), {"Id": task.physical_id})

    def delete(self, task: Task) -> None:
        """Take the rule from its group, whosever the group is."""
        task.call("ec2", f"revoke_security_group_{self.direction}", **self._arguments(task))

    def _arguments(self, task: Task) -> dict[str, Any]:
        return {"GroupId": task.properties["GroupId"], "IpPermissions": [permission(task.properties)]}


class SecurityGroupIngress(_Rule):
    """AWS::EC2::SecurityGroupIngress."""

    type = "AWS::EC2::SecurityGroupIngress"
    direction = "ingress"
    properties = frozenset(
        {
            "CidrIp",
            "CidrIpv6",
            "Description",
            "FromPort",
            "GroupId",
            "IpProtocol",
            "SourcePrefixListId",
            "SourceSecurityGroupId",
            "SourceSecurityGroupOwnerId",
            "ToPort",
        }
    )
    required = frozenset({"GroupId", "IpProtocol"})
    immutable = properties - {"Description"}


class SecurityGroupEgress(_Rule):
    """AWS::EC2::SecurityGroupEgress."""

    type = "AWS::EC2::SecurityGroupEgress"
    direction = "egress"
    properties = frozenset(
        {
            "CidrIp",
            "CidrIpv6",
            "Description",
            "DestinationPrefixListId",
            "DestinationSecurityGroupId",
            "FromPort",
            "GroupId",
            "IpProtocol",
            "ToPort",
        }
    )
    required = frozenset({"GroupId", "IpProtocol"})
    immutable = properties - {"Description"}


class LaunchTemplate(Kind):
    """AWS::EC2::LaunchTemplate: each update is a new version."""

    type = "AWS::EC2::LaunchTemplate"
    properties = frozenset({"LaunchTemplateData", "LaunchTemplateName", "TagSpecifications", "VersionDescription"})
    required = frozenset({"LaunchTemplateData"})
    immutable = frozenset({"LaunchTemplateName"})
    name_property = "LaunchTemplateName"
    attributes = frozenset({"DefaultVersionNumber", "LatestVersionNumber", "LaunchTemplateId"})
    changing_attributes = frozenset({"LatestVersionNumber"})

    def create(self, task: Task) -> Made:
        """Create the template with its first version."""
        properties = task.properties
        template = task.call(
            "ec2",
            "create_launch_template",
            LaunchTemplateName=properties.get("LaunchTemplateName") or task.name(limit=128),
            **{key: properties.get(key) for key in ("LaunchTemplateData", "TagSpecifications", "VersionDescription")},
        )["LaunchTemplate"]
        return self._made(
            template["LaunchTemplateId"], template["DefaultVersionNumber"], template["LatestVersionNumber"]
        )

    def update(self, task: Task) -> Made:
        """Change the tags, and add a version if the data changed. The default version stays the first, as on AWS."""
        template_id, properties = str(task.physical_id), task.properties
        _change_specified_tags(task, template_id)
        versioned = ("LaunchTemplateData", "VersionDescription")
        if all(task.old_properties.get(key) == properties.get(key) for key in versioned):
            described = task.call("ec2", "describe_launch_templates", LaunchTemplateIds=[template_id])[
                "LaunchTemplates"
            ][0]
            return self._made(template_id, 1, described["LatestVersionNumber"])
        version = task.call(
            "ec2",
            "create_launch_template_version",
            LaunchTemplateId=template_id,
            **{key: properties.get(key) for key in ("LaunchTemplateData", "VersionDescription")},
        )["LaunchTemplateVersion"]["VersionNumber"]
        return self._made(template_id, 1, version)

    def _made(self, template_id: str, default: int, latest: int) -> Made:
        attributes = {
            "DefaultVersionNumber": str(default),
            "LatestVersionNumber": str(latest),
            "LaunchTemplateId": template_id,
        }
        return Made(template_id, attributes)

    def delete(self, task: Task) -> None:
        """Delete the template with all its versions."""
        task.call("ec2", "delete_launch_template", LaunchTemplateId=task.physical_id)


KINDS: tuple[type[Kind], ...] = (SecurityGroup, SecurityGroupIngress, SecurityGroupEgress, LaunchTemplate)
