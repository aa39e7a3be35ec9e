"""What must not get credentials from an endpoint, and what must not bring it down."""

import asyncio
import contextlib
import itertools
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keystead.http import sockets
from keystead.http.application import Application
from keystead.http.guards import host_names
from keystead.http.server import MAX_HEAD_BYTES, EndpointServer
from keystead.model.credentials import Credentials
from keystead.serve.metadata import MetadataService
from keystead.serve.served import ServedProfile
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN
from tests.effort import amount, examples
from tests.endpoints import IMDS_TOKEN, ROLES, TOKEN_FILE, TTL, Serving, ask, serving

pytestmark = pytest.mark.posix("signals of POSIX and its shells")

KEYS = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
aws_session_token = {SESSION_TOKEN}
region = eu-west-1
"""


@pytest.fixture
def server(write_credentials: Callable[[str], Path]) -> Iterator[Serving]:
    write_credentials(KEYS)
    with serving("base", "--container", "--imds") as found:
        yield found
        assert found.keys("base").status == 200  # whatever was done to it


@pytest.mark.parametrize(
    "token", [None, "", "wrong", "0" * 64, "Bearer {}", "{} ", "{}{}", "\xff\xfe", "{}\xa0"]
)
def test_wrong_token_gets_no_credentials(server: Serving, token: str | None) -> None:
    right = server.token("base")
    if token == "{} ":  # blanks around a value are none of it, by HTTP's own rules
        token = " {}x"
    given = {} if token is None else {"Authorization": token.replace("{}", right)}
    answer = ask(server.url("base"), given)
    assert (answer.status, answer.document["code"]) == (401, "Unauthorized")
    assert SECRET_KEY not in answer.text
    assert right not in answer.text


def test_responses_do_not_reveal_profile_names(server: Serving) -> None:
    there = ask(server.url("base"))
    gone = ask(server.url("base").replace("base", "nobody"))
    with_token = ask(
        server.url("base").replace("base", "nobody"), {"Authorization": server.token("base")}
    )
    assert {(answer.status, answer.text) for answer in (there, gone, with_token)} == {
        (401, there.text)
    }


def test_there_is_no_version_1_of_the_metadata_service(server: Serving) -> None:
    url = server.url("base", "imds")
    for path in (ROLES, ROLES + "base", "/latest/meta-data/placement/region", "/", "/latest"):
        answer = ask(url + path)
        assert (answer.status, answer.document["code"]) == (401, "Unauthorized")
    assert ask(url + "/latest/api/token", {TTL: "60"}).status == 401  # by GET
    assert ask(url + "/latest/api/token", {TTL: "60"}, "POST").status == 405


@pytest.mark.parametrize("ttl", [None, "", "0", "21601", "-1", "1.5", "x", "9" * 40, "\xb2", "+60"])
def test_token_lifetime_is_one_second_to_six_hours(server: Serving, ttl: str | None) -> None:
    given = {} if ttl is None else {TTL: ttl}
    answer = ask(server.url("base", "imds") + "/latest/api/token", given, "PUT")
    assert (answer.status, answer.document["code"]) == (400, "BadTTL")


def test_token_expires_after_six_hours(server: Serving) -> None:
    answer = server.imds_token("base", "21600")
    assert (answer.status, answer.headers[TTL.lower()]) == (200, "21600")
    assert server.imds("base", ROLES, answer.text).text == "base"


def test_altered_token_is_refused(server: Serving) -> None:
    token = server.imds_token("base").text
    swapped = token[:5] + ("A" if token[5] != "A" else "B") + token[6:]
    for altered in (swapped, token[:-4], token[4:], token + "AAAA", "", "ü", "=", token.swapcase()):
        assert server.imds("base", ROLES, altered).status == 401


def test_unknown_paths(server: Serving) -> None:
    for path in ("/", "/latest/meta-data/", "/latest/user-data", ROLES + "other", ROLES + "../x"):
        assert server.imds("base", path).status == 404


class Clock:
    """Clocks that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@contextlib.contextmanager
