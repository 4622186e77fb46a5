"""What scanners report and what is nevertheless meant so: each finding by its id, with the reason.

cdk-nag reads them from the construct tree, where those of a construct hold for all that is in it; checkov reads them
from the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Acknowledgment, Validations

from .literals import is_literal
from .remembered import pseudo_parameter, stack_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aws_cdk import CfnResource
    from constructs import Construct

_NAG = "AwsSolutions::AwsSolutions-"
_PSEUDO_PARAMETERS = {
    "PARTITION": "<AWS::Partition>",
    "REGION": "<AWS::Region>",
    "ACCOUNT_ID": "<AWS::AccountId>",
    "STACK_NAME": "<AWS::StackName>",
}


def aws_policies(names: Iterable[str], why: str) -> dict[str, str]:
    """That a role has policies of AWS, as `acknowledge` takes it.

    Args:
        names: The policies.
        why: The reason.
    """
    return {f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]": why for name in names}


def wildcards(construct: Construct, resources: Iterable[str], why: str) -> dict[str, str]:
    """That statements name resources with a wildcard, as `acknowledge` takes it.

    Args:
        construct: What the role is in.
        resources: The resources, as the statements name them.
        why: The reason.
    """
    return {f"IAM5[Resource::{_shown(construct, each)}]": why for each in resources if "*" in each}


def acknowledge(construct: Construct, reasons: Mapping[str, str]) -> None:
    """Acknowledges findings of cdk-nag's AwsSolutions.

    Args:
        construct: What the finding is about, or what that is in.
        reasons: The rules, such as AS3, and why.
    """
    entries = [Acknowledgment(id=f"{_NAG}{rule}", reason=reason) for rule, reason in reasons.items()]
    Validations.of(construct).acknowledge(*entries)


def skip_checkov(resource: CfnResource, reasons: Mapping[str, str]) -> None:
    """Acknowledges findings of checkov.

    Args:
        resource: What the finding is about.
        reasons: The checks, such as CKV_AWS_116, and why.
    """
    resource.add_metadata("checkov", {"skip": [{"id": check, "comment": why} for check, why in reasons.items()]})


def _shown(construct: Construct, text: str) -> str:
    """A text with tokens as cdk-nag shows it."""
    for name, shown in _PSEUDO_PARAMETERS.items():
        text = text.replace(pseudo_parameter(name), shown)
    return text if is_literal(text) else _flat(stack_of(construct).resolve(text))


def _flat(value: Any) -> str:  # noqa: ANN401 — any expression
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_flat, parts))
    return str(value)
