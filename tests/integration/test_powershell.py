"""The module in a real PowerShell: Pester's tests in tests/pester, several files in one PowerShell."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.command import SCRIPTS, Done, run
from devtools.emulators import Emulator
from keystead.testing import IdentityCenter
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks
from tests.conftest import Keystead

PESTER = Path(__file__).parent.parent / "pester"
SECRETS = PESTER / "Secrets.Tests.ps1"
FILES = sorted({*PESTER.glob("*.Tests.ps1")} - {SECRETS})
SERVICES = "s3,ecr"
LOG = Path("/dev/log")

pytestmark = [pytest.mark.needs("pwsh"), pytest.mark.posix("the command as a program")]


@pytest.fixture
def pester(moto: Emulator, keystead: Keystead, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pester]:
    monkeypatch.setenv("PATH", f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}")
    with IdentityCenter() as center:
        center.add_account("123456789012", "Payments", roles=["Admin"])
        monkeypatch.setenv("TEST_START_URL", center.start_url)
        monkeypatch.setenv("BROWSER", f"{sys.executable} -m keystead.testing.browser %s")
        for name, value in center.variables.items():
            monkeypatch.setenv(name, value)
        yield Pester(keystead)


class Pester:
    """Runs files of Pester's tests with the module, in front of a recorder."""

    def __init__(self, keystead: Keystead) -> None:
        self._keystead = keystead
        home = keystead.home
        (home / ".aws").mkdir(mode=0o700)
        keystead.plain |= {home / ".aws" / "logged"}
        self.modules = home / "modules"
        done = keystead("powershell-module", "--install", self.modules, "--service", SERVICES)
        assert done.code == 0, done.stderr

    def __call__(self, *files: Path) -> Done:
        """Runs them. Fails with what failed there."""
        home = self._keystead.home
        result = home / "result.json"
        environ = {
            **os.environ,
            "KEYSTEAD_TEST_MODULES": str(self.modules),
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "CANARY_ID": ACCESS_KEY_ID,
            "CANARY_KEY": SECRET_KEY,
            "CANARY_TOKEN": SESSION_TOKEN,
            "NO_COLOR": "1",
            "POWERSHELL_TELEMETRY_OPTOUT": "1",
        }
        script = [str(PESTER / "run.ps1"), str(result), *map(str, files)]
        done = run(
            ["pwsh", "-NoProfile", "-NonInteractive", "-File", *script],
            environ=environ,
            cwd=home,
            seconds=400.0,
        )
        assert result.exists(), done.stdout + done.stderr
        found = json.loads(result.read_text())
        result.unlink()
        wrong = [
            f"{test['result']}: {test['name']}\n    {test['error']}"
            for test in found["tests"]
            if test["result"] != "Passed"
        ]
        assert not wrong + found["blocks"], "\n".join([*wrong, *found["blocks"]])
        assert found["tests"]
        return done


@pytest.mark.parametrize(
    "files",
    [FILES[::2], FILES[1::2]],
    ids=lambda files: "-".join(path.name.removesuffix(".Tests.ps1") for path in files),
)
def test_the_module_in_powershell(files: list[Path], pester: Pester) -> None:
    pester(*files)


@contextlib.contextmanager
def system_log() -> Iterator[list[str] | None]:
    """What programs give to the system's log; None where something else takes it."""
    with open(Path(tempfile.gettempdir()) / "keystead-tests-log.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if LOG.exists() or os.geteuid() != 0:
            yield None
            return
        taken: list[str] = []
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(LOG))

            def take() -> None:
                while message := listener.recv(1 << 20):
                    taken.append(message.decode(errors="replace"))

            thread = threading.Thread(target=take)
            thread.start()
            try:
                yield taken
            finally:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                    last.connect(str(LOG))
                    last.send(b"")
                thread.join()
                LOG.unlink()


POLICY = {
    "PowerShellPolicies": {
        "ModuleLogging": {"EnableModuleLogging": True, "ModuleNames": ["*"]},
        "ScriptBlockLogging": {
            "EnableScriptBlockLogging": True,
            "EnableScriptBlockInvocationLogging": True,
        },
    },
    "LogLevel": "Verbose",
}


def test_no_log_of_powershell_has_a_secret(pester: Pester, home: Path) -> None:
    folder = home / ".config" / "powershell"
    folder.mkdir(parents=True)
    (folder / "powershell.config.json").write_text(json.dumps(POLICY))
    with system_log() as taken:
        pester(SECRETS)
    if taken is None:
        pytest.skip("nobody but root may read /dev/log, and only where nothing else does")
    text = "\n".join(taken)
    assert 'ParameterBinding(Set-AWSCredential): name="SecretKey"' in text
    assert "Creating Scriptblock text" in text
    assert leaks(text) == []
