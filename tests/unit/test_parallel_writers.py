"""Many processes write the shared files at once: nothing is lost, and no reader sees half a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.text.dialect import FileKind, interpret
from keystead.text.document import Document
from tests.effort import amount

WRITERS = amount(short=16, full=100)
ROUNDS = 2
UNTOUCHED = "# mine\n[common]\nkeep = as it is ; note\n\n[last]\nx=1\n"

WRITE = f"""
import sys
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.shared import SharedStore
from keystead.system import System
home, number = sys.argv[1:]
store = SharedStore.open(System(environ={{"HOME": home, "KEYSTEAD_HOME": home + "/keystead"}}))
sys.stdin.read()  # until all are ready
keys = {{"aws_access_key_id": "AKID" + number, "aws_secret_access_key": "s" * int(number)}}
register(store, Profile("p" + number, {{**keys, "output": "json"}}))
for _ in range({ROUNDS}):
    store.change(
        "common",
        lambda old: {{
            "w" + number: number,
            "count": str(int(old.text("count") or "0") + 1),
        }},
    )
"""


def test_parallel_writers_lose_nothing_and_readers_see_whole_files(home: Path) -> None:
    folder = home / ".aws"
    folder.mkdir()
    (folder / "credentials").write_bytes(UNTOUCHED.encode())
    (folder / "config").write_text("[profile common]\n# theirs\n")
    said = home / "said"
    with said.open("wb") as stream:
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITE, home, str(number)],
                stdin=subprocess.PIPE,
                stderr=stream,
            )
            for number in range(1, WRITERS + 1)
        ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.close()  # go
    store = SharedStore.open(System(environ={"HOME": str(home)}))
    reads = 0
    while any(writer.poll() is None for writer in writers):
        reads += 1
        data = (folder / "credentials").read_bytes()
        whole = interpret(Document(data, "credentials"), FileKind.CREDENTIALS)
        assert data.startswith(b"# mine\n[common]\nkeep = as it is ; note\n")
        assert b"\n[last]\nx=1\n" in data
        for name, settings in whole.profiles.items():
            if name.startswith("p"):  # a profile is there with all it has, or not at all
                assert settings.keys() == {
                    "aws_access_key_id",
                    "aws_secret_access_key",
                    "output",
                }
        assert {"common", "last"} <= {profile.name for profile in store.profiles()}
    assert (said.read_text(), [w.returncode for w in writers]) == ("", [0] * WRITERS)
    assert reads > 10

    numbers = {str(number) for number in range(1, WRITERS + 1)}
    found = {profile.name: profile for profile in store.profiles()}
    assert found.keys() == {"common", "last", *(f"p{n}" for n in numbers)}
    common = found["common"]
    assert common.text("count") == str(WRITERS * ROUNDS)
    assert {n: common.text(f"w{n}") for n in numbers} == {n: n for n in numbers}
    assert {n: len(found[f"p{n}"].text("aws_secret_access_key") or "") for n in numbers} == {
        n: int(n) for n in numbers
    }
    lines = (folder / "credentials").read_text().splitlines()
    left = iter(lines)
    assert all(line in left for line in UNTOUCHED.splitlines() if line)
    assert len([line for line in lines if line]) == 5 + WRITERS * 4
    assert (folder / "config").read_text().startswith("[profile common]\n")
    for file in folder.iterdir():
        assert not file.name.endswith(".tmp")
