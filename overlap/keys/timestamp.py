"""RFC 3161 tokens: an outside clock's signature over a digest, checked offline with `rfc3161-client`.

The package is optional (the extra `timestamp`) and makes no connection: a request is a file that somebody
sends, a reply a file that comes back.
"""

from __future__ import annotations

from typing import Any, Final

from overlap.errors import ForgedFile, MalformedFile, UsageError

#: Bytes of a reply with its certificates.
TOKEN_LIMIT_BYTES: Final = 64 * 1024
#: Bytes of the certificate of an authority.
CERTIFICATE_LIMIT_BYTES: Final = 16 * 1024

_HINT: Final = "ask the time authority for a reply to the request made by 'overlap claims stamp'"


def timestamp_request(message: bytes) -> bytes:
    """A request (RFC 3161, DER) for a token over SHA-256 of `message`; without nonce, always the same."""
    client = _client()
    builder = client.TimestampRequestBuilder().data(message).hash_algorithm(client.HashAlgorithm.SHA256)
    return bytes(builder.nonce(nonce=False).build().as_bytes())


def verify_timestamp(reply: bytes, message: bytes, authority: str) -> int:
    """The unix second that a reply states for `message`, signed under the PEM certificate `authority`.

    Raises MalformedFile when it is no reply, ForgedFile when it is about something else, is not granted, or
    is not signed by a time-stamping certificate under that authority; UsageError without the package.
    """
    from cryptography import x509

    client = _client()
    if len(reply) > TOKEN_LIMIT_BYTES:
        raise MalformedFile("this is not a reply of a time authority", _HINT)
    try:
        response = client.decode_timestamp_response(reply)
        seconds = int(response.tst_info.gen_time.timestamp())
    except (ValueError, TypeError) as error:
        raise MalformedFile("this is not a reply of a time authority", _HINT) from error
    root = x509.load_pem_x509_certificate(check_authority(authority).encode())
    verifier = client.VerifierBuilder(roots=[root]).build()
    try:
        verifier.verify_message(response, message)
    except (client.VerificationError, ValueError) as error:
        raise ForgedFile("the token of the time authority does not hold", _HINT) from error
    return seconds


def check_authority(pem: str) -> str:
    """The one certificate in `pem`, as given; UsageError when there is none or more."""
    from cryptography import x509

    hint = "give one certificate, beginning with -----BEGIN CERTIFICATE-----"
    if len(pem) > CERTIFICATE_LIMIT_BYTES or pem.count("-----BEGIN") != 1:
        raise UsageError("the certificate of the time authority is not one PEM certificate", hint)
    try:
        x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise UsageError("the certificate of the time authority cannot be read", hint) from error
    return pem


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError as error:
        raise UsageError(
            "tokens of a time authority need one more package",
            "install it with: pip install 'account-overlap[timestamp]'",
        ) from error
    return rfc3161_client
