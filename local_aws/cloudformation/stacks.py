"""All stacks, by name and by id."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from local_aws.cloudformation.errors import Refused, change_set_not_found, stack_not_found
from local_aws.cloudformation.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_aws.cloudformation.aws import Aws
    from local_aws.cloudformation.change_set import ChangeSet


class Stacks:
    """The stacks of an account and region. Deleted ones are still found by their ids."""

    def __init__(self, aws: Aws) -> None:
        """No stacks yet."""
        self._aws = aws
        self._by_id: dict[str, Stack] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Stack]:
        """All of them, deleted ones included, oldest first."""
        with self._lock:
            return iter(list(self._by_id.values()))

    def __getitem__(self, name: str) -> Stack:
        """The stack of this name or id, also one that was deleted.

        Raises:
            KeyError: there was never one.
        """
        found = [stack for stack in self if name in (stack.name, stack.id)]
        if not found:
            raise KeyError(name)
        return found[-1]

    def new(self, name: str) -> Stack:
        """A stack that is not among the stacks yet.

        Raises:
            Refused: the name is none.
        """
        if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
            raise Refused(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            )
        aws = self._aws
        return Stack(name, region=aws.region, account=aws.account, partition=aws.partition)

    def add(self, stack: Stack) -> None:
        """Put the stack among the stacks; once more does no harm."""
        with self._lock:
            self._by_id[stack.id] = stack

    def find(self, name: str) -> Stack | None:
        """The stack of this id, or the living one of this name."""
        with self._lock:
            if name in self._by_id:
                return self._by_id[name]
            return next((stack for stack in self._by_id.values() if stack.name == name and stack.exists), None)

    def get(self, name: str) -> Stack:
        """As `find`.

        Raises:
            Refused: there is none.
        """
        stack = self.find(name)
        if stack is None:
            raise stack_not_found(name)
        return stack

    def of_change_set(self, request: Mapping[str, Any]) -> Stack:
        """The stack that a request about a change set means.

        Raises:
            Refused: there is none.
        """
        if "StackName" in request:
            stack = self.find(request["StackName"])
            if stack is None:
                raise Refused(f"Stack [{request['StackName']}] does not exist")
            return stack
        for stack in self:
            if any(change_set.id == request["ChangeSetName"] for change_set in stack.change_sets.values()):
                return stack
        raise change_set_not_found(request["ChangeSetName"])

    def change_set(self, request: Mapping[str, Any]) -> tuple[ChangeSet, Stack]:
        """The change set that a request means, and its stack.

        Raises:
            Refused: there is none.
        """
        stack = self.of_change_set(request)
        name = request["ChangeSetName"]
        for change_set in stack.change_sets.values():
            if name in (change_set.name, change_set.id):
                return change_set, stack
        raise change_set_not_found(name)

    def exports(self, but: Stack) -> dict[str, str]:
        """The exports of all stacks but one, by name."""
        return {
            output["ExportName"]: output["OutputValue"]
            for stack in self
            if stack.exists and stack is not but
            for output in stack.outputs
            if "ExportName" in output
        }

    def importers(self, export: str) -> list[str]:
        """The names of the stacks that use an export."""
        return [stack.name for stack in self if stack.exists and stack.target and export in stack.target.imports()]
