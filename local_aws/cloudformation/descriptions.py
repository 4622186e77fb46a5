"""The API's calls that only look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation import parameters, template, uploads
from local_aws.cloudformation.change_set import without_values
from local_aws.cloudformation.errors import Refused
from local_aws.cloudformation.resources import kind_of

if TYPE_CHECKING:
    from local_aws.cloudformation.aws import Aws
    from local_aws.cloudformation.change_set import ChangeSet
    from local_aws.cloudformation.stack import Event, Resource, Stack
    from local_aws.cloudformation.stacks import Stacks

_Request = dict[str, Any]
_PAGE = 100


def _page(items: list[Any], request: _Request) -> tuple[list[Any], str | None]:
    start = int(request.get("NextToken", 0))
    return items[start : start + _PAGE], str(start + _PAGE) if len(items) > start + _PAGE else None


class Descriptions:
    """Describe, list and get."""

    def __init__(self, stacks: Stacks, aws: Aws) -> None:
        """Look at these stacks."""
        self._stacks = stacks
        self._aws = aws

    def describe_stacks(self, request: _Request) -> dict[str, Any]:
        """DescribeStacks."""
        if "StackName" in request:
            return {"Stacks": [_stack(self._stacks.get(request["StackName"]))]}
        shown, token = _page([_stack(stack) for stack in self._stacks if stack.exists], request)
        return {"Stacks": shown, "NextToken": token}

    def list_stacks(self, request: _Request) -> dict[str, Any]:
        """ListStacks."""
        wanted = request.get("StackStatusFilter")
        found = [_summary(stack) for stack in self._stacks if not wanted or stack.status in wanted]
        shown, token = _page(found[::-1], request)
        return {"StackSummaries": shown, "NextToken": token}

    def describe_stack_events(self, request: _Request) -> dict[str, Any]:
        """DescribeStackEvents, newest first."""
        stack = self._stacks.find(request["StackName"])
        if stack is None:
            raise Refused(f"Stack [{request['StackName']}] does not exist")
        shown, token = _page([_event(stack, event) for event in reversed(list(stack.events))], request)
        return {"StackEvents": shown, "NextToken": token}

    def describe_stack_resources(self, request: _Request) -> dict[str, Any]:
        """DescribeStackResources."""
        if "StackName" in request:
            stack = self._stacks.get(request["StackName"])
        else:
            stack = self._stack_of(request["PhysicalResourceId"])
        wanted = request.get("LogicalResourceId")
        found = [resource for resource in list(stack.resources.values()) if wanted in (None, resource.logical_id)]
        if wanted and not found:
            raise Refused(f"Resource {wanted} does not exist for stack {stack.name}")
        about = {"StackName": stack.name, "StackId": stack.id}
        return {
            "StackResources": [{**about, **_resource(resource), "Timestamp": resource.timestamp} for resource in found]
        }

    def describe_stack_resource(self, request: _Request) -> dict[str, Any]:
        """DescribeStackResource."""
        stack = self._stacks.get(request["StackName"])
        resource = stack.resources.get(request["LogicalResourceId"])
        if resource is None:
            raise Refused(f"Resource {request['LogicalResourceId']} does not exist for stack {stack.name}")
        about = {"StackName": stack.name, "StackId": stack.id, "LastUpdatedTimestamp": resource.timestamp}
        metadata = json.dumps(resource.metadata) if resource.metadata else None
        return {"StackResourceDetail": {**about, **_resource(resource), "Metadata": metadata}}

    def list_stack_resources(self, request: _Request) -> dict[str, Any]:
        """ListStackResources."""
        stack = self._stacks.get(request["StackName"])
        found = [
            {**_resource(resource), "LastUpdatedTimestamp": resource.timestamp}
            for resource in list(stack.resources.values())
        ]
        shown, token = _page(found, request)
        return {"StackResourceSummaries": shown, "NextToken": token}

    def get_template(self, request: _Request) -> dict[str, Any]:
        """GetTemplate: byte for byte as it was given; there are no transforms, so both stages are the same."""
        if "ChangeSetName" in request:
            target = self._stacks.change_set(request)[0].target
        else:
            found = self._stacks.get(request["StackName"]).target
            if found is None:
                return {"TemplateBody": "{}", "StagesAvailable": ["Original", "Processed"]}
            target = found
        return {"TemplateBody": target.template.text, "StagesAvailable": ["Original", "Processed"]}

    def get_template_summary(self, request: _Request) -> dict[str, Any]:
        """GetTemplateSummary."""
        if "StackName" in request:
            stack = self._stacks.get(request["StackName"])
            if stack.target is None:
                raise Refused(f"Stack [{stack.name}] has no template yet")
            parsed = stack.target.template
        else:
            parsed = template.parse(uploads.template_text(request, None, self._aws))
        declarations = parameters.declare(parsed.section("Parameters"))
        iam = any(kind_of(definition.type).needs_iam_capability for definition in parsed.resources.values())
        return {
            "Parameters": [_declaration(declaration) for declaration in declarations.values()],
            "Description": parsed.description,
            "Capabilities": ["CAPABILITY_NAMED_IAM"] if iam else [],
            "ResourceTypes": sorted({definition.type for definition in parsed.resources.values()}),
            "Version": parsed.body.get("AWSTemplateFormatVersion"),
            "Metadata": json.dumps(parsed.section("Metadata")) if parsed.section("Metadata") else None,
            "ResourceIdentifierSummaries": [],
        }

    def validate_template(self, request: _Request) -> dict[str, Any]:
        """ValidateTemplate."""
        summary = self.get_template_summary(request)
        declared = [
            {
                "ParameterKey": parameter["ParameterKey"],
                "DefaultValue": parameter["DefaultValue"],
                "NoEcho": parameter["NoEcho"],
                "Description": parameter["Description"],
            }
            for parameter in summary["Parameters"]
        ]
        return {"Parameters": declared, "Description": summary["Description"], "Capabilities": summary["Capabilities"]}

    def describe_change_set(self, request: _Request) -> dict[str, Any]:
        """DescribeChangeSet."""
        change_set, stack = self._stacks.change_set(request)
        changes = change_set.changes
        if not request.get("IncludePropertyValues"):
            changes = [without_values(change) for change in changes]
        shown, token = _page([{"Type": "Resource", "ResourceChange": change} for change in changes], request)
        return {
            **_change_set_summary(change_set, stack),
            "NotificationARNs": change_set.request.get("NotificationARNs", []),
            "RollbackConfiguration": change_set.request.get("RollbackConfiguration", {}),
            "Parameters": change_set.target.parameters.described(),
            "Capabilities": change_set.request.get("Capabilities", []),
            "Tags": _tags(change_set.target.tags),
            "Changes": shown,
            "NextToken": token,
        }

    def list_change_sets(self, request: _Request) -> dict[str, Any]:
        """ListChangeSets."""
        stack = self._stacks.get(request["StackName"])
        return {
            "Summaries": [_change_set_summary(change_set, stack) for change_set in list(stack.change_sets.values())]
        }

    def list_exports(self, request: _Request) -> dict[str, Any]:
        """ListExports."""
        found = [
            {"ExportingStackId": stack.id, "Name": output["ExportName"], "Value": output["OutputValue"]}
            for stack in self._stacks
            if stack.exists
            for output in stack.outputs
            if "ExportName" in output
        ]
        shown, token = _page(found, request)
        return {"Exports": shown, "NextToken": token}

    def describe_events(self, request: _Request) -> dict[str, Any]:
        """DescribeEvents: of a change set there are none, because what is wrong stands in its own reason."""
        if "ChangeSetName" in request:
            self._stacks.change_set(request)
            return {"OperationEvents": []}
        raise Refused("DescribeEvents is supported here for change sets only")

    def list_hook_results(self, request: _Request) -> dict[str, Any]:  # noqa: ARG002 - every call takes a request
        """ListHookResults: there are no hooks."""
        return {"HookResults": []}

    def _stack_of(self, physical_id: str) -> Stack:
        for stack in self._stacks:
            if any(resource.physical_id == physical_id for resource in list(stack.resources.values())):
                return stack
        raise Refused(f"Stack for {physical_id} does not exist")


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _stack(stack: Stack) -> dict[str, Any]:
    target = stack.target
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": target.template.description if target else None,
        "Parameters": target.parameters.described() if target else [],
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "RollbackConfiguration": stack.rollback_configuration,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": stack.notification_arns,
        "Capabilities": stack.capabilities,
        "Outputs": stack.outputs,
        "RoleARN": stack.role_arn,
        "Tags": _tags(target.tags) if target else [],
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def _summary(stack: Stack) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "TemplateDescription": stack.target.template.description if stack.target else None,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def _event(stack: Stack, event: Event) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "EventId": event.event_id,
        "StackName": stack.name,
        "OperationId": event.operation_id,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.timestamp,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceProperties": None if event.properties is None else json.dumps(event.properties),
        "ClientRequestToken": event.token,
    }


def _resource(resource: Resource) -> dict[str, Any]:
    return {
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.status_reason,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def _change_set_summary(change_set: ChangeSet, stack: Stack) -> dict[str, Any]:
    return {
        "ChangeSetId": change_set.id,
        "ChangeSetName": change_set.name,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": change_set.request.get("Description"),
        "CreationTime": change_set.created,
        "ExecutionStatus": change_set.execution_status,
        "Status": change_set.status,
        "StatusReason": change_set.status_reason,
        "IncludeNestedStacks": change_set.request.get("IncludeNestedStacks"),
        "ImportExistingResources": change_set.request.get("ImportExistingResources"),
    }


def _declaration(declaration: parameters.Parameter) -> dict[str, Any]:
    constraints = declaration.constraints
    allowed = constraints.get("AllowedValues")
    return {
        "ParameterKey": declaration.name,
        "DefaultValue": declaration.default,
        "ParameterType": constraints["Type"],
        "NoEcho": declaration.no_echo,
        "Description": constraints.get("Description"),
        "ParameterConstraints": {"AllowedValues": [str(value) for value in allowed]} if allowed else {},
    }
