"""Refreshable SDK sessions: in threads, after a fork, through a day, and for asyncio."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import keystead
from devtools.emulators import Emulator
from devtools.service import Reply, Request, Service
from devtools.service import serving as service
from keystead.app import App
from keystead.audit.log import AuditLog
from keystead.delivery.boto import boto_session
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

pytestmark = pytest.mark.posix("os.fork, and a package that is not among what Windows gets")

OTHER_KEY_ID = "AKIAI44QH8DHBEXAMPLE"
FILE = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
[admin]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
region = eu-west-1
"""

# Python warns of it from 3.12 on; that it goes well is what is tested here.
FORKS_WITH_THREADS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(FILE)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def uptime(self) -> float:
        return self.time.timestamp()


ANSWER = """<AssumeRoleResponse><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/admin/s</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA{number:016}</AccessKeyId><SecretAccessKey>made</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>{ends}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""


class Sts:
    """An STS whose keys expire after an hour of ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.down = False
        self.given: dict[str, datetime] = {}

    def __call__(self, _request: Request) -> Reply:
        if self.down:
            return Reply(
                403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
            )
        number = len(self.given) + 1
        ends = self.clock() + timedelta(hours=1)
        self.given[f"ASIA{number:016}"] = ends
        return Reply(200, ANSWER.format(number=number, ends=ends.strftime("%Y-%m-%dT%H:%M:%SZ")))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sts(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sts, Service]]:
    answer = Sts(clock)
    with service(answer) as found:
        found.clock = clock
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        yield answer, found


def session(clock: Clock):
    return boto_session(
        App(System(clock=clock, uptime=clock.uptime)).select("admin").session_source()
    )


def test_job_of_a_day_never_sees_expired_keys(clock: Clock, sts) -> None:
    answer, found = sts
    credentials = session(clock).get_credentials()
    for minute in range(24 * 60):
        key = credentials.get_frozen_credentials().access_key
        assert answer.given[key] > clock(), f"minute {minute}"
        clock.time += timedelta(minutes=1)
    assert 24 <= len(found.requests) <= 30


def test_keys_are_used_until_expiry_while_renewal_fails(clock: Clock, sts) -> None:
    answer, _ = sts
    credentials = session(clock).get_credentials()
    first = credentials.get_frozen_credentials().access_key
    answer.down = True
    for _ in range(59):
        clock.time += timedelta(minutes=1)
        assert credentials.get_frozen_credentials().access_key == first
    clock.time += timedelta(minutes=1)
    with pytest.raises(keystead.ProviderError):
        credentials.get_frozen_credentials()
    answer.down = False
    assert credentials.get_frozen_credentials().access_key != first


def test_clock_jump_renews_keys(clock: Clock, sts) -> None:
    answer, _ = sts
    credentials = boto_session(
        App(System(clock=clock)).select("admin").session_source()
    ).get_credentials()
    for hours in (1, 1000, -1000, 5, -5):
        clock.time += timedelta(hours=hours)
        key = credentials.get_frozen_credentials().access_key
        assert answer.given[key] > clock()


def test_threads_share_one_renewal(clock: Clock, sts) -> None:
    _, found = sts
    credentials = session(clock).get_credentials()
    for _ in range(5):
        clock.time += timedelta(minutes=55)
        keys = []
        start = threading.Barrier(16)

        def ask(start=start, keys=keys) -> None:
            start.wait()
            keys.append(credentials.get_frozen_credentials())

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({(key.access_key, key.secret_key, key.token) for key in keys}) == 1
    assert len(found.requests) == 6


@FORKS_WITH_THREADS
def test_a_forked_child_gets_keys_although_a_thread_was_renewing(clock: Clock) -> None:
    """The child has a copy of the lock that a thread of its parent held and that is never released."""
    asked, go_on = threading.Event(), threading.Event()
    slow: list[bool] = []
    answer = Sts(clock)

    def reply(request: Request) -> Reply:
        if slow:
            asked.set()
            go_on.wait(60)
        return answer(request)

    with service(reply) as found:
        found.clock = clock
        environ = {**os.environ, "AWS_ENDPOINT_URL": found.url}
        app = App(System(environ, clock=clock, uptime=clock.uptime))
        credentials = boto_session(app.select("admin").session_source()).get_credentials()
        clock.time += timedelta(minutes=55)
        slow.append(True)
        thread = threading.Thread(target=credentials.get_frozen_credentials)
        thread.start()
        assert asked.wait(60)
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:  # what it needs is what the other one is getting: it waits for that
            try:
                os.write(writer, credentials.get_frozen_credentials().access_key.encode())
            finally:
                os._exit(0)
        os.close(writer)
        go_on.set()
        thread.join()
        with os.fdopen(reader) as stream:
            got = stream.read()
        os.waitpid(pid, 0)
    assert got == credentials.get_frozen_credentials().access_key
    assert len(found.requests) == 2


