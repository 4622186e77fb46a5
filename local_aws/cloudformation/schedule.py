"""Work in the order of a graph, everything at once that can be."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

_MOST_AT_ONCE = 64

Node = TypeVar("Node", bound="Hashable")


def run(
    before: Mapping[Node, set[Node]], work: Callable[[Node], bool], *, on_failure: Callable[[], None] | None = None
) -> set[Node]:
    """Do the work of every node after that of the nodes it comes after.

    Args:
        before: for each node, those that must be done before it.
        work: does one node's work, and says whether it succeeded. Must not raise.
        on_failure: called at the first failure. If given, nothing new starts after it; if not, everything goes on that
            does not come after a failed node.

    Returns:
        The nodes whose work failed.
    """
    sorter = TopologicalSorter(before)
    sorter.prepare()
    failed: set[Node] = set()
    blocked: set[Node] = set()
    running: dict[Future[bool], Node] = {}
    with ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="cloudformation") as pool:
        while sorter.is_active():
            for node in sorter.get_ready():
                if (failed and on_failure) or before.get(node, set()) & (failed | blocked):
                    blocked.add(node)
                    sorter.done(node)
                else:
                    running[pool.submit(work, node)] = node
            if not running:
                continue
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                node = running.pop(future)
                if not future.result():
                    if on_failure and not failed:
                        on_failure()
                    failed.add(node)
                sorter.done(node)
    return failed
