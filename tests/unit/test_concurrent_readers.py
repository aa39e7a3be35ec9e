"""Reading while other programs write: no error and no partial file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import botocore.configloader
import pytest

from keystead.errors import DocumentError, ProfileNotFound
from keystead.stores.shared import SharedStore
from keystead.system import System
from tests.effort import amount

SECONDS = 25.0
PROFILES = 300
LATE = "late"  # the last section of the file

# A program that opens the file for writing, which empties it, and then writes it bit by bit, as
# `aws configure set` does; most bits end in the middle of a line.
FOREIGN = f"""
import sys, time
path = sys.argv[1]
print("ready", flush=True)
round = 0
while True:
    round += 1
    lines = [f"[p{{n}}]\\naws_access_key_id = AKID{{round}}\\nregion = r{{round}}\\n\\n" for n in range({PROFILES})]
    text = "".join(lines) + f"[{LATE}]\\nregion = r{{round}}\\n"
    with open(path, "w", buffering=1) as file:
        for at in range(0, len(text), 499):
            file.write(text[at : at + 499])
            file.flush()
    time.sleep(0.005)
"""

OURS = """
import sys
from keystead.stores.shared import SharedStore
from keystead.system import System
home = sys.argv[1]
store = SharedStore.open(System(environ={"HOME": home, "KEYSTEAD_HOME": home + "/keystead"}))
print("ready", flush=True)
round = 0
while True:
    round += 1
    store.change("common", lambda _: {"left": f"r{round}", "right": f"r{round}"})
"""


@contextmanager
def writing(program: str, argument: Path) -> Iterator[subprocess.Popen[str]]:
    """A writer that is at work and stays so."""
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(argument)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
        yield writer
        assert writer.poll() is None, writer.stderr.read() if writer.stderr else ""
    finally:
        writer.kill()
        writer.communicate()


@pytest.fixture
def aws(home: Path) -> Path:
    folder = home / ".aws"
    folder.mkdir()
    return folder


def store_of(home: Path) -> SharedStore:
    return SharedStore.open(System(environ={"HOME": str(home)}))


@pytest.mark.posix("as fast a writer as Wine is not")
def test_a_file_that_is_rewritten_in_place_is_read_without_an_error(home: Path, aws: Path) -> None:
    path = aws / "credentials"
    path.write_text(f"[{LATE}]\nregion = r0\n")
    store = store_of(home)
    unfinished = seen = 0
    end = time.monotonic() + SECONDS
    with writing(FOREIGN, path):
        while (seen < amount(short=300, full=1200) or unfinished == 0) and time.monotonic() < end:
            seen += 1
            unfinished += f"[{LATE}]" not in path.read_text()
            assert (store.find(LATE).text("region") or "r").startswith("r")
            rounds = {
                profile.text("aws_access_key_id"): profile.text("region")
                for profile in store.profiles()[:-1]  # the last may be cut within its values
            }
            assert all(region == (key or "").replace("AKID", "r") for key, region in rounds.items())
            # That they are of one version cannot be had: the system reads while the other writes.
    assert seen > 100
    assert unfinished > 0  # else nothing was shown


def test_no_partial_file_in_10000_reads_during_our_writes(home: Path, aws: Path) -> None:
    paths = (aws / "config", aws / "credentials")
    paths[0].write_text("[profile other]\nregion = r\n")
    paths[1].write_text("# mine\n[common]\nleft = r0\nright = r0\n\n[last]\nx = 1\n")
    store = store_of(home)
    values: set[str | None] = set()
    reads, end = 0, time.monotonic() + SECONDS
    with writing(OURS, home), writing(OURS, home):
        # Where others use the machine too, the writers may need longer to have their turns.
        while reads < amount(short=500, full=2500) or (len(values) < 11 and time.monotonic() < end):
            reads += 1
            common = store.find("common")
            assert common.text("left") == common.text("right")
            assert {p.name for p in store.profiles()} == {"common", "last", "other"}
            raw = botocore.configloader.raw_config_parse(str(paths[1]))
            assert raw["common"]["left"] == raw["common"]["right"]
            assert raw["last"] == {"x": "1"}
            config = botocore.configloader.load_config(str(paths[0]))
            assert config["profiles"] == {"other": {"region": "r"}}
            values.add(common.text("left"))
    assert len(values) > 10


@pytest.mark.parametrize("content", ["", "[a]\nregion = eu-we", "[a]\nregion\n", "[a", "\xc3"])
def test_file_that_stays_half_written_is_reported(home: Path, aws: Path, content: str) -> None:
    (aws / "credentials").write_text(content, encoding="latin-1")
    with pytest.raises((DocumentError, ProfileNotFound)):
        store_of(home).find("b")
