"""What the agent holds, and what makes it forget: files, ends, jumps of the clock, suspends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keystead.agent.holder import MOST_ANSWERS, MOST_KEYS, Answer, Holder, Key, Told, settled, stamp
from keystead.system.clocks import Clocks
from tests.agents import Time

TOLD = Told("", "", None, "")
KEY = Key("passphrase ...", bytes(32))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def holder(time: Time) -> Holder:
    found = Holder(time.clocks())
    found.keep_key("store", KEY)
    found.keep("dev", b"A=1", Answer(b"answer", (), None, TOLD))
    return found


def test_an_answer_is_for_one_profile_in_one_environment(holder: Holder) -> None:
    assert holder.ready("dev", b"A=1") is not None
    assert holder.ready("dev", b"A=2") is None
    assert holder.ready("Dev", b"A=1") is None


def test_time_that_passes_changes_nothing(holder: Holder, time: Time) -> None:
    for _ in range(1000):
        time.passes(3600)
        holder.tick()
    assert holder.ready("dev", b"A=1") is not None
    assert holder.key("store") == KEY


@pytest.mark.parametrize("seconds", [6.0, -6.0, 86400.0, -86400.0])
def test_a_jump_of_the_calendar_clock_ends_answers(
    holder: Holder, time: Time, seconds: float
) -> None:
    time.wall += seconds
    assert holder.ready("dev", b"A=1") is None
    assert holder.key("store") == KEY


@pytest.mark.parametrize("seconds", [1.0, -1.0])
def test_a_clock_that_is_put_right_a_little_ends_nothing(
    holder: Holder, time: Time, seconds: float
) -> None:
    time.wall += seconds
    assert holder.ready("dev", b"A=1") is not None


def test_after_a_suspend_everything_is_forgotten(holder: Holder, time: Time) -> None:
    time.wall += 60
    time.asleep += 60
    assert holder.key("store") is None
    assert holder.ready("dev", b"A=1") is None
    assert (holder.names, holder.stores) == ([], [])


def test_the_clocks_of_this_machine_tell_of_no_sleep_while_it_is_awake() -> None:
    found = Clocks()
    assert abs(found.asleep() - found.asleep()) < 0.5


def test_an_answer_is_given_until_it_is_to_be_renewed(holder: Holder, time: Time) -> None:
    assert holder.keep("role", b"", Answer(b"x", (), time.wall + 100, TOLD))
    time.passes(99)
    assert holder.ready("role", b"") is not None
    time.passes(1)
    assert holder.ready("role", b"") is None
    assert not holder.keep("role", b"", Answer(b"x", (), time.wall, TOLD))
    assert holder.names == ["dev"]


@pytest.mark.parametrize("change", ["write", "touch", "replace", "remove", "make"])
def test_a_changed_file_ends_it(holder: Holder, tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    if change != "make":
        path.write_text("one")
    assert holder.keep("x", b"", Answer(b"x", ((str(path), stamp(str(path))),), None, TOLD))
    assert holder.ready("x", b"") is not None
    before = path.stat() if path.exists() else None
    if change == "touch":
        os.utime(path, ns=(1, 1))
    elif change == "remove":
        path.unlink()
    elif change == "replace" and before:
        (tmp_path / "new").write_text("two")
        os.utime(tmp_path / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
        (tmp_path / "new").replace(path)
    else:
        path.write_text("longer than it was")
    assert holder.ready("x", b"") is None
    assert holder.names == ["dev"]


def test_a_file_that_changed_just_now_might_change_unseen(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    found = stamp(str(path))
    changed = path.stat().st_ctime
    assert not settled(found, changed)
    assert settled(found, changed + 1)
    assert settled(None, changed)


def test_it_holds_so_much_and_no_more(holder: Holder) -> None:
    for number in range(MOST_ANSWERS):
        holder.keep("x", b"%d" % number, Answer(b"", (), None, TOLD))
        holder.keep_key(str(number), KEY)
        assert holder.ready("x", b"0") is not None
    assert holder.ready("dev", b"A=1") is None  # not asked for the longest
    assert len(holder.stores) == MOST_KEYS


def test_it_forgets_on_demand(holder: Holder) -> None:
    holder.forget_answers()
    assert (holder.names, holder.stores) == ([], ["store"])
    holder.forget()
    assert holder.stores == []
