"""A small CloudFormation: stacks and change sets over the other services of the local AWS."""

from local_aws.cloudformation.endpoint import CloudFormation
from local_aws.cloudformation.signals import Launch

__all__ = ["CloudFormation", "Launch"]
