"""The function behind the custom resources: what runs in Lambda. It never imports aws_cdk.

Values are NamedTuples here, not dataclasses: making a dataclass costs each cold start the better part of a millisecond.
"""