@FORKS_WITH_THREADS
def test_children_of_a_pool_share_the_renewal(clock: Clock, sts) -> None:
    _, found = sts
    credentials = session(clock).get_credentials()
    clock.time += timedelta(minutes=55)
    pids, keys = [], []
    reader, writer = os.pipe()
    for _ in range(6):
        pid = os.fork()
        if not pid:
            try:
                os.write(writer, credentials.get_frozen_credentials().access_key.encode() + b"\n")
            finally:
                os._exit(0)
        pids.append(pid)
    os.close(writer)
    with os.fdopen(reader) as stream:
        keys = stream.read().split()
    for pid in pids:
        os.waitpid(pid, 0)
    assert (len(keys), len(set(keys))) == (6, 1)
    assert len(found.requests) == 2


def rotate(home: Path, key: str, extra: str = "") -> None:
    path = home / ".aws" / "credentials"
    path.write_text(path.read_text().replace(ACCESS_KEY_ID, key) + extra)


def test_a_session_uses_rotated_keys_at_the_next_request(home: Path) -> None:
    credentials = keystead.session("base").get_credentials()
    made = keystead.aio_session("base")

    async def of_asyncio() -> str:
        return (await (await made.get_credentials()).get_frozen_credentials()).access_key

    assert credentials.get_frozen_credentials().access_key == ACCESS_KEY_ID
    assert asyncio.run(of_asyncio()) == ACCESS_KEY_ID
    rotate(home, OTHER_KEY_ID)
    assert credentials.get_frozen_credentials().access_key == OTHER_KEY_ID
    assert asyncio.run(of_asyncio()) == OTHER_KEY_ID


def test_a_role_is_assumed_with_rotated_keys_and_not_for_other_changes(
    clock: Clock, sts, home: Path
) -> None:
    _, found = sts
    credentials = session(clock).get_credentials()
    first = credentials.get_frozen_credentials()
    rotate(home, ACCESS_KEY_ID, "[another]\nregion = eu-west-1\n")
    assert credentials.get_frozen_credentials() == first
    assert len(found.requests) == 1
    rotate(home, OTHER_KEY_ID)
    assert credentials.get_frozen_credentials() != first
    assert OTHER_KEY_ID in found.requests[-1].headers["authorization"]
    assert len(found.requests) == 2


def test_removed_keys_are_not_used(clock: Clock, sts, home: Path) -> None:
    answer, _ = sts
    credentials = session(clock).get_credentials()
    answer.down = True
    rotate(home, OTHER_KEY_ID)
    with pytest.raises(keystead.ProviderError):
        credentials.get_frozen_credentials()
    (home / ".aws" / "credentials").unlink()
    with pytest.raises(keystead.ProfileNotFound):
        credentials.get_frozen_credentials()
    (home / ".aws" / "credentials").write_text(FILE)
    answer.down = False
    assert credentials.get_frozen_credentials().access_key in answer.given


def test_threads_open_changed_files_once(clock: Clock, sts, home: Path) -> None:
    _, found = sts
    credentials = session(clock).get_credentials()
    rotate(home, OTHER_KEY_ID)
    start, keys = threading.Barrier(16), []

    def ask() -> None:
        start.wait()
        keys.append(credentials.get_frozen_credentials().access_key)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(found.requests) == 2
    assert len(list(AuditLog(System()).lines())) == 2


def test_signing_opens_no_file() -> None:
    code = """
import sys, keystead
credentials = keystead.session("base").get_credentials()
opened = []
sys.addaudithook(lambda event, args: opened.append(args) if event == "open" else None)
for _ in range(100):
    credentials.get_frozen_credentials()
print(opened)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_asyncio_session_gets_credentials(moto: Emulator) -> None:
    moto.client("s3").create_bucket(Bucket="one")

    async def names() -> list[str]:
        made = keystead.aio_session("admin")
        async with made.create_client("s3", endpoint_url=moto.recorder.url) as client:
            return [bucket["Name"] for bucket in (await client.list_buckets())["Buckets"]]

    assert asyncio.run(names()) == ["one"]
    assume, listing = moto.recorder.calls
    assert (assume.operation, assume.access_key_id) == ("AssumeRole", ACCESS_KEY_ID)
    assert listing.access_key_id.startswith("ASIA")


def test_event_loop_is_not_blocked_while_keys_are_retrieved(clock: Clock) -> None:
    answer = Sts(clock)
    release = threading.Event()

    def reply(request: Request) -> Reply:
        release.wait(60)
        return answer(request)

    async def run(url: str) -> list[str]:
        environ = {**os.environ, "AWS_ENDPOINT_URL": url}
        from keystead.delivery.aio import aio_session

        made = aio_session(
            App(System(environ, clock=clock, uptime=clock.uptime)).select("admin").session_source()
        )
        credentials = await made.get_credentials()

        async def let_go() -> None:
            release.set()  # reached although the others wait

        wanted = [credentials.get_frozen_credentials() for _ in range(4)]
        *found, _ = await asyncio.gather(*wanted, let_go())
        return [each.access_key for each in found]

    with service(reply) as found:
        found.clock = clock
        keys = asyncio.run(run(found.url))
    assert len(set(keys)) == 1
    assert len(found.requests) == 1


def test_configuration_errors_are_raised_when_the_session_is_created(keystead) -> None:
    import keystead as library

    with pytest.raises(library.ProfileNotFound):
        library.session("nobody")
    assert json.loads(keystead("audit", "--json").stdout) == []
