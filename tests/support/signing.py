"""Mails signed as mail servers sign them."""

import base64
from collections.abc import Sequence
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SELECTOR = "sb1"
COVERED = [b"from", b"to", b"subject", b"date"]


def record_name(domain: str) -> str:
    return f"{SELECTOR}._domainkey.{domain}"


@cache
def _key(domain: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def record(domain: str) -> str:
    """The TXT record of a domain's key."""
    public = _key(domain).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def records(*domains: str) -> dict[str, str]:
    return {record_name(domain): record(domain) for domain in domains}


def signed(raw: bytes, domain: str, *, length: bool = False, covered: Sequence[bytes] = COVERED) -> bytes:
    """length: with ``l=``, so that more may stand behind."""
    header: bytes = dkim.sign(
        raw, SELECTOR.encode(), domain.encode(), _private(domain), include_headers=list(covered), length=length
    )
    return header + raw


def sealed(raw: bytes, domain: str, report: str) -> bytes:
    """As a forwarder seals it.  report: its Authentication-Results, ``server; dmarc=pass``."""
    with_report = f"Authentication-Results: {report}\r\n".encode() + raw
    server = report.partition(";")[0].encode()
    headers: list[bytes] = dkim.arc_sign(
        with_report, SELECTOR.encode(), domain.encode(), _private(domain), server, include_headers=COVERED
    )
    return b"".join(headers) + raw


def _private(domain: str) -> bytes:
    return _key(domain).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
