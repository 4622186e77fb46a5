"""A laptop's Lambda: uploaded functions really run, each in a process of its own, by AWS's runtime client."""

from local_aws.functions.service import Lambda

__all__ = ["Lambda"]
