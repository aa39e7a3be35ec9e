"""Fuzz targets for external data: each takes any bytes.

A test runs them on a few inputs each, `make fuzz` on many.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keystead.agent import http, jobs, protocol
from keystead.agent.http import Refused
from keystead.agent.restart import Settings
from keystead.agent.server import Server
from keystead.audit.grantee import Grantee
from keystead.audit.log import AuditLog
from keystead.crypto import DataKey
from keystead.errors import KeysteadError, StoreCorrupt, UsageError
from keystead.http.guards import Refusal, Request
from keystead.model.credentials import Credentials
from keystead.model.exported import MARKER, users_environment
from keystead.model.sources.login import Login
from keystead.model.sources.sso import Sso
from keystead.powershell.language import parse as parse_line
from keystead.powershell.shell import prompt
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.credentials_json import BadDocument, read_credentials, read_object
from keystead.resolve.providers.login import LoginCache
from keystead.resolve.ring import RUNNING, Link, with_link
from keystead.resolve.sso.oidc import SsoTokenCache
from keystead.serve.metadata import MAX_TTL_SECONDS, MetadataService
from keystead.serve.served import ServedProfile
from keystead.stores.encrypted import layout
from keystead.stores.encrypted.known_store import KnownStore
from keystead.stores.encrypted.layout import Accounts
from keystead.stores.encrypted.protectors import StoreRef, require_bounded
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.system.clocks import Clocks
from keystead.system.folders import Folders

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_HEADERS = ("x-aws-ec2-metadata-token-ttl-seconds", "x-aws-ec2-metadata-token")


def store_file(data: bytes) -> None:
    """The file of the encrypted store, both layouts: parsed, or `StoreCorrupt`."""
    for native in (False, True):
        try:
            found = layout.parse(data, "file", native=native)
            if found.header is not None:
                require_bounded(found.protectors, StoreRef(found.store_id, Path("file")))
        except StoreCorrupt:
            continue


def agent_request(data: bytes) -> None:
    """A request to the agent: always an answer, and a cached answer can be recorded."""

    async def run() -> None:
        reader = asyncio.StreamReader(limit=http.MOST_HEAD_BYTES)
        reader.feed_data(data)
        reader.feed_eof()
        try:
            request = await http.read_request(reader)
        except Refused:
            return
        if request.path[0] in ("process", "lock", "stop"):
            return  # they start programs or stop the agent
        server = Server(Settings(b"", {}, 1.0), Clocks())
        status = int((await server.take(request))[9:12])
        assert status in range(200, 600), status

    asyncio.run(run())


def agent_body(data: bytes) -> None:
    """The body of a request from keystead to the agent, as `agent_request`."""
    for target in (b"/ready/x", b"/keys/x"):
        head = b"PUT %b HTTP/1.1\r\nUser-Agent: %b\r\nContent-Length: %d\r\n\r\n"
        agent_request(head % (target, protocol.SENDER, len(data)) + data)


def metadata_request(data: bytes) -> None:
    """A request to the metadata service: an answer or a refusal; no token outlives six hours."""
    method, _, rest = data.decode("latin-1").partition(" ")
    path, _, value = rest.partition(" ")
    profile = ServedProfile(
        "p",
        open_profile=lambda: lambda: Credentials("AKIAIOSFODNN7EXAMPLE", "none"),
        version=int,
        clock=lambda: _NOW,
        region="eu-west-1",
    )
    service = MetadataService(profile, lambda: b"secret", lambda: _NOW, seconds=lambda: 0.0)
    profile.prepare()
    request = Request(method, path, dict.fromkeys(_HEADERS, value), None, ("127.0.0.1", 1))
    try:
        given = service.answer(request)
    except Refusal:
        return
    if method == "PUT":
        assert 1 <= int(given.headers[_HEADERS[0]]) <= MAX_TTL_SECONDS
        assert 1 <= int(value) <= MAX_TTL_SECONDS


def audit_log(data: bytes) -> None:
    """Lines of the audit log with correct hashes: read, verified, and continued."""
    lines = []
    for line in data.split(b"\n"):
        body = line.removesuffix(b"}")
        own = hashlib.sha256(body).hexdigest().encode()
        lines += [line, body + b', "hash": "' + own + b'"}']
    last, _, rest = data.partition(b"\n")
    with tempfile.TemporaryDirectory() as folder:
        system = System(environ={"KEYSTEAD_HOME": folder, "KEYSTEAD_AGENT": "off"})
        log = AuditLog(system)
        for content in (b"\n".join(lines) + b"\n", rest):
            log.path.write_bytes(content)
            log.path.with_name("audit.last").write_bytes(last)
            for entry in filter(None, (found.entry for found in log.lines())):
                datetime.fromisoformat(entry["time"])
                assert entry["number"] > 0
            log.verify()
            log.record("p", Credentials("AKIA", "none"), Grantee("process", 1))


def cached_files(data: bytes) -> None:
    """Files of the cache and of `undo`: unreadable ones are ignored."""
    with tempfile.TemporaryDirectory() as folder:
        system = System(environ={"KEYSTEAD_HOME": folder, "KEYSTEAD_AGENT": "off"})
        sessions = EncryptedStore(system).sessions()
        for place in (system.folders.sessions, system.folders.undo_copies):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, content in (("1.json", data), ("key", bytes(32))):
                (place / name).touch(mode=0o600)
                (place / name).write_bytes(content)
        sessions.all()
        sessions.get("1")
        list(EncryptedStore(system).undo_history.all())


class _Folders(Folders):
    @property
    def known_stores(self) -> Path:
        return self.home / "known_stores.json"


class _Remembering(System):
    """A machine without `KEYSTEAD_HOME` whose state folder is its home."""

    @property
    def folders(self) -> Folders:
        return _Folders(self.environ)


def known_stores(data: bytes) -> None:
    """The memory of the user's store: what is not of its form is ignored or refused."""
    with tempfile.TemporaryDirectory() as folder:
        system = _Remembering(environ={"HOME": folder})
        path, store = system.folders.known_stores, Path(folder, "store")
        path.touch(mode=0o600)
        accounts = Accounts.new("12345678-9abc-4def-8123-456789abcdef", bytes(32), "keyfile key=")
        for content in (data, json.dumps({str(store): None}).encode().replace(b"null", data)):
            path.write_bytes(content)
            known = KnownStore(system, store)
            try:
                known.changes(accounts)
                known.has_key(DataKey(accounts.store_id, bytes(32)))
                known.remember(accounts)
            except KeysteadError:
                continue
            assert not KnownStore(system, store).changes(accounts)


