"""Case C15: many writers at once, ours and others, and no update is lost."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.handler.stage import ACCOUNT, MAP, Stage
from windows_nodegroup.handler import config_map

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/api/v1/namespaces/kube-system/configmaps/aws-auth"
CONFLICT = 409
SECONDS = 60.0
EDITS = 3


def role(name: str) -> str:
    """Return a role's ARN."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


class ForeignWriter:
    """Somebody else who changes the map, with a client of their own."""

    def __init__(self, stage: Stage, name: str) -> None:
        """Connect."""
        context = ssl.create_default_context(cadata=stage.kubernetes.certificate_authority_pem.decode())
        host, _, port = stage.kubernetes.url.removeprefix("https://").partition(":")
        self._connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=SECONDS)
        self._name = name
        self._entry = f"- rolearn: {role(name)}\n  username: x\n  groups: []\n"

    def replace(self) -> None:
        """Add an entry as eksctl does: read the map, PUT it with its version, again after a conflict."""

        def attempt() -> int:
            current = self._ask("GET")[1]
            current["data"]["mapRoles"] += self._entry
            return self._ask("PUT", current)[0]

        self._until_accepted(attempt)

    def edit(self) -> None:
        """Change one's own entry in the middle of the text, time and again, as a person with `kubectl edit` does."""
        for number in range(EDITS):

            def attempt(number: int = number) -> int:
                current = self._ask("GET")[1]
                text: str = current["data"]["mapRoles"]
                before, after = (f"  username: {self._name}-{count}\n" for count in (number, number + 1))
                assert text.count(before) == 1, "the last edit was lost"
                current["data"]["mapRoles"] = text.replace(before, f"{after}  # edit {number} of {self._name}\n")
                return self._ask("PUT", current)[0]

            self._until_accepted(attempt)

    def merge(self) -> None:
        """Add an entry by a merge patch with the version that was read."""

        def attempt() -> int:
            current = self._ask("GET")[1]
            patch = {"metadata": {"resourceVersion": current["metadata"]["resourceVersion"]}}
            patch["data"] = {"mapRoles": current["data"]["mapRoles"] + self._entry}
            return self._ask("PATCH", patch, "application/merge-patch+json")[0]

        self._until_accepted(attempt)

    def apply(self) -> None:
        """Write a key of one's own as `kubectl apply` does: a strategic merge patch without a version."""
        patch = {"data": {self._name: self._entry}}
        assert self._ask("PATCH", patch, "application/strategic-merge-patch+json")[0] == http.client.OK

    def _until_accepted(self, attempt: Callable[[], int]) -> None:
        while (status := attempt()) == CONFLICT:
            time.sleep(0.02)
        assert status == http.client.OK

    def _ask(self, method: str, body: Any = None, content_type: str = "application/json") -> tuple[int, Any]:
        headers = {"Authorization": "Bearer foreign", "Content-Type": content_type}
        self._connection.request(method, PATH, body and json.dumps(body), headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())


def at_once(work: list[Callable[[], None]]) -> None:
    """Run all of it at the same time; what fails in one of them fails here."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(work))

    def run(one: Callable[[], None]) -> None:
        barrier.wait()
        try:
            one()
        except BaseException as failure:  # noqa: BLE001 — it is raised again below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.fixture
def crowded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage with the real pauses, which also lets a foreign token in."""
    authenticate = stage.authenticate
    function = stage.users["function-key"]
    monkeypatch.setattr(stage, "authenticate", lambda token: function if token == "foreign" else authenticate(token))
    monkeypatch.setattr(config_map, "CONFLICT_BACKOFF", (0.2, 2.0))
    return stage


def test_c15_fifty_writers(crowded: Stage) -> None:
    """Of fifty writers at once, ours and three kinds of others, each finds its update in the map and ends in time."""
    stage = crowded
    ours = [f"ours-{number}" for number in range(26)]
    puts, patches, applies = ([f"{kind}-{number}" for number in range(8)] for kind in ("put", "patch", "apply"))
    events = [stage.event("Create", role(name), logical_id=name) for name in ours]
    work: list[Callable[[], None]] = [partial(stage.deliver, event, seconds=SECONDS) for event in events]
    work += [ForeignWriter(stage, name).replace for name in puts]
    work += [ForeignWriter(stage, name).merge for name in patches]
    work += [ForeignWriter(stage, name).apply for name in applies]
    started = time.monotonic()
    at_once(work)
    assert max(delivery.time for delivery in stage.aws.deliveries) - started < SECONDS
    assert [delivery.answer["Status"] for delivery in stage.aws.deliveries] == ["SUCCESS"] * len(ours)
    text = stage.map_roles
    assert text.startswith(MAP)
    assert sorted(entry["rolearn"] for entry in yaml.safe_load(text)[1:]) == sorted(map(role, [*ours, *puts, *patches]))
    assert sorted(stage.record["roles"]) == sorted(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ours)
    assert set(applies) <= set(stage.map["data"])


def test_c15_writers_who_edit_the_text(crowded: Stage) -> None:
    """Of people who edit the same text at the same time, with versions, no edit is lost, and none of ours."""
    stage = crowded
    ours, people = ([f"{kind}-{number}" for number in range(8)] for kind in ("ours", "person"))
    text = MAP + "".join(f"- rolearn: {role(name)}\n  username: {name}-0\n  groups: []\n" for name in people)
    stage.put_map(text)
    events = [stage.event("Create", role(name), logical_id=name) for name in ours]
    work: list[Callable[[], None]] = [partial(stage.deliver, event, seconds=SECONDS) for event in events]
    work += [ForeignWriter(stage, name).edit for name in people]
    at_once(work)
    assert [delivery.answer["Status"] for delivery in stage.aws.deliveries] == ["SUCCESS"] * len(ours)
    for name in people:
        edits = "".join(f"  # edit {number} of {name}\n" for number in reversed(range(EDITS)))
        text = text.replace(f"  username: {name}-0\n", f"  username: {name}-{EDITS}\n{edits}")
    assert stage.map_roles.startswith(text)
    assert sorted(entry["rolearn"] for entry in yaml.safe_load(stage.map_roles[len(text) :])) == sorted(map(role, ours))


def test_c15_owners_of_one_role(crowded: Stage) -> None:
    """Twelve resources that claim and release one role at once leave a record that is right at every end."""
    stage = crowded
    names = [f"Access{number}" for number in range(12)]

    def send_all(request_type: str, some: list[str]) -> None:
        events = [stage.event(request_type, logical_id=name) for name in some]
        at_once([partial(stage.deliver, event, seconds=SECONDS) for event in events])

    send_all("Create", names)
    (record,) = stage.record["roles"].values()
    assert sorted(owner.rpartition("/")[2] for owner in record["owners"]) == sorted(names)
    send_all("Delete", names[1:])
    (record,) = stage.record["roles"].values()
    assert [owner.rpartition("/")[2] for owner in record["owners"]] == names[:1]
    send_all("Delete", names[:1])
    assert stage.map_roles == MAP