def metadata(clock: Clock, retrieve) -> Iterator[str]:
    """A metadata endpoint in this process; gives its URL."""
    profile = ServedProfile(
        "it", open_profile=lambda: retrieve, version=lambda: 0, clock=clock.now, region="eu-west-1"
    )
    sock = sockets.listen("127.0.0.1", 0)
    where = sockets.address_of(sock)
    service = MetadataService(profile, lambda: b"secret", clock.now, seconds=lambda: clock.seconds)
    server = EndpointServer(Application({where[1]: service}, host_names([where], ())), [sock])
    with server.running():
        yield sockets.url(where)


def test_token_expires() -> None:
    clock = Clock()
    keys = Credentials(ACCESS_KEY_ID, "x", "y", clock.now() + timedelta(hours=1))
    with metadata(clock, lambda: keys) as url:
        token = ask(url + "/latest/api/token", {TTL: "60"}, "PUT").text
        clock.seconds += 59
        assert ask(url + ROLES, {IMDS_TOKEN: token}).status == 200
        clock.seconds += 1
        assert ask(url + ROLES, {IMDS_TOKEN: token}).status == 401


def test_keys_are_renewed_before_expiry_and_never_served_after_it() -> None:
    clock, made = Clock(), []

    def retrieve() -> Credentials:
        made.append(clock.now())
        return Credentials(f"ASIA{len(made)}", "x", "y", clock.now() + timedelta(hours=1))

    with metadata(clock, retrieve) as url:
        for _ in range(24 * 12):
            token = ask(url + "/latest/api/token", {TTL: "60"}, "PUT").text
            document = ask(url + ROLES + "it", {IMDS_TOKEN: token}).document
            assert document["Expiration"] > clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            clock.seconds += 300
        clock.seconds += 10_000_000  # somebody set the clock, or the machine slept
        token = ask(url + "/latest/api/token", {TTL: "60"}, "PUT").text
        document = ask(url + ROLES + "it", {IMDS_TOKEN: token}).document
        assert document["AccessKeyId"] == f"ASIA{len(made)}"
    assert 24 <= len(made) <= 32


def test_unexpected_error_response_does_not_contain_its_text() -> None:
    def retrieve() -> Credentials:
        raise ZeroDivisionError(SESSION_TOKEN)

    with metadata(Clock(), retrieve) as url:
        token = ask(url + "/latest/api/token", {TTL: "60"}, "PUT").text
        answer = ask(url + ROLES + "it", {IMDS_TOKEN: token})
    assert (answer.status, answer.document["Code"]) == (500, "InternalError")
    assert SESSION_TOKEN not in answer.text


def raw(server: Serving, data: bytes, kind: str = "container") -> bytes:
    """The response to these bytes, until the connection is closed."""
    host, port = server.url("base", kind).split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                answer += part
        return answer


BROKEN = [
    b"",
    b"\r\n\r\n",
    b"\0" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
    b"GET /credentials/base HTTP/1.1\r\nHost: ",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nPRI",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"b" * (MAX_HEAD_BYTES + 1) + b"\r\n\r\n",
    b"GET " + b"/" * (2 * MAX_HEAD_BYTES) + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(100_000)),
]


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:40]))
def test_malformed_request_gets_an_error_or_nothing(server: Serving, data: bytes) -> None:
    answer = raw(server, data)
    assert answer == b"" or answer.split(b" ")[1] in (b"400", b"403", b"405", b"413", b"431")
    assert SECRET_KEY.encode() not in answer


def test_too_long_header_is_refused_early(server: Serving) -> None:
    host, port = server.url("base").split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(10_000):
                connection.sendall(b"a" * 65536)
            pytest.fail("it takes a head of any length")


def test_pipelined_requests_are_answered(server: Serving) -> None:
    host, port = server.url("base").split("/")[2].split(":")
    headers = f"Host: {host}:{port}\r\nAuthorization: {server.token('base')}\r\n"
    request = f"GET /credentials/base HTTP/1.1\r\n{headers}\r\n"
    last = f"GET /credentials/none HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall((request * 20 + last).encode())
        with connection.makefile("rb") as answers:
            found = re.findall(rb"HTTP/1.1 (\d+)", answers.read())
    assert found == [b"200"] * 20 + [b"401"]


