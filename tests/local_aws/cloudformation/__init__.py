"""Tests of the local AWS's CloudFormation."""