def variables(data: bytes) -> None:
    """Variables that keystead sets for itself, and lines that its programs and shell leave."""
    text = data.decode("latin-1").replace("\0", "")
    marker = base64.urlsafe_b64encode(data).decode()
    for environ in ({MARKER: text, "A": "b"}, {MARKER: marker, "A": "b"}):
        users_environment(environ)
    with_link(Link("s", "p", "m"), {RUNNING: text})
    jobs._refusal(data)  # noqa: SLF001  # what follows ends a command
    prompt._entries(data)  # noqa: SLF001  # what follows is a terminal


def login_files(data: bytes) -> None:
    """What `aws sso login` and `aws login` left: a token that lives, or `KeysteadError`."""
    with tempfile.TemporaryDirectory() as folder:
        system = replace(System(environ={"HOME": folder}), clock=lambda: _NOW)
        client = AwsClient.__new__(AwsClient)  # without a network: a renewal is no promise here
        sso = Sso(
            profile="p",
            sso_start_url="u",
            sso_account_id="1",
            sso_role_name="r",
            region="eu-west-1",
        )
        sealed = EncryptedStore(system).logins()
        for cache in (
            SsoTokenCache(sso.login, system, client, sealed),
            LoginCache(Login(profile="p", login_session="s"), system, client, sealed),
        ):
            path = cache.places.shared.path
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
            try:
                document, found, _ = cache.read()  # what follows calls AWS
                cache.why_not_renewable(document)
            except KeysteadError:
                continue
            found.fresh(_NOW, timedelta(hours=1))


