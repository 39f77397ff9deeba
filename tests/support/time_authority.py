"""A time authority of OpenSSL in a folder: what a company would pay somebody for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

OPENSSL = shutil.which("openssl")

_CONFIG = """
[req]
distinguished_name = name
prompt = no
x509_extensions = root
[name]
CN = A local time authority
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = {place}/serial
crypto_device = builtin
signer_cert = {place}/cert.pem
signer_key = {place}/key.pem
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
"""


def _run(*words: str | Path) -> None:
    subprocess.run([str(OPENSSL), *map(str, words)], check=True, capture_output=True)


class Authority:
    """A time authority in a folder; it answers with the clock of this machine."""

    def __init__(self, place: Path) -> None:
        place.mkdir()
        self.place = place
        (place / "config").write_text(_CONFIG.format(place=place))
        (place / "serial").write_text("01\n")
        _run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-config", place / "config",
             "-keyout", place / "root.key", "-out", place / "root.pem")  # fmt: skip
        _run("req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", place / "config",
             "-subj", "/CN=signer", "-keyout", place / "key.pem", "-out", place / "csr")  # fmt: skip
        _run("x509", "-req", "-in", place / "csr", "-CA", place / "root.pem", "-CAkey", place / "root.key",
             "-set_serial", "2", "-days", "3650", "-extfile", place / "config", "-extensions", "signer",
             "-out", place / "cert.pem")  # fmt: skip
        self.pem = (place / "root.pem").read_text()

    def answer(self, request: bytes) -> bytes:
        (self.place / "request").write_bytes(request)
        _run("ts", "-reply", "-config", self.place / "config", "-section", "here",
             "-queryfile", self.place / "request", "-out", self.place / "reply")  # fmt: skip
        return (self.place / "reply").read_bytes()
