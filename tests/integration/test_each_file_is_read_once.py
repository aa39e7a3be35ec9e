"""Each command opens each file of the stores once; a change opens it once more, under the lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from devtools.emulators import Emulator
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.protectors import KeyfileProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY

pytestmark = pytest.mark.posix("`exec` becomes the command")

KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
ROLE = "arn:aws:iam::123456789012:role/demo"
NAMES = ("credentials", "config", "RegisteredAccounts.json")

# A command line, and how often it opens each of `NAMES`: where there is no encrypted store, with
# the profile `dev` in the shared files; and where there is one, with `dev` in it, which
# is not opened before there is one. `exec` comes last, as the process becomes the command.
OPENED = """
list                            1 1 0   1 1 1
list --all                      1 1 0   1 1 1
show dev                        1 1 0   0 0 1
plan dev                        1 1 0   0 0 1
plan role                       1 1 0   1 1 1
env dev                         1 1 0   1 1 1
process dev                     1 1 0   0 0 1
process role                    1 1 1   1 1 1
whoami dev                      1 1 0   0 0 1
explain                         1 1 0   1 1 1
explain dev                     1 1 0   1 1 1
lint                            1 1 0   1 1 1
doctor                          1 1 1   1 1 1
Get-AWSCredential -ListProfileDetail 1 1 0   1 1 1
store status                    0 0 1   0 0 1
dump                            1 1 0   1 1 0
set dev region=eu-west-2        2 2 1   0 0 2
copy dev two                    2 2 1   0 0 2
rename two three                2 2 1   1 1 2
remove three --force            2 2 1   1 1 2
exec dev -- true                1 1 0   1 1 1
"""

RUN = """
import io, json, os, sys, time
names, lines = json.loads(sys.argv[1])
def opened(event, arguments):
    # The system call below `open` is an event too, without a mode.
    if event == "open" and arguments[1] is not None and isinstance(arguments[0], (str, os.PathLike)):
        name = os.path.basename(arguments[0])
        if name in names:
            os.write(2, f"\\n{at} {name}\\n".encode())
sys.addaudithook(opened)
from keystead.cli.main import main
for at, line in enumerate(lines):
    sys.stdout = io.TextIOWrapper(io.BytesIO())
    time.sleep(0.03)  # what was written in this tick of the clock is not remembered
    main(line)
"""


def opened(home: Path, lines: list[list[str]]) -> list[list[int]]:
    """How often each of the command lines, all run by one process, opens each of `NAMES`."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps([NAMES, lines])],
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    count = Counter(done.stderr.splitlines())
    return [[count[f"{at} {name}"] for name in NAMES] for at in range(len(lines))]


@pytest.mark.parametrize("encrypted", [False, True], ids=["shared files", "encrypted store"])
def test_each_file_is_read_once_a_command(
    moto: Emulator, home: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    folder = home / ".aws"
    folder.mkdir(mode=0o700)
    (folder / "config").write_text(
        f"[profile dev]\nregion = eu-west-1\n[profile role]\nrole_arn = {ROLE}\n"
        "source_profile = dev\n"
    )
    credentials = folder / "credentials"
    credentials.touch(mode=0o600)
    credentials.write_text("\n".join(["[dev]", *(f"{key} = {text}" for key, text in KEYS.items())]))
    if encrypted:
        key_file = home / "store.key"
        monkeypatch.setenv("KEYSTEAD_KEY_FILE", str(key_file))
        system = System()
        store = EncryptedStore(system, protector=KeyfileProtector(system, path=key_file))
        register(store, Profile("dev", {**KEYS, "region": "eu-west-1"}))
    before = time.time() - 60  # what was written a moment ago is read until it is whole
    for path in (credentials, folder / "config"):
        os.utime(path, (before, before))

    rows = [line.rsplit(maxsplit=6) for line in OPENED.strip().splitlines()]
    lines = [row[0].split() for row in rows]
    counts = opened(home, lines)
    found = {" ".join(line): count for line, count in zip(lines, counts, strict=True)}
    expected = {row[0].strip(): list(map(int, row[4:] if encrypted else row[1:4])) for row in rows}
    assert found == expected
