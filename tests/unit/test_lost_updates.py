"""Programs that write without a lock at the same time: no successful save is lost."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.command import USER_CACHE
from keystead.errors import FileProblem, ProfileNotFound
from keystead.stores.lost_update import is_lost
from keystead.stores.shared import SharedStore
from keystead.system import Files, System
from tests.faults import Fault

BEFORE = "[a]\nx = 1\n\n[b]\n"
SAVES = 8
KEYS = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret"}

# Reads, waits, writes in place, waits, without a lock, like the SDKs.
WRITER = r"""
import re, sys, time
path, window, pause = sys.argv[1], *map(float, sys.argv[2:])
for number in range(10_000):
    with open(path) as file:
        text = re.sub(r"\[loop\]\nx = \d+\n", "", file.read())
    time.sleep(window)
    with open(path, "w") as file:
        file.write(f"{text}[loop]\nx = {number}\n")
    print(number, flush=True)
    time.sleep(pause)
"""


class Overwriting(Fault):
    """Calls of `os` during which another program writes back what it read before, ``times`` times."""

    def __init__(self, path: Path, times: int, content: Callable[[str], str] = str) -> None:
        super().__init__(-1, OSError())
        self.path = path
        self.times = times
        self.content = content

    def replace(self, src: str, dst: str) -> None:
        before = self.path.read_text()
        os.replace(src, dst)
        if self.times and dst == str(self.path):
            self.times -= 1
            self.path.write_text(self.content(before))


@pytest.fixture
def path(home: Path) -> Path:
    found = home / ".aws" / "credentials"
    found.parent.mkdir()
    found.write_text(BEFORE)
    return found


def store(
    home: Path, calls: object = os, sleep: Callable[[float], None] | None = None
) -> SharedStore:
    environ = {"HOME": str(home), "KEYSTEAD_HOME": str(home / "keystead")}
    return SharedStore.open(
        System(environ=environ, files=Files(calls), sleep=sleep or (lambda _: None))
    )


ACTS = [
    lambda s: s.change("a", lambda _: {"x": "2"}),
    lambda s: s.change("a", lambda _: {"x": None}),
    lambda s: s.change("c", lambda _: {"aws_access_key_id": "A", "aws_secret_access_key": "s"}),
    lambda s: s.unregister("a"),
    lambda s: s.rename("a", "c"),
    lambda s: s.copy("a", "c"),
    lambda s: s.copy("a", "b", force=True),
]


@pytest.mark.parametrize("act", ACTS)
def test_overwritten_save_is_repeated(
    home: Path, path: Path, act: Callable[[SharedStore], None]
) -> None:
    act(store(home))
    expected = path.read_text()
    path.write_text(BEFORE)
    calls = Overwriting(path, 3, lambda text: text.replace("[b]", "[b]\ny = 1"))
    act(store(home, calls))
    assert calls.times == 0
    # What the other program wrote stays as well.
    added = expected.replace("[b]", "[b]" + "\ny = 1" * 3)
    assert path.read_text() in (added, expected)


@pytest.mark.parametrize("act", ACTS)
def test_save_that_is_overwritten_again_and_again_is_an_error(
    home: Path, path: Path, act: Callable[[SharedStore], None]
) -> None:
    with pytest.raises(FileProblem, match="another program changed the file"):
        act(store(home, Overwriting(path, 1000)))
    assert path.read_text() == BEFORE


def test_a_later_value_of_another_program_stays(home: Path, path: Path) -> None:
    calls = Overwriting(path, 1, lambda text: text.replace("x = 1", "x = 3"))
    store(home, calls).change("a", lambda _: {"x": "2"})
    assert path.read_text() == BEFORE.replace("x = 1", "x = 3")


@pytest.mark.parametrize(
    ("before", "after", "now", "lost"),
    [
        ({"a": {"x": 1}}, {"a": {"x": 2}}, {"a": {"x": 2}}, False),
        ({"a": {"x": 1}}, {"a": {"x": 2}}, {"a": {"x": 1}}, True),
        ({"a": {"x": 1}}, {"a": {"x": 2}}, {"a": {"x": 3}}, False),
        ({"a": {"x": 1}}, {"a": {"x": 2}}, {}, False),  # removed since
        ({"a": {"x": 1}}, {"a": {}}, {"a": {"x": 1}}, True),
        ({"a": {}}, {"a": {"x": 1}}, {"a": {}}, True),
        ({}, {"a": {}}, {}, True),
        ({"a": {}}, {}, {"a": {}}, True),
        ({"a": {}}, {}, {"a": {"x": 1}}, True),
        ({"a": {"x": 1}}, {}, {"b": {}}, False),
        ({"a": {"x": 1}}, {"a": {"x": 1}}, {}, False),  # not ours
        ({"a": {"x": 1}}, {"b": {"x": 1}}, {"a": {"x": 1}}, True),
    ],
)
def test_change_counts_as_lost_if_any_part_is_reverted(
    before: dict[str, dict[str, int]],
    after: dict[str, dict[str, int]],
    now: dict[str, dict[str, int]],
    lost: bool,
) -> None:
    assert is_lost(before, after, now) is lost


@contextmanager
def writing(path: Path, window: float, pause: float) -> Iterator[None]:
    words = [sys.executable, "-c", WRITER, str(path), str(window), str(pause)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()  # it is at work
        try:
            yield
        finally:
            writer.kill()


@pytest.mark.parametrize(("window", "pause"), [(0.02, 0.02), (0.001, 0.03), (0.05, 0.1)])
def test_no_successful_save_is_lost_to_a_program_without_locks(
    home: Path, path: Path, window: float, pause: float
) -> None:
    saving = store(home, sleep=time.sleep)
    done: list[str] = []
    with writing(path, window, pause):
        for number in range(SAVES):
            try:
                saving.change(f"p{number}", lambda _: {**KEYS})
            except (FileProblem, ProfileNotFound):
                continue  # it says so
            done.append(f"p{number}")
    names = {profile.name for profile in saving.profiles()}
    assert done
    assert set(done) <= names


@pytest.mark.needs("aws-sdk-net.sh")
def test_no_successful_save_is_lost_to_the_dotnet_sdk(home: Path, path: Path) -> None:
    saving = store(home, sleep=time.sleep)
    register = '{"name": "theirs", "options": {"AccessKey": "AKID", "SecretKey": "s"}}'
    done: list[str] = []
    for number in range(3):
        with subprocess.Popen(
            ["aws-sdk-net.sh", "register", str(path), register],
            env={**os.environ, **USER_CACHE},
            stdout=subprocess.DEVNULL,
        ) as writer:
            while writer.poll() is None:
                name = f"p{number}-{len(done)}"
                with contextlib.suppress(FileProblem):
                    saving.change(name, lambda _: {**KEYS})
                    done.append(name)
                time.sleep(0.02)
    names = {profile.name for profile in saving.profiles()}
    assert done
    assert set(done) <= names
