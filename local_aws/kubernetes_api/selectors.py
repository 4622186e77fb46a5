"""Label and field selectors of lists and watches.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from local_aws.kubernetes_api.resources import EVENTS
from local_aws.kubernetes_api.status import bad_request, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_aws.kubernetes_api.resources import Resource

    #: A test of an object.
    Predicate: TypeAlias = "Callable[[dict[str, Any]], bool]"

_LABEL_TERM = re.compile(
    r"\s*(?:(?P<absent>!)\s*)?(?P<key>[\w./-]+)\s*"
    r"(?:(?P<set>in|notin)\s*\((?P<values>[^)]*)\)|(?P<operator>==|!=|=)\s*(?P<value>[\w.-]*))?\s*(?:,|$)"
)


def matcher(resource: Resource, query: Mapping[str, str]) -> Predicate:
    """Read a request's selectors into one test of an object.

    Raises:
        ApiError: 400, a selector cannot be read or names a field that cannot be selected by.
    """
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    tests = [*_label_tests(labels), *_field_tests(resource, fields)]
    return lambda manifest: all(test(manifest) for test in tests)


def _label_tests(selector: str) -> list[Predicate]:
    tests: list[Predicate] = []
    position = 0
    while position < len(selector):
        term = _LABEL_TERM.match(selector, position)
        if not term:
            raise bad_request(f"unable to parse requirement: found {quoted(selector[position:])}")
        tests.append(_label_test(term))
        position = term.end()
    return tests


def _label_test(term: re.Match[str]) -> Predicate:
    key = term["key"]

    def label(manifest: dict[str, Any]) -> str | None:
        value: str | None = manifest["metadata"].get("labels", {}).get(key)
        return value

    if term["set"]:
        values = {value.strip() for value in term["values"].split(",")}
        wanted = term["set"] == "in"
        return lambda manifest: (label(manifest) in values) is wanted
    if term["operator"]:
        wanted = term["operator"] != "!="
        return lambda manifest: (label(manifest) == term["value"]) is wanted
    return lambda manifest: (label(manifest) is None) is bool(term["absent"])


def _field_tests(resource: Resource, selector: str) -> list[Predicate]:
    tests: list[Predicate] = []
    for term in filter(None, selector.split(",")):
        parsed = re.fullmatch(r"([\w.]+)(==|!=|=)(.*)", term)
        if not parsed:
            raise bad_request(f"invalid selector: {quoted(selector)}; can't understand {quoted(term)}")
        field, operator, value = parsed.groups()
        if field not in ("metadata.name", "metadata.namespace") and resource is not EVENTS:
            raise bad_request(
                f'Unable to find "{resource.group}/v1, Resource={resource.plural}" that match label selector "", field '
                f"selector {quoted(selector)}: field label not supported: {field}"
            )
        tests.append(_field_test(field.rpartition(".")[2], value, wanted=operator != "!="))
    return tests


def _field_test(name: str, value: str, *, wanted: bool) -> Predicate:
    return lambda manifest: (manifest["metadata"].get(name, "") == value) is wanted