def key_document(data: bytes) -> None:
    """The output of a `credential_process` or an endpoint: credentials, or `BadDocument`."""
    try:
        found = read_credentials(read_object(data), "SessionToken", source="fuzz")
    except BadDocument as error:
        assert data.decode("latin-1") not in str(error) or len(data) < len("is not JSON")
        return
    if found.expires_at:
        assert found.expires_at + timedelta(days=1) > found.expires_at


def cmdlet_line(data: bytes) -> None:
    """A line of the cmdlet language: statements, or `UsageError`."""
    try:
        parse_line(data.decode("utf-8", "replace"))
    except UsageError:
        return


def module_request(data: bytes) -> None:
    """A request of the PowerShell module: at most a `KeysteadError`."""
    from keystead.powershell.module import answer as module

    try:
        module._request(data)  # noqa: SLF001  # the public function runs the cmdlet
    except KeysteadError:
        return


ENTRIES: Mapping[str, Callable[[bytes], None]] = {
    entry.__name__: entry
    for entry in (
        store_file,
        agent_request,
        agent_body,
        metadata_request,
        audit_log,
        cached_files,
        known_stores,
        variables,
        login_files,
        key_document,
        cmdlet_line,
        module_request,
    )
}

DEEP = b'{"number": ' + b"[" * 100_000
_NUMBERS = ("1" * 5000, "1e999", "-1", "true", "NaN", '"\\u0661"', "000000001999999999", "0.5")
_LINE = (
    '{"number": NUMBER, "time": "2026-01-01T00:00:00+00:00", "profile": "p", "way": "process", '
    '"pid": 1, "program": null, "access_key_id": "AKIA", "source": "", "expires_at": null, '
    f'"previous": "{"0" * 64}"}}'
)
_READY = json.dumps(
    {
        "body": "{}",
        "grant": ["AKIA", "profile p", "2026-01-01T00:00:00Z", "/state"],
        "scope": "",
        "files": [["/f", [1, 2, 3, 4, 5]]],
        "renew_at": "NUMBER",
        "record": "r",
        "key": "00",
    }
).replace('"NUMBER"', "NUMBER")

SEEDS: tuple[bytes, ...] = (
    b"",
    b"\xff",
    DEEP,
    *(
        text.replace("NUMBER", number).encode()
        for number in (*_NUMBERS, "1", "null")
        for text in (
            "NUMBER",
            "NUMBER\n",
            f"NUMBER {'0' * 64}\n{_LINE}",
            _LINE,
            _LINE.replace("2026-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00"),
            _READY,
            "PUT /latest/api/token NUMBER",
            "GET /latest/meta-data/iam/info NUMBER",
            "PUT /ready/x HTTP/1.1\r\nContent-Length: NUMBER\r\n\r\n{}",
            '{"AccessKeyId": "A", "SecretAccessKey": "B", "Expiration": NUMBER}',
            '[{"store_id": "a", "recipient": "b", "protectors": NUMBER}]',
            '[["s", "p", NUMBER]]',
            '{"accessToken": "t", "expiresAt": NUMBER, "registrationExpiresAt": NUMBER}',
            '{"dpopKey": "NUMBER", "clientId": "i", "refreshToken": "r"}',
            '{"accessToken": {"accessKeyId": "A", "secretAccessKey": "B", "sessionToken": "C"}}',
            '{"files": NUMBER, "made": NUMBER, "expires_at": NUMBER, "source": NUMBER}',
            '{"AccessKeyId": "A", "SecretAccessKey": "B", "Expiration": "9999-12-31T23:59:59Z"}',
        )
    ),
)
"""Initial inputs: earlier findings, and one of each shape."""

if __name__ == "__main__":
    print("\n".join(ENTRIES))  # noqa: T201  # for the Makefile
