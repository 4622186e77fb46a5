"""The function's entry: an event comes in, the module of its resource type does the work, one answer goes out.

The work is done in a thread, so that the answer leaves in time whatever the work hangs on. Only what the answer needs
is imported here for certain: when a module of a resource is broken, the answer says so.
"""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from contextvars import copy_context
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from . import log
from .cloudformation import Answer, NotARequestError, Request, deliver
from .contract import REQUEST_SECONDS, AwsAuthEntry, NodesReady, WindowsIpam
from .deadline import Deadline
from .failures import Failure, Internal, InvalidProperties
from .preflight_contract import AwsPreflight, ClusterFacts, ClusterPreflight

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The module of each resource type. A new resource is a new module, and a line here.
RESOURCES: Mapping[str, str] = {
    AwsAuthEntry.TYPE: ".aws_auth_entry",
    AwsPreflight.TYPE: ".preflight",
    ClusterFacts.TYPE: ".cluster_facts",
    ClusterPreflight.TYPE: ".cluster_preflight",
    WindowsIpam.TYPE: ".windows_support",
    NodesReady.TYPE: ".readiness",
}

#: How long a request of a type may take, in seconds, where that is more than the others have.
LONGEST: Mapping[str, int] = {NodesReady.TYPE: NodesReady.REQUEST_SECONDS}

#: What is kept back of the function's time for delivering the answer, in seconds, but never more than half of it.
ANSWER_SECONDS = 20.0

#: How long the Delete after a Create that did nothing may take, in seconds.
NOTHING_SECONDS = 15.0

#: What is kept back for leaving the function, so that Lambda does not take a late answer for a failure.
LEAVING_SECONDS = 0.5

_CREATE, _UPDATE, _DELETE = "Create", "Update", "Delete"


class LambdaContext(Protocol):
    """What Lambda tells of the invocation, as far as it is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""
        ...


class Resource(Protocol):
    """What the module of a resource type offers. The functions return the resource's attributes, or raise a Failure."""

    def physical_id(self, properties: Mapping[str, Any]) -> str:
        """Return what identifies the resource, as a pure function of its properties."""
        ...

    def create(self, request: Request, deadline: Deadline) -> Mapping[str, str]:
        """Make it."""
        ...

    def update(self, request: Request, deadline: Deadline) -> Mapping[str, str]:
        """Make it what the properties say now."""
        ...

    def delete(self, request: Request, deadline: Deadline) -> Mapping[str, str]:
        """Take it away."""
        ...


def handler(event: object, context: LambdaContext) -> None:
    """Answer one request of CloudFormation.

    Raises:
        UndeliverableError: The answer was not taken; Lambda will run the invocation again.
    """
    log.configure()
    remaining = context.get_remaining_time_in_millis() / 1000 - LEAVING_SECONDS
    try:
        request = Request.parse(event)
    except NotARequestError as error:
        log.error("ignored", reason=str(error))
        return
    deadline = Deadline(min(remaining, LONGEST.get(request.resource_type, REQUEST_SECONDS)))
    log.REQUEST.set({"request_id": request.request_id, "logical_id": request.logical_id})
    log.info("received", request_type=request.request_type, resource_type=request.resource_type)
    deliver(_answer(request, deadline), request, deadline)


def _answer(request: Request, deadline: Deadline) -> Answer:
    """Let the work be done, but wait for it no longer than leaves time for the answer.

    Work that is given up writes nothing later: its own deadline has passed by then.
    """
    work = deadline.leaving(ANSWER_SECONDS)
    answers: list[Answer] = []
    run = copy_context().run  # so that the log's lines carry the request's ids in the thread, too
    thread = threading.Thread(target=run, args=(lambda: answers.append(_work(request, work)),), daemon=True)
    thread.start()
    kept_back = deadline.remaining() - work.remaining()
    thread.join(work.remaining() + kept_back / 10)  # the work finds out by itself that its time is over, if it can
    if answers:
        return answers[0]
    failure = work.out_of_time()
    failure.may_have_written = True  # what is under way may still be carried out
    return _failed(request, failure)


def _work(request: Request, deadline: Deadline) -> Answer:
    try:
        answer = _carry_out(request, deadline)
        answer.encode(request)  # what cannot be sent shows here, where that can still be answered
    except Failure as failure:
        return _failed(request, failure)
    except Exception as error:  # noqa: BLE001 — whatever it is, CloudFormation must not be left waiting
        return _failed(request, _mistake(error, may_have_written=True))
    return answer


def _carry_out(request: Request, deadline: Deadline) -> Answer:
    name = RESOURCES.get(request.resource_type)
    if request.request_type == _DELETE:
        if name is None:
            # A rollback to this version deletes what a later version made: nothing that could be done here.
            log.warning("nothing is known of this resource type", resource_type=request.resource_type)
            return Answer(physical_id=request.physical_id)
        if request.follows_nothing:
            try:
                _module(name).delete(request, deadline.sooner(NOTHING_SECONDS))
            except Exception as error:  # noqa: BLE001 — what kept the Create out must not keep the stack from ending
                log.warning("nothing was undone", error=type(error).__name__, origin=log.origin(error))
            return Answer(physical_id=request.physical_id)
        return Answer(physical_id=request.physical_id, data=_module(name).delete(request, deadline))
    if name is None:
        raise InvalidProperties(f"resource type {request.resource_type!r} is none of {', '.join(RESOURCES)}")
    resource = _module(name)
    if request.request_type == _CREATE:
        data = resource.create(request, deadline)
    elif request.request_type == _UPDATE:
        data = resource.update(request, deadline)
    else:
        raise InvalidProperties(f"request type {request.request_type!r} is none of {_CREATE}, {_UPDATE}, {_DELETE}")
    return Answer(physical_id=resource.physical_id(request.properties), data=data)


def _failed(request: Request, failure: Failure) -> Answer:
    """Answer FAILED.

    A failed Update keeps the id: another one would make CloudFormation delete the resource that is still there. A
    failed Create gets none of a resource: its Delete, which follows, must not take what others made for its own.
    """
    physical_id = request.physical_id or request.failed_id(may_have_written=failure.may_have_written)
    return Answer(physical_id=physical_id, reason=failure.reason())


def _mistake(error: Exception, *, may_have_written: bool) -> Internal:
    log.error("a mistake in the function", error=type(error).__name__, origin=log.origin(error))
    failure = Internal(f"{type(error).__name__} in the function: its log names the place; please report it")
    failure.may_have_written = may_have_written
    return failure


def _module(name: str) -> Resource:
    try:
        return cast("Resource", import_module(name, __package__))
    except Exception as error:  # noqa: BLE001 — a part of the asset may be damaged in any way
        raise _mistake(error, may_have_written=False) from None


# Lambda gives a whole processor to the start, and only a share of one to an invocation. What fails here fails again,
# and is answered, as soon as it is needed. The preflight, which needs all of boto3, is imported when it is asked for.
# Nothing of this ever becomes garbage, and looking for it would take a tenth of the start.
gc.disable()
with suppress(Exception):
    import_module(RESOURCES[AwsAuthEntry.TYPE], __package__)
gc.freeze()
gc.enable()
