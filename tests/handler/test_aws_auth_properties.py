"""Editing of maps in any style, judged by a YAML loader that is not ours."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.handler.aws_auth_maps import NODE, WINDOWS, Map, cut, judged, maps, remove
from windows_nodegroup.handler.aws_auth import UsernameConflict, is_ours, read, same_role, upsert

NEW = "arn:aws:iam::111122223333:role/windows"
OURS = {"rolearn": NEW, "username": NODE, "groups": list(WINDOWS)}

_settings = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _only_inserted(old: str, new: str) -> bool:
    """Whether the new text is the old one with one thing put in."""
    same = next((index for index, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old))
    return len(new) >= len(old) and new.endswith(old[same:])


def _field(entry: dict[str, Any], name: str) -> Any:
    return next((value for key, value in entry.items() if key.lower() == name), None)


@_settings
@given(maps())
def test_a_new_role_is_added_and_nothing_else_changes(found: Map) -> None:
    """The parsed result is the old one and our entry; the text is the old one with something put in; once is enough."""
    done = upsert(found.text, NEW)
    assert judged(done.text) == [*found.entries, OURS]
    assert _only_inserted(found.text, done.text)
    assert (done.created, done.added_groups) == (True, ())
    assert upsert(done.text, NEW).text == done.text
    assert not upsert(done.text, NEW).changed
    assert is_ours(done.text, NEW)
    with suppress(ValueError):
        data = json.loads(found.text)
        assert json.loads(done.text) == [*data, OURS], "JSON stays JSON"


@_settings
@given(maps())
def test_what_was_added_is_taken_back_without_a_trace(found: Map) -> None:
    """Removing the entry that was added restores the text, character by character."""
    done = upsert(found.text, NEW)
    assert remove(done.text, NEW, created=True, added_groups=()) == found.text


@_settings
@given(maps(1), st.data())
def test_a_role_that_is_there_gets_what_it_lacks(found: Map, data: st.DataObject) -> None:
    """Only the last entry of the role changes, and only its groups grow; all of it can be taken back."""
    roles = [entry.role_arn for entry in read(found.text).entries if entry.role_arn.startswith("arn:aws:iam")]
    arn = data.draw(st.sampled_from(roles))
    last = max(index for index, entry in enumerate(found.entries) if same_role(_field(entry, "rolearn") or "", arn))
    if _field(found.entries[last], "username") != NODE:
        with pytest.raises(UsernameConflict):
            upsert(found.text, arn)
        return
    groups = _field(found.entries[last], "groups")
    missing = [group for group in WINDOWS if group not in groups]
    done = upsert(found.text, arn)
    assert (done.created, done.added_groups) == (False, tuple(missing))
    assert _only_inserted(found.text, done.text)
    after = judged(done.text)
    assert _field(after[last], "groups") == [*groups, *missing]
    assert after[:last] + after[last + 1 :] == found.entries[:last] + found.entries[last + 1 :]
    assert upsert(done.text, arn).text == done.text
    assert remove(done.text, arn, created=False, added_groups=done.added_groups) == found.text


@_settings
@given(maps(1), st.data())
def test_an_entry_is_cut_with_its_own_lines_only(found: Map, data: st.DataObject) -> None:
    """Cutting any entry leaves the others and the comments between them; what is left is readable."""
    roles = [entry.role_arn for entry in read(found.text).entries if entry.role_arn.startswith("arn:aws:iam")]
    arn = data.draw(st.sampled_from(roles))
    last = max(index for index, entry in enumerate(found.entries) if same_role(_field(entry, "rolearn") or "", arn))
    after = cut(found.text, arn)
    assert judged(after) == found.entries[:last] + found.entries[last + 1 :]
    for comment in ("# before", "# between", "# the map", "# after"):
        assert after.count(comment) == found.text.count(comment)
    read(after)


@_settings
@given(maps())
def test_a_role_that_is_not_there_leaves_the_text_alone(found: Map) -> None:
    """Nothing is taken back of a role without an entry."""
    assert remove(found.text, NEW, created=True, added_groups=WINDOWS) == found.text
    assert remove(found.text, NEW, created=False, added_groups=WINDOWS) == found.text
