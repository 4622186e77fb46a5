"""Lists by label and by field."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.local_aws.kubernetes_api.conftest import MAPS, Client, config_map


@pytest.fixture
def maps(admin: Client) -> Client:
    """Three maps: two of a team, one without labels."""
    admin.ask("POST", MAPS, config_map("a", labels={"team": "x", "tier": "1"}))
    admin.ask("POST", MAPS, config_map("b", labels={"team": "y", "example.com/tier": "2"}))
    admin.ask("POST", MAPS, config_map("c"))
    admin.ask("POST", MAPS.replace("kube-system", "default"), config_map("d", labels={"team": "x"}))
    return admin


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("", "abc"),
        ("team", "ab"),
        ("!team", "c"),
        ("team=x", "a"),
        ("team==x", "a"),
        ("team!=x", "bc"),
        ("team in (x, y)", "ab"),
        ("team notin (x)", "bc"),
        ("team=x,tier=1", "a"),
        ("team in (x,y),tier", "a"),
        ("example.com/tier=2", "b"),
        ("team=", ""),
    ],
)
def test_label_selectors_choose(maps: Client, selector: str, names: str) -> None:
    """Equality, sets and existence, joined by commas."""
    answer = maps.ask("GET", f"{MAPS}?labelSelector={quote(selector)}").json
    assert "".join(item["metadata"]["name"] for item in answer["items"]) == names


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("metadata.name=a", "a"),
        ("metadata.name==a", "a"),
        ("metadata.name!=a", "bcd"),
        ("metadata.namespace=default", "d"),
        ("metadata.namespace!=default,metadata.name!=b", "ac"),
    ],
)
def test_field_selectors_choose(maps: Client, selector: str, names: str) -> None:
    """By name and namespace, over all namespaces here; a list is ordered by namespace and name."""
    answer = maps.ask("GET", f"/api/v1/configmaps?fieldSelector={quote(selector)}").json
    assert sorted(item["metadata"]["name"] for item in answer["items"]) == list(names)
    assert all({"kind", "apiVersion"}.isdisjoint(item) for item in answer["items"])


@pytest.mark.parametrize(
    "query", ["labelSelector=a b", "labelSelector=a in x", "fieldSelector=data.x=1", "fieldSelector=x"]
)
def test_selectors_that_cannot_be_read_are_bad_requests(maps: Client, query: str) -> None:
    """Neither lists nor watches ignore them."""
    assert maps.ask("GET", f"{MAPS}?{quote(query, safe='=')}").status == 400
    assert maps.ask("GET", f"{MAPS}?watch=1&timeoutSeconds=0&{quote(query, safe='=')}").status == 400
