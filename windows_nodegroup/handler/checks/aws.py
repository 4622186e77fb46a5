"""AWS as the checks see it: each description is asked for once, whoever needs it, and a refusal is an answer, too."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as Unconnected

from ..deadline import Backoff  # noqa: TID252 — in Lambda, the package has another absolute name
from .check import NotCheckedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

#: How long AWS is waited for. A missing route swallows packets, and that has to be decided in seconds: no second try.
CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"total_max_attempts": 1, "mode": "standard"})

#: How long to wait before asking again what was refused, in seconds.
RETRY_SECONDS = 2.0

#: For how long AWS is asked again that is asked too often, in seconds, and the pauses: the first at most, the longest.
THROTTLED_SECONDS = 10.0
THROTTLED_BACKOFF = (0.5, 3.0)

#: How often AWS is asked again where it fails, or the connection breaks off.
RETRIES = 2

#: How long a whole answer may take, with all its pages, in seconds: the time-outs bound each wait for some bytes of it.
ANSWER_SECONDS = 20.0

Answer: TypeAlias = dict[str, Any]

_ABSENT = {"ResourceNotFoundException", "NoSuchEntity", "ParameterNotFound"}
_ABSENT_ENDINGS = (".NotFound", ".Malformed", ".Unavailable")
_THROTTLED = {
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_UNKNOWN_CALLER = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "UnrecognizedClientException",
}
_SERVER_ERROR = 500
_REFUSED = {"AccessDenied", "AccessDeniedException", "AuthFailure", "UnauthorizedOperation"}


class NotFoundError(Exception):
    """What was asked for does not exist, or this account may not see it."""


class RefusedError(NotCheckedError):
    """A permission is missing."""


class ThrottledError(NotCheckedError):
    """The account, with all who call in it, asks more often than AWS answers."""


class BrokenError(NotCheckedError):
    """AWS has failed, or the connection broke off: the next attempt may well succeed."""


class NoCallerError(NotCheckedError):
    """The credentials have expired, or AWS does not know them."""


class Aws:
    """Asks AWS and remembers the answers. Safe to be used from several threads."""

    def __init__(self, client: Callable[[str], BaseClient], *, settle_seconds: float = 0.0) -> None:
        """Prepare; nothing is asked yet.

        Args:
            client: Makes a client for a service's name; with `CONFIG`.
            settle_seconds: For how long from now a refusal is not believed: the caller's policy may be new.
        """
        self._make = client
        self._settled = time.monotonic() + settle_seconds
        self._clients: dict[str, BaseClient] = {}
        self._answers: dict[str, Future[Answer]] = {}
        self._lock = threading.Lock()
        #: Every action that was asked for.
        self.asked: set[str] = set()

    def ask(self, action: str, **arguments: object) -> Answer:
        """Return the answer to `action`, an IAM action like `ec2:DescribeSubnets`: all pages, asked for once.

        Raises:
            NotFoundError: It does not exist.
            NotCheckedError: AWS does not answer, or refuses to.
        """
        key = json.dumps([action, arguments], sort_keys=True)
        with self._lock:
            known = self._answers.get(key)
            answer = known or self._answers.setdefault(key, Future())
        if known is None:
            _settle(answer, partial(self.ask_again, action, **arguments))
        return answer.result()

    def ask_again(self, action: str, **arguments: object) -> Answer:
        """Like `ask`, but AWS is asked each time: for what changes while we look."""
        self.asked.add(action)
        backoff, end = Backoff(*THROTTLED_BACKOFF), time.monotonic() + THROTTLED_SECONDS
        broken = 0
        while True:
            pause = RETRY_SECONDS
            try:
                return self._answer_in_time(action, **arguments)
            except RefusedError:
                if time.monotonic() + RETRY_SECONDS > self._settled:
                    raise
            except ThrottledError:
                pause = backoff.next()
                if time.monotonic() + pause > end:
                    raise
            except BrokenError:
                pause, broken = backoff.next(), broken + 1
                if broken > RETRIES or time.monotonic() + pause > end:
                    raise
            time.sleep(pause)

    def _answer_in_time(self, action: str, **arguments: object) -> Answer:
        answer: Future[Answer] = Future()
        # A daemon: nobody waits for it who has given the answer up.
        work = partial(_settle, answer, partial(self._answer, action, **arguments))
        threading.Thread(target=work, daemon=True).start()
        try:
            return answer.result(ANSWER_SECONDS)
        except TimeoutError:
            raise NotCheckedError(f"{action} was not answered in {ANSWER_SECONDS:.0f} seconds") from None

    def _answer(self, action: str, **arguments: object) -> Answer:
        service, _, operation = action.partition(":")
        try:
            client = self._client(service)
            method = xform_name(operation)
            if client.can_paginate(method):
                return client.get_paginator(method).paginate(**arguments).build_full_result()
            answer: Answer = getattr(client, method)(**arguments)
        except ClientError as error:
            raise _meaning(action, error) from error
        except NoCredentialsError:
            raise
        except (CredentialRetrievalError, SSOError, TokenRetrievalError) as error:
            raise NoCallerError(str(error)) from error
        except ConnectionClosedError as error:
            raise BrokenError(f"{service} broke the connection off") from error
        except (Unconnected, HTTPClientError) as error:
            raise NotCheckedError(f"{service} is out of reach") from error
        except BotoCoreError as error:
            raise NotCheckedError(f"{action} cannot be asked: {type(error).__name__}") from error
        return answer

    def _client(self, service: str) -> BaseClient:
        with self._lock:  # making a client is not thread-safe, using one is
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]


def _settle(answer: Future[Answer], ask: Callable[[], Answer]) -> None:
    try:
        answer.set_result(ask())
    except Exception as error:  # noqa: BLE001 — whatever it is, all who wait for the answer get it
        answer.set_exception(error)


def _meaning(action: str, error: ClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "") or "an error"
    if code in _ABSENT or code.endswith(_ABSENT_ENDINGS):
        return NotFoundError(code)
    if code in _REFUSED:
        return RefusedError(f"{action} is not allowed")
    if code in _THROTTLED:
        return ThrottledError(f"{action} answered {code}")
    if code in _UNKNOWN_CALLER:
        return NoCallerError(f"{action} answered {code}")
    is_broken = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_ERROR
    return (BrokenError if is_broken else NotCheckedError)(f"{action} answered {code}")
