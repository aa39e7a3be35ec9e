"""An STS over TLS on the loopback, which answers after the time that a near region takes."""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LATENCY_SECONDS = 0.03
_KEYS = """<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
<SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SecretAccessKey>
<SessionToken>AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT</SessionToken>
<Expiration>{ends}</Expiration></Credentials>"""
_ROLE = f"""<AssumeRoleResult>{_KEYS}<AssumedRoleUser>
<AssumedRoleId>AROA3XFRBF535PLBIFPI4:s</AssumedRoleId>
<Arn>arn:aws:sts::123456789012:assumed-role/demo/s</Arn></AssumedRoleUser></AssumeRoleResult>"""
_IDENTITY = """<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn>
<UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account></GetCallerIdentityResult>"""
_RESULTS = {
    "AssumeRole": _ROLE,
    "GetCallerIdentity": _IDENTITY,
    "GetSessionToken": f"<GetSessionTokenResult>{_KEYS}</GetSessionTokenResult>",
}


class Sts:
    """The running service: its address, the file of its certificate, and the calls it answered."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.url = f"https://localhost:{port}"
        self.proxy = f"http://127.0.0.1:{port}"
        self.certificate = certificate
        self.calls: Counter[str] = Counter()

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead SDKs here; older ones of Go get here as by a proxy."""
        return {
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_CA_BUNDLE": str(self.certificate),
            "SSL_CERT_FILE": str(self.certificate),
        }

    def reply(self, body: bytes) -> bytes:
        """The whole answer to a request with this body."""
        (action,) = re.findall(rb"Action=(\w+)", body)
        name = action.decode()
        self.calls[name] += 1
        time.sleep(LATENCY_SECONDS)
        ends = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = (
            f'<{name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"{_RESULTS[name].format(ends=ends)}<ResponseMetadata><RequestId>1</RequestId>"
            f"</ResponseMetadata></{name}Response>"
        ).encode()
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return (
            f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(text)}\r\n\r\n"
        ).encode() + text


class _Handler(socketserver.BaseRequestHandler):
    """One connection: TLS at once, or after the CONNECT of a client that uses a proxy."""

    server: _Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if connection.recv(1, socket.MSG_PEEK) == b"C":
            while b"\r\n\r\n" not in connection.recv(65536):
                pass
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            with self.server.context.wrap_socket(connection, server_side=True) as tls:
                reader = tls.makefile("rb")
                while head := b"".join(iter(reader.readline, b"\r\n")):
                    (length,) = re.findall(rb"(?i)\r\nContent-Length: (\d+)", head)
                    tls.sendall(self.server.sts.reply(reader.read(int(length))))
        except OSError:
            pass  # the client has ended


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext
    sts: Sts


@contextmanager
def running(folder: Path) -> Iterator[Sts]:
    """The service, in threads of this process, with its certificate in ``folder``."""
    certificate, key = folder / "ca.pem", folder / "key.pem"
    _write_certificate(certificate, key)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(certificate, key)
        server.sts = Sts(server.server_address[1], certificate)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.sts
        server.shutdown()


def _write_certificate(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmarks")])
    now = datetime.now(UTC)
    names = ["localhost", "sts.amazonaws.com", "sts.us-east-1.amazonaws.com"]
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
