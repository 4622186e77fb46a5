"""The real CDK CLI against the local AWS."""
