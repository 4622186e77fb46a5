"""Bodies in protobuf, beyond those that kubectl sends."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.kubernetes_api.protobuf import CONTENT_TYPE, to_json
from tests.local_aws.kubernetes_api.conftest import MAPS, Client


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def _envelope(kind: bytes, raw: bytes) -> bytes:
    return b"k8s\x00" + _field(1, _field(1, b"v1") + _field(2, kind)) + _field(2, raw)


_BINARY = _field(3, _field(1, b"key") + _field(2, b"\x00\xff"))
_IMMUTABLE = b"\x20\x01"
_FIXED_AND_UNKNOWN = b"\x79" + bytes(8) + b"\x7d" + bytes(4)


def test_binary_data_and_booleans_are_read() -> None:
    """Bytes become base64, as in JSON; fields of unknown numbers are passed over."""
    raw = _field(1, _field(1, b"x")) + _FIXED_AND_UNKNOWN + _BINARY + _IMMUTABLE
    assert to_json(_envelope(b"ConfigMap", raw)) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "binaryData": {"key": "AP8="},
        "immutable": True,
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        _envelope(b"Secret", b""),
        _envelope(b"ConfigMap", b"\x0b"),
        _envelope(b"ConfigMap", b"\x08\x01"),
        _envelope(b"ConfigMap", b"\x0a\x80"),
        b"k8s\x00",
    ],
)
def test_what_is_no_such_message_is_a_bad_request(admin: Client, body: bytes) -> None:
    """Another format, kind or wire type, a cut message."""
    answer = admin.ask("POST", MAPS, body, CONTENT_TYPE)
    assert answer.status == 400
    assert answer.json["message"].startswith("the object provided is unrecognized (must be of type ConfigMap)")


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No input ends otherwise than in an object or in an error that the API expects."""
    with contextlib.suppress(IndexError, KeyError, ValueError):
        assert to_json(_envelope(b"ConfigMap", raw))["kind"] == "ConfigMap"
