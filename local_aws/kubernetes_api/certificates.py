"""A certificate authority for one API server, with the flaws that a client must survive or refuse."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=365)
_PEM = serialization.Encoding.PEM


class CertificateAuthority:
    """Signs the certificate of one API server, as EKS does per cluster.

    Two authorities never share a key: the `pem` of another one is the wrong authority for this server.
    """

    def __init__(
        self, *, key_ids: bool = True, expired: bool = False, hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    ) -> None:
        """Make an authority.

        Args:
            key_ids: Whether the certificates carry subject and authority key identifiers. Those of many EKS clusters
                carry none, which Python's default since 3.13 refuses (kubernetes-client/python#2394).
            expired: Whether the server's certificate ran out an hour ago.
            hosts: Names and addresses that the server's certificate is good for.
        """
        self._key_ids = key_ids
        self._expired = expired
        self._hosts = hosts
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
        now = datetime.now(UTC)
        builder = self._builder(self._name, self._key.public_key(), now - _VALID, now + _VALID)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """The authority's own certificate, as DescribeCluster gives it (there in base64)."""
        return self._certificate.public_bytes(_PEM)

    def server_context(self) -> ssl.SSLContext:
        """Issue a server certificate, and make the TLS side of a server from it."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        end = now - timedelta(hours=1) if self._expired else now + _VALID
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
        builder = self._builder(subject, key.public_key(), now - timedelta(days=1), end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in self._hosts]), critical=False
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The ssl module reads certificates from files only.
        with tempfile.TemporaryDirectory() as directory:
            chain = Path(directory, "server.pem")
            chain.write_bytes(private + certificate.public_bytes(_PEM))
            context.load_cert_chain(chain)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )
        if not self._key_ids:
            return builder
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(authority, critical=False)
        return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
