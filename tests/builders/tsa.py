"""A time-stamping authority of the tests' own: certificates in a temporary folder, tokens by the openssl command."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.57264.2
digests = sha256, sha512
accuracy = secs:1
clock_precision_digits = 0
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """An authority whose key, certificates and serial numbers lie in a folder."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The PEM file that tokens lead to."""
        return self.folder / "ca.pem"

    def reply(self, query: bytes) -> bytes:
        """Answer a request as the authority does."""
        (self.folder / "q.tsq").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-queryfile", "q.tsq", "-config", "tsa.cnf"]
        command += ["-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "r.tsr"]
        subprocess.run(command, cwd=self.folder, capture_output=True, check=True, timeout=30)
        return (self.folder / "r.tsr").read_bytes()


def make_authority(folder: Path, *, ends: timedelta = timedelta(days=30), usage: bool = True) -> Authority:
    """Make keys and certificates; `ends` counts from now, `usage` tells whether time-stamping is their purpose."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Test root", root_key.public_key(), "Test root", root_key, timedelta(days=60), ca=True)
    leaf = _certificate("Test TSA", key.public_key(), "Test root", root_key, ends, usage=usage)
    (folder / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "tsa.cnf").write_text(_CONFIG)
    (folder / "serial").write_text("01\n")
    return Authority(folder)


def _certificate(
    name: str,
    public: ec.EllipticCurvePublicKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    ends: timedelta,
    *,
    ca: bool = False,
    usage: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if usage:
        built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return built.sign(by, hashes.SHA256())


@dataclass
class Desk:
    """What a loopback server answers, and what it was asked: by default what `reply` makes of the body."""

    reply: Callable[[bytes], bytes]
    status: int = 200
    kind: str = "application/timestamp-reply"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(reply: Callable[[bytes], bytes], kind: str = "application/timestamp-reply") -> Iterator[Desk]:
    """Serve on loopback until the block ends."""
    desk = Desk(reply, kind=kind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            desk.asked.append((self.path, body))
            data = desk.reply(body)
            self.send_response(desk.status)
            self.send_header("Content-Type", desk.kind)
            for name, value in ({"Content-Length": str(len(data))} | desk.headers).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                return  # whoever asked has heard enough

        def log_message(self, *_words: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    desk.url = f"http://127.0.0.1:{server.server_port}/tsr"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