def test_client_that_reads_no_response_is_disconnected(server: Serving) -> None:
    """Queued requests or responses would fill the memory."""
    host, port = server.url("base").split("/")[2].split(":")
    request = (
        f"GET /credentials/base HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: {server.token('base')}\r\n\r\n"
    ).encode()
    with (
        socket.create_connection((host, int(port)), timeout=60) as connection,
        contextlib.suppress(ConnectionError),
    ):
        for _ in range(10_000):
            connection.sendall(request * 100)
        pytest.fail("it takes requests without end")


@pytest.mark.parametrize(
    "path",
    [
        "/credentials/x/../base",
        "/credentials/%2e%2e/credentials/base",
        "//credentials/base",
        "/credentials//base",
        "/credentials/base/",
        "/credentials/base%00",
        "/credentials/BASE",
        "/credentials/../../etc/passwd",
        "/credentials/",
        "",
    ],
)
def test_only_the_documented_path_serves_a_profile(server: Serving, path: str) -> None:
    url = server.url("base").removesuffix("/credentials/base") + path
    answer = ask(url, {"Authorization": server.token("base")})
    assert answer.status in (400, 401)
    assert SECRET_KEY not in answer.text


def test_endless_requests_are_closed(server: Serving) -> None:
    """Slow-loris: each connection has its time, however much it sends meanwhile."""
    host, port = server.url("base").split("/")[2].split(":")
    slow = [socket.create_connection((host, int(port)), timeout=60) for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(b"GET /credentials/base HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
        assert server.keys("base").status == 200
        ended = 0
        for connection in slow:
            with contextlib.suppress(ConnectionError):
                while connection.send(b"a"):  # a byte now and then, until it is shut
                    connection.settimeout(0.2)
                    try:
                        if connection.recv(1) == b"":
                            break
                    except TimeoutError:
                        continue
            ended += 1
        assert ended == len(slow)
    finally:
        for connection in slow:
            connection.close()


def test_a_thousand_connections_at_once(server: Serving) -> None:
    host, port = server.url("base").split("/")[2].split(":")
    request = (
        f"GET /credentials/base HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: {server.token('base')}\r\nConnection: close\r\n\r\n"
    ).encode()

    async def one(start: asyncio.Event) -> bytes:
        reader, writer = await asyncio.open_connection(host, int(port))
        await start.wait()
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer

    async def all_at_once() -> list[bytes]:
        start = asyncio.Event()
        tasks = [asyncio.create_task(one(start)) for _ in range(1000)]
        await asyncio.sleep(0)
        start.set()
        return await asyncio.gather(*tasks)

    answers = asyncio.run(all_at_once())
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 200 OK"}


def resident(server: Serving) -> int:
    """KiB of memory that the server uses; 0 if the system does not report it."""
    status = Path(f"/proc/{server.process.pid}/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text() if status.exists() else "")
    return int(found[1]) if found else 0


def test_ten_thousand_requests_from_64_connections(server: Serving) -> None:
    host, port = server.url("base").split("/")[2].split(":")
    request = (
        f"GET /credentials/base HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: {server.token('base')}\r\n\r\n"
    ).encode()
    counts: dict[bytes, int] = {}

    async def one(times: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(times):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            line = head.split(b"\r\n")[0]
            counts[line] = counts.get(line, 0) + 1
        writer.close()

    async def load(requests: int) -> None:
        await asyncio.gather(*(one(requests // 64 + (n < requests % 64)) for n in range(64)))

    asyncio.run(load(1_000))
    before = resident(server)
    more = amount(short=2_000, full=9_000)
    asyncio.run(load(more))
    assert counts == {b"HTTP/1.1 200 OK": 1_000 + more}
    assert resident(server) < before + 4 * 1024


def test_token_removed_under_load_is_refused_at_the_next_request(server: Serving) -> None:
    host, port = server.url("base").split("/")[2].split(":")
    path = Path(server.variables("base")[TOKEN_FILE])
    token = path.read_text()
    request = (
        f"GET /credentials/base HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: {token}\r\n\r\n"
    ).encode()

    def change(number: int) -> None:
        if number % 2:
            path.unlink()
        else:
            path.write_text(token)
            path.chmod(0o600)

    async def load() -> None:
        """Sends requests all the time; this process sees their answers later than the server."""
        reader, writer = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                writer.write(request)
                await reader.readuntil(b"\r\n\r\n{")
        writer.close()

    async def removed_and_written() -> list[bytes]:
        tasks = [asyncio.create_task(load()) for _ in range(16)]
        reader, writer = await asyncio.open_connection(host, int(port))
        found = []
        for number in range(amount(short=60, full=1_000)):
            change(number)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            found.append(head.split(b" ")[1])
            await asyncio.sleep(0)
        writer.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        return found

    found = asyncio.run(removed_and_written())
    change(0)
    assert found == [b"200", b"401"] * (len(found) // 2)


STREAM = (
    b"GET /credentials/base HTTP/1.1\r\nHost: %b\r\nAuthorization: %b\r\n\r\n",
    b"GET /credentials/base HTTP/1.1\r\nHost: %b\r\nAuthorization: x%b\r\n\r\n",
    b"GET /credentials/else HTTP/1.1\r\nHost: %b\r\nAuthorization: %b\r\n\r\n",
    b"GET /credentials/base HTTP/1.1\r\nHost: x%b\r\nAuthorization: %b\r\n\r\n",
    b"GET /credentials/base HTTP/1.1\r\nHost: %b\r\nContent-Length: 2\r\nA: %b\r\n\r\n{}",
    b"HEAD /credentials/base HTTP/1.1\r\nHost: %b\r\nAuthorization: %b\r\n\r\n",
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), min_size=1), st.data())
def test_a_stream_gets_the_same_answers_however_it_is_cut(
    server: Serving, runs: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Equal chunks are not parsed again, which must not change an answer."""
    host, port = server.url("base").split("/")[2].split(":")
    token = server.token("base").encode()
    requests = [
        STREAM[kind] % (f"{host}:{port}".encode(), token) for kind, n in runs for _ in range(n)
    ]
    expected = [b"200 401 401 403 413 405".split()[kind] for kind, n in runs for _ in range(n)]
    whole = b"".join(requests)
    ends = itertools.accumulate(map(len, requests))
    cuts = {end + data.draw(st.sampled_from([0, 0, 0, 0, 1, -1, 40])) for end in ends}
    edges = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    answers = b""
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in itertools.pairwise(edges):
            connection.sendall(whole[start:end])
            seen = sum(at <= end for at in itertools.accumulate(map(len, requests)))
            while answers.count(b"HTTP/1.1 ") < seen:
                answers += connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65536):
            answers += part
    assert re.findall(rb"HTTP/1.1 (\d+) ", answers) == expected


@pytest.mark.parametrize("cut", [40, -1], ids=["the end of a request", "a request and a byte"])
def test_repeated_bytes_that_are_not_one_request_are_not_taken_for_it(
    server: Serving, cut: int
) -> None:
    host, port = server.url("base").split("/")[2].split(":")
    whole = STREAM[0] % (f"{host}:{port}".encode(), server.token("base").encode())
    start, end = (whole[:cut], whole[cut:]) if cut > 0 else (b"", whole + b"G")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(start)
        time.sleep(0.02)  # so that it arrives by itself
        connection.sendall(end)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(end)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_clients_that_disconnect_in_the_middle(server: Serving) -> None:
    host, port = server.url("base").split("/")[2].split(":")
    token = server.token("base")
    head = (
        f"GET /credentials/base HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: {token}\r\n\r\n"
    )
    for end in range(0, len(head), 7):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head[:end].encode())
    for _ in range(50):  # complete requests whose responses are not read
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() * 20)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.root("a second user")
def test_another_user_gets_nothing(server: Serving) -> None:
    """A second user of the machine asks for a metadata token, and for the token's file."""
    code = f"""
import encodings.idna, http.client, os, sys
url, file = sys.argv[1:]
os.setgid(65534)
os.setuid(65534)
host, port = url.split("/")[2].split(":")
connection = http.client.HTTPConnection(host, int(port))
connection.request("PUT", "/latest/api/token", headers={{"{TTL}": "60"}})
print(connection.getresponse().status)
try:
    open(file).read()
except PermissionError:
    print("no")
"""
    file = server.variables("base")[TOKEN_FILE]
    done = subprocess.run(
        [sys.executable, "-c", code, server.url("base", "imds"), file],
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["403", "no"], done.stderr
