"""What IAM would refuse, as far as it matters here: assuming a role, and what a Lambda function does with its role.

The developer's own user is an administrator, and so is whatever CloudFormation does; the roles of functions are held to
their policies: action, resource, allow and deny. A statement with conditions allows nothing here.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.iam.exceptions import NotFoundException
from moto.iam.models import Role, iam_backends

if TYPE_CHECKING:
    from moto.core.request import Request

    from local_aws.callers import Caller
    from local_aws.place import Place

_Statement = dict[str, Any]

#: The parameter that is the ARN of what is asked about.
_ARN_IN = {("sts", "AssumeRole"): "RoleArn", ("cloudformation", "DescribeStacks"): "StackName"}


class Permissions:
    """IAM's judgement for one account and region; called by the front for every request but S3's."""

    def __init__(self, place: Place) -> None:
        """Judge by the roles of this account."""
        self._place = place
        self._iam = iam_backends[place.account][place.partition]

    def __call__(self, caller: Caller, service: str, operation: str, request: Request) -> str | None:
        """Why `caller` may not do this; None when it may."""
        action = f"{'cloudformation' if service == 'cloudcontrol' else service}:{operation}"
        resource = self._resource(service, operation, request)
        refused = f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource}"
        if action == "sts:AssumeRole":
            role = self._role(resource)
            if role is None or not _trusts(role, caller, request.values.get("ExternalId")):
                return refused
        if action == "sts:GetCallerIdentity" or caller.role_arn is None:
            return None
        own_role = self._role(caller.role_arn)
        if own_role is None:
            return refused
        if "lambda.amazonaws.com" not in own_role.assume_role_policy_document:
            return None
        return None if _allows(_identity_statements(own_role), action, resource) else refused

    def _role(self, arn: str) -> Role | None:
        try:
            return self._iam.get_role_by_arn(arn)
        except NotFoundException:
            return None

    def _resource(self, service: str, operation: str, request: Request) -> str:
        """The ARN that a statement's `Resource` must match; `*` where an operation has none, or is not known here."""
        arn = functools.partial(self._place.arn, service)
        if name := _ARN_IN.get((service, operation)):
            return request.values.get(name, "")
        if service == "ssm" and operation == "GetParameter":
            return arn(f"parameter/{request.get_json(force=True)['Name'].lstrip('/')}")
        if service == "iam" and (name := request.values.get("RoleName")):
            return next((role.arn for role in self._iam.roles.values() if role.name == name), "*")
        found = re.match(r"/clusters/([^/]+)(?:/(access-entries|addons)/([^/]+))?", request.raw_path)
        if service == "eks" and found:
            cluster, kind, name = map(unquote, found.groups(""))
            if kind == "access-entries":
                what, _, principal = name.rpartition(":")[2].partition("/")
                return arn(f"access-entry/{cluster}/{what}/{self._place.account}/{principal}/")
            return arn(f"addon/{cluster}/{name}/" if kind else f"cluster/{cluster}")
        return "*"


def _identity_statements(role: Role) -> list[_Statement]:
    managed = [
        version.document
        for policy in role.managed_policies.values()
        for version in policy.versions
        if version.is_default
    ]
    return [statement for document in (*role.policies.values(), *managed) for statement in _statements(document)]


def _statements(document: str | dict[str, Any]) -> list[_Statement]:
    parsed = json.loads(document) if isinstance(document, str) else document
    found: list[_Statement] = _listed(parsed["Statement"])
    return found


def _allows(statements: list[_Statement], action: str, resource: str) -> bool:
    matching = [
        statement["Effect"]
        for statement in statements
        if _matches(statement.get("Action"), action.lower(), lower=True)
        and _matches(statement.get("Resource"), resource)
        and (statement["Effect"] == "Deny" or not statement.get("Condition"))
    ]
    return "Allow" in matching and "Deny" not in matching


def _trusts(role: Role, caller: Caller, external_id: str | None) -> bool:
    account = caller.arn.split(":")[4]
    partition = caller.arn.split(":")[1]
    names = {"*", account, f"arn:{partition}:iam::{account}:root", caller.arn, caller.principal_arn}
    return any(
        statement["Effect"] == "Allow"
        and _external_id_fits(statement.get("Condition"), external_id)
        and _matches(statement.get("Action"), "sts:assumerole", lower=True)
        and names & set(_principals(statement.get("Principal")))
        for statement in _statements(role.assume_role_policy_document)
    )


def _external_id_fits(condition: dict[str, Any] | None, external_id: str | None) -> bool:
    """The only conditions of a trust policy that are understood: those of the CDK's bootstrap roles."""
    given = {"Null": "false" if external_id else "true", "StringEquals": external_id}
    return all(
        tested == {"sts:ExternalId": given.get(operator, object())} for operator, tested in (condition or {}).items()
    )


def _principals(principal: object) -> list[str]:
    """The AWS principals of a trust policy's statement."""
    return _listed(principal.get("AWS")) if isinstance(principal, dict) else _listed(principal)


def _matches(patterns: object, text: str, *, lower: bool = False) -> bool:
    return any(_pattern(pattern.lower() if lower else pattern).fullmatch(text) for pattern in _listed(patterns))


def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(re.escape(glob).replace(r"\*", ".*").replace(r"\?", "."))


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - IAM's JSON: one thing, or a list of them
    return [] if value is None else value if isinstance(value, list) else [value]
