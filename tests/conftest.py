"""What every test gets: a temporary home, no way off the loopback, and a watch for secrets."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import signal
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from devtools import command, emulators, scenario
from devtools.emulators import Emulator
from devtools.secretservice import SecretService
from tests import agents, effort, parts
from tests.agents import Agent
from tests.canaries import files_with_leaks, leaks
from tests.recording_fork_server import RecordingServer

WINDOWS = sys.platform == "win32"
# A module with this line may import what Windows does not have.
_POSIX_MODULE = re.compile(r"^pytestmark = .*pytest\.mark\.posix\(", re.MULTILINE)

# Off the loopback there is only a closed port. Programs that a test starts see it as their proxy.
_NOWHERE = "http://127.0.0.1:9"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-parts",
        action="store_true",
        help="fail where a real program is missing that a test needs, in place of skipping it",
    )
    parser.addoption(
        "--fork-server",
        action="store_true",
        help="run the commands of all tests in children of a fork server",
    )


effort.set_up_hypothesis()
effort.keep_files_in_memory()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors, because tests mostly wait for programs."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    # A background job ignores Ctrl-C, one under nohup a hangup: what it starts would do the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.name == "posix":
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        agents.mark_descendants()
    # Moto serves from a thread of this process; its warnings are ignored.
    for module in ("moto", "werkzeug", "flask", "botocore"):
        config.addinivalue_line("filterwarnings", f"ignore:::{module}")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if not WINDOWS:
        return collection_path == Path(__file__).parent / "windows" or None
    is_test = collection_path.suffix == ".py" and collection_path.name.startswith("test_")
    return (is_test and bool(_POSIX_MODULE.search(collection_path.read_text("utf-8")))) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = {"posix": WINDOWS, "root": not WINDOWS and os.geteuid() != 0}
    for item in items:
        for mark in item.iter_markers():
            if absent.get(mark.name):
                item.add_marker(pytest.mark.skip(f"needs {mark.name}: {mark.args[0]}"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            parts.need(name, item.config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists why tests were skipped, a line for each reason."""
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("skipped tests")
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"{tests} skipped: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    """Fails a test whose captured output or log holds a secret."""
    report = yield
    found = leaks("".join(content for _, content in report.sections))
    if found and report.outcome == "passed":
        report.outcome = "failed"
        report.longrepr = f"{', '.join(found)} shows in the captured output or log"
    return report


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuses every connection of this process that leaves the machine."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: object, real=real) -> object:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                host = address[0]
                if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                    raise AssertionError(f"a test tried to reach {host}")
            return real(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def keyring_session(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[SecretService | None]:
    """One real keyring for all tests that need one; Windows has its own."""
    if os.name == "nt":
        yield None
        return
    parts.need("a Secret Service", pytestconfig)
    service = SecretService(tmp_path_factory.mktemp("keyring"))
    yield service
    service.stop()


@pytest.fixture
def system_keyring(
    keyring_session: SecretService | None, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, str]:
    """The variables of the keyring, which are set for this process too."""
    environ = keyring_session.environ() if keyring_session else {}
    for name in environ.keys() & {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"}:
        monkeypatch.setenv(name, environ[name])
    return environ


class Keystead:
    """The real command, run in the test's own home.

    ``plain`` takes the files in which the test itself wants plaintext keys, in addition to the
    shared credentials file.
    """

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.home = home
        self.plain: set[Path] = {home / ".aws" / "credentials"}

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = 60.0,
    ) -> command.Done:
        """Runs `keystead` with ``arguments``, without a terminal, in the environment of the test.

        ``env`` adds to that environment. Fails the test when the output holds a secret that the
        command is not meant to output.
        """
        texts = [str(argument) for argument in arguments]
        done = command.run(
            [command.KEYSTEAD, *texts],
            environ={**os.environ, **(env or {})},
            cwd=self.home,
            stdin=stdin,
            seconds=seconds,
        )
        line = " ".join(["keystead", *texts])
        shown = done.stderr if scenario.hands_over(line) else done.stderr + done.stdout
        if found := leaks(shown):
            pytest.fail(f"`{line}` shows {', '.join(found)}:\n{shown}")
        return done


@pytest.fixture(autouse=True)
def isolation(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> Iterator[Keystead]:
    """A new home and an environment with nothing of the machine."""
    for name in os.environ.keys() - command.clean_environ(os.environ).keys():
        monkeypatch.delenv(name)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "machine"
    home = root / "home"
    home.mkdir(mode=0o700, parents=True)
    settings = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "KEYSTEAD_HOME": str(root / "keystead"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTP_PROXY": _NOWHERE,
        "HTTPS_PROXY": _NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "KEYSTEAD_AGENT": "off",  # a test that wants one starts and ends its own
    }
    if request.config.getoption("--fork-server"):
        settings |= request.getfixturevalue("any_recording_server").environ
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG, logger="keystead")
    keystead = Keystead(root, home)
    yield keystead
    found = files_with_leaks(root, keystead.plain)
    assert not found, f"a secret stands readable in {', '.join(map(str, found))}"


@pytest.fixture
def keystead(isolation: Keystead) -> Keystead:
    """Runs the real command; see `Keystead`."""
    return isolation


@pytest.fixture
def home(isolation: Keystead) -> Path:
    """The home folder of the test."""
    return isolation.home


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short path: the length of a socket's path is limited."""
    with tempfile.TemporaryDirectory(prefix="k-") as folder:
        yield Path(folder)


@pytest.fixture
def write_credentials(home: Path) -> Callable[[str], Path]:
    """Writes ``~/.aws/credentials``, which only its owner can read, and returns its path."""

    def write(text: str) -> Path:
        path = home / ".aws" / "credentials"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def agent(isolation: Keystead, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """The agent that commands of the test start by themselves."""
    # A short path to the same folder: the length of a socket's path is limited.
    with tempfile.TemporaryDirectory(prefix="k-") as short:
        folder = isolation.root / "keystead"
        folder.mkdir(mode=0o700)
        (Path(short) / "k").symlink_to(folder)
        monkeypatch.setenv("KEYSTEAD_HOME", f"{short}/k")
        monkeypatch.delenv("KEYSTEAD_AGENT")
        found = Agent(Path(short) / "k" / "run" / "agent.sock")
        yield found
        found.end()


@pytest.fixture(scope="session")
def any_recording_server() -> Iterator[RecordingServer]:
    with tempfile.TemporaryDirectory(prefix="k-") as folder:
        found = RecordingServer(Path(folder))
        yield found
        found.end()


@pytest.fixture
def recording_server(
    any_recording_server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> RecordingServer:
    """A fork server that runs the commands of the test, without an agent."""
    for name, value in any_recording_server.environ.items():
        monkeypatch.setenv(name, value)
    any_recording_server.records()
    return any_recording_server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Emulator]:
    with emulators.moto() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def ministack_server() -> Iterator[Emulator]:
    with emulators.ministack() as emulator:
        yield emulator


@pytest.fixture
def moto(moto_server: Emulator, isolation: Keystead, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Moto, empty, with the environment set to use it."""
    return _used(moto_server, monkeypatch)


@pytest.fixture
def ministack(
    ministack_server: Emulator, isolation: Keystead, monkeypatch: pytest.MonkeyPatch
) -> Emulator:
    """Ministack, empty, with the environment set to use it."""
    return _used(ministack_server, monkeypatch)


def _used(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    emulator.reset()
    for name, value in emulator.environ.items():
        monkeypatch.setenv(name, value)
    return emulator
