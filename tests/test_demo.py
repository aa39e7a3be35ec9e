from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.effort import amount

pytestmark = pytest.mark.posix("a POSIX shell")

REPOSITORY = Path(__file__).parent.parent
SECONDS = 60
LINES = ["starting", "PS > Set-AWSCredential -StoreAs", "PS > Get-S3Bucket", "PS > Get-Content"]


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """Where only the demo makes a temporary folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "devtools.demo"],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of(temporary: Path) -> list[str]:
    """The other processes with this TMPDIR, from Linux' /proc."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            mine = f"TMPDIR={temporary}\0".encode() in environ.read_bytes()
        except OSError:  # it ended, or is another user's
            continue
        if mine and environ.parent.name != str(os.getpid()):
            found.append(environ.parent.name)
    return found


def test_demo_succeeds_and_shows_the_caller(temporary, monkeypatch):
    # None of these may reach the demo: they would select another account.
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/not/there")
    with start() as demo:
        out, err = demo.communicate(timeout=SECONDS)
    assert (demo.returncode, err) == (0, "")
    assert "ListBuckets was signed by ASIA" in out
    assert "-SecretKey ****\n" in out
    assert out.rstrip().endswith("AWS_REGION.")
    assert list(temporary.iterdir()) == []


if os.name == "posix":

    @pytest.mark.parametrize(
        "line",
        LINES[:: amount(short=2, full=1)],
    )
    def test_an_interrupt_leaves_nothing(line, temporary):
        with start() as demo:
            while (said := demo.stdout.readline()) and not said.startswith(line):
                pass
            assert said, "the demo ended before it came to the line"
            demo.send_signal(signal.SIGINT)
            demo.send_signal(signal.SIGINT)  # an impatient second one changes nothing
            _, err = demo.communicate(timeout=SECONDS)
        assert demo.returncode == 130
        assert err == "\ninterrupted; nothing is left\n"
        assert list(temporary.iterdir()) == []
        assert processes_of(temporary) == []
