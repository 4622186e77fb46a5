"""The certificates, and the flaws that they can have."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING

import pytest

from local_aws.kubernetes_api import CertificateAuthority, KubernetesApi

if TYPE_CHECKING:
    from collections.abc import Callable


def _status(api: KubernetesApi, pem: bytes, host: str = "127.0.0.1", *, strict: bool = True) -> int:
    context = ssl.create_default_context(cadata=pem.decode())
    # Python's default since 3.13, asked for here on every version.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if not strict:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    connection = http.client.HTTPSConnection(host, int(api.url.rpartition(":")[2]), context=context, timeout=10)
    connection.request("GET", "/version")
    return connection.getresponse().status


def _api(authority: CertificateAuthority) -> KubernetesApi:
    return KubernetesApi(authenticate=lambda _: None, authority=authority)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_sound_certificate_is_trusted(api: KubernetesApi, host: str) -> None:
    """By address and by name, under the strict checks too."""
    assert _status(api, api.certificate_authority_pem, host) == 200


def test_a_certificate_without_key_ids_passes_only_without_the_strict_flag() -> None:
    """As with EKS, whose authorities Python 3.13 refuses by default."""
    with _api(CertificateAuthority(key_ids=False)) as api:
        with pytest.raises(ssl.SSLCertVerificationError, match="Missing Authority Key Identifier"):
            _status(api, api.certificate_authority_pem)
        assert _status(api, api.certificate_authority_pem, strict=False) == 200


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: CertificateAuthority(expired=True), "certificate has expired"),
        (lambda: CertificateAuthority(hosts=("example.com", "192.0.2.1")), "not valid for '127.0.0.1'"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_flawed_certificate_is_refused(make: Callable[[], CertificateAuthority], why: str, strict: bool) -> None:
    """Expired, or for another host: no request gets through."""
    with _api(make()) as api:
        with pytest.raises(ssl.SSLCertVerificationError, match=why):
            _status(api, api.certificate_authority_pem, strict=strict)
        assert api.requests == []


def test_another_authority_is_refused(api: KubernetesApi) -> None:
    """Its name is the same, its key is not."""
    with pytest.raises(ssl.SSLCertVerificationError):
        _status(api, CertificateAuthority().pem, strict=False)
