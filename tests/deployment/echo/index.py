"""Answers CloudFormation with the word that it was given."""

from __future__ import annotations

import json
import sys
from typing import Any

import urllib3


def handler(event: dict[str, Any], _context: object) -> None:
    """Answer; fail when the word is `fail`."""
    properties = event["ResourceProperties"]
    sys.stdout.write(f"{event['RequestType']} {properties['Word']} {properties['Number']!r}\n")
    answer = {
        "Status": "FAILED" if properties["Word"] == "fail" and event["RequestType"] != "Delete" else "SUCCESS",
        "Reason": "the word was fail",
        "PhysicalResourceId": "echo",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Said": properties["Word"] + "!"},
    }
    urllib3.PoolManager().request("PUT", event["ResponseURL"], body=json.dumps(answer), headers={"Content-Type": ""})
