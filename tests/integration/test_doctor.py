"""`keystead doctor` against servers that are slow, silent or do not speak HTTP."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from keystead.app import App
from keystead.doctor.checks import CHECKS
from keystead.doctor.result import Result, Status
from keystead.stores.encrypted.protectors import KeyringProtector
from keystead.system import System
from tests.canaries import leaks
from tests.conftest import Keystead

NOWHERE = "http://127.0.0.1:9"


class _Service(BaseHTTPRequestHandler):
    """Answers any request with 403 and its own date, as a service does to unsigned requests."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def answering(data: bytes | None) -> Iterator[str]:
    """A server that sends ``data`` to every client, or nothing for None."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    held.append(connection)
                    if data is not None:
                        connection.sendall(data)
                        connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for connection in held:
            connection.close()


def results(check: str, system: System) -> list[Result]:
    """The result of one check; the others do not run, as `keyring` caches its first result."""
    return list(next(row for row in CHECKS if row.id == check).run(App(system)))


def environ(home: Path, **more: str) -> Mapping[str, str]:
    return {"HOME": str(home), "KEYSTEAD_HOME": str(home / "ks"), "PATH": "", **more}


@pytest.mark.parametrize(
    ("shift", "status", "says"),
    [
        (timedelta(0), Status.OK, "the clock agrees"),
        (timedelta(minutes=3), Status.OK, "the clock agrees"),
        (timedelta(hours=1, seconds=30), Status.PROBLEM, "60 minutes ahead of STS's"),
        (timedelta(hours=-1, seconds=-30), Status.PROBLEM, "60 minutes behind STS's"),
    ],
)
def test_clock_is_compared_with_that_of_sts(
    service: str, home: Path, shift: timedelta, status: Status, says: str
) -> None:
    system = System(
        environ(home, AWS_ENDPOINT_URL_STS=service), clock=lambda: datetime.now(UTC) + shift
    )
    reached, clock = results("services", system)
    assert reached.status is Status.OK
    assert clock.status is status
    assert says in clock.message
    assert bool(clock.fix) is (status is Status.PROBLEM)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "timed out"),
        (b"", "the connection was closed"),
        (b"this is no HTTP\r\n", "the connection"),
    ],
)
def test_unreachable_service_is_a_warning_after_a_short_wait(
    data: bytes | None, reason: str, home: Path
) -> None:
    with answering(data) as url:
        system = System(environ(home, AWS_ENDPOINT_URL=url))
        reached, clock = results("services", system)
    assert (reached.status, clock.status) == (Status.WARNING, Status.WARNING)
    assert reason in reached.message


def test_all_services_are_checked_concurrently(home: Path) -> None:
    """Several regions of IAM Identity Center take no longer than one."""
    (home / ".aws").mkdir()
    sections = (
        f"[sso-session s{number}]\nsso_region = eu-west-{number}\n" for number in range(1, 6)
    )
    (home / ".aws" / "config").write_text("".join(sections))
    with answering(None) as url:
        began = time.monotonic()
        found = results("services", System(environ(home, AWS_ENDPOINT_URL=url)))
        took = time.monotonic() - began
    assert [result.message.split(" at ")[0] for result in found[:-1]] == [
        "STS",
        *(f"IAM Identity Center in eu-west-{number}" for number in range(1, 6)),
    ]
    assert took < 10  # one after another they would take twelve


@pytest.mark.parametrize(
    "address", ["http://me:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY@127.0.0.1:9", "ftp://x", "x"]
)
def test_malformed_address_is_a_problem_and_not_quoted(address: str, home: Path) -> None:
    found = results("services", System(environ(home, AWS_ENDPOINT_URL=address)))
    assert found[0].status is Status.PROBLEM
    assert address not in found[0].message
    assert leaks(f"{found}") == []


def test_invalid_region_is_a_problem(home: Path) -> None:
    found = results("services", System(environ(home, AWS_REGION="no region")))
    assert found[0].status is Status.PROBLEM


def test_keyring_is_checked_if_it_opens_the_store(
    home: Path, system_keyring: Mapping[str, str]
) -> None:
    system = System(environ(home, AWS_ENDPOINT_URL=NOWHERE, **system_keyring))
    (unused,) = results("keyring", system)
    assert (unused.status, "does not use it" in unused.message) == (Status.OK, True)
    App(system).encrypted.init(KeyringProtector(system))
    (used,) = results("keyring", system)
    assert (used.status, "answers" in used.message) == (Status.OK, True)
    (store,) = results("store", system)
    assert "opens without a question" in store.message


def test_missing_keyring_is_a_problem_if_needed(
    keystead: Keystead, system_keyring: Mapping[str, str]
) -> None:
    assert keystead("store", "init", "--protector", "keyring", env=system_keyring).code == 0
    gone = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "AWS_ENDPOINT_URL": NOWHERE}
    done = keystead("doctor", "--json", env=gone)
    assert done.code == 1
    problems = [row for row in json.loads(done.stdout) if row["status"] == "problem"]
    assert [row["check"] for row in problems] == ["store", "keyring"]
    assert all(row["fix"] for row in problems)


def test_every_check_runs_on_a_partial_setup(keystead: Keystead, home: Path) -> None:
    """An error in one check is reported as its problem, and the others run."""
    (home / ".aws" / "credentials").mkdir(parents=True)
    (keystead.root / "keystead").write_text("")
    left = {"AWS_ENDPOINT_URL": NOWHERE, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}
    done = keystead("doctor", "--json", env=left)
    assert done.code == 1
    found = json.loads(done.stdout)
    assert {row["check"] for row in found} == {check.id for check in CHECKS}
    bad = {row["check"] for row in found if row["status"] == "problem"}
    assert {"files", "store", "environment"} <= bad
