"""What the agent holds, and what makes it forget: files, ends, jumps of the clock, suspends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keystead.agent.answer_cache import (
    MOST_ANSWERS,
    MOST_KEYS,
    Answer,
    AnswerCache,
    GrantRecord,
    Key,
)
from keystead.agent.epoch import Epoch
from keystead.system.clocks import Clocks
from keystead.system.file_versions import FileVersion, change_token
from tests.agents import Time

TOLD = GrantRecord("", "", None, "")
KEY = Key("passphrase ...", bytes(32))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def epoch(tmp_path: Path) -> Epoch:
    return Epoch(os.fsencode(tmp_path / "agent.sock"))


@pytest.fixture
def cache(time: Time, epoch: Epoch) -> AnswerCache:
    found = AnswerCache(time.clocks(), epoch)
    found.keep_key("store", KEY, epoch.current())
    found.keep("dev", b"A=1", Answer(b"answer", (), None, TOLD))
    return found


def test_answer_is_cached_for_one_profile_and_environment(cache: AnswerCache) -> None:
    assert cache.ready("dev", b"A=1") is not None
    assert cache.ready("dev", b"A=2") is None
    assert cache.ready("Dev", b"A=1") is None


def test_elapsed_time_does_not_invalidate_answers(cache: AnswerCache, time: Time) -> None:
    for _ in range(1000):
        time.passes(3600)
        cache.tick()
    assert cache.ready("dev", b"A=1") is not None
    assert cache.key("store") == KEY


@pytest.mark.parametrize("seconds", [6.0, -6.0, 86400.0, -86400.0])
def test_jump_of_the_wall_clock_invalidates_answers(
    cache: AnswerCache, time: Time, seconds: float
) -> None:
    time.wall += seconds
    assert cache.ready("dev", b"A=1") is None
    assert cache.key("store") == KEY


@pytest.mark.parametrize("seconds", [1.0, -1.0])
def test_small_clock_correction_invalidates_nothing(
    cache: AnswerCache, time: Time, seconds: float
) -> None:
    time.wall += seconds
    assert cache.ready("dev", b"A=1") is not None


def test_suspend_clears_the_cache(cache: AnswerCache, time: Time) -> None:
    time.wall += 60
    time.asleep += 60
    assert cache.key("store") is None
    assert cache.ready("dev", b"A=1") is None
    assert (cache.names, cache.stores) == ([], [])


def test_clocks_report_no_suspend_while_the_machine_is_awake() -> None:
    found = Clocks()
    assert abs(found.asleep() - found.asleep()) < 0.5


def test_answer_is_served_until_it_needs_renewal(cache: AnswerCache, time: Time) -> None:
    assert cache.keep("role", b"", Answer(b"x", (), time.wall + 100, TOLD))
    time.passes(99)
    assert cache.ready("role", b"") is not None
    time.passes(1)
    assert cache.ready("role", b"") is None
    assert not cache.keep("role", b"", Answer(b"x", (), time.wall, TOLD))
    assert cache.names == ["dev"]


@pytest.mark.parametrize("change", ["write", "touch", "replace", "remove", "make"])
def test_changed_file_invalidates_answer(cache: AnswerCache, tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    if change != "make":
        path.write_text("one")
    assert cache.keep("x", b"", Answer(b"x", change_token([path]), None, TOLD))
    assert cache.ready("x", b"") is not None
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
    assert cache.ready("x", b"") is None
    assert cache.names == ["dev"]


def test_recently_changed_file_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    found = FileVersion.at(path)
    assert found is not None
    changed = path.stat().st_ctime
    assert not found.is_settled(changed)
    assert found.is_settled(changed + 1)


def test_cache_size_is_bounded(cache: AnswerCache) -> None:
    for number in range(MOST_ANSWERS):
        cache.keep("x", b"%d" % number, Answer(b"", (), None, TOLD))
        cache.keep_key(str(number), KEY, None)
        assert cache.ready("x", b"0") is not None
    assert cache.ready("dev", b"A=1") is None  # not asked for the longest
    assert len(cache.stores) == MOST_KEYS


def test_cache_can_be_cleared(cache: AnswerCache) -> None:
    cache.forget_answers()
    assert (cache.names, cache.stores) == ([], ["store"])
    cache.forget()
    assert cache.stores == []


def test_key_opened_before_a_lock_is_not_cached_after_it(cache: AnswerCache, epoch: Epoch) -> None:
    began = epoch.current()
    cache.forget()
    assert not cache.keep_key("store", KEY, began)
    assert cache.key("store") is None
    assert cache.keep_key("store", KEY, epoch.current())


@pytest.mark.parametrize("what", ["suspend", "jump"])
def test_answer_begun_before_a_clock_gap_is_not_cached(
    cache: AnswerCache, time: Time, epoch: Epoch, what: str
) -> None:
    began = epoch.current()
    if what == "suspend":
        time.asleep += 60
    else:
        time.wall += 60
    assert not cache.keep_key("another", KEY, began)
    assert not cache.keep("dev", b"", Answer(b"", ((os.fsdecode(epoch.path), began),), None, TOLD))


def test_lock_takes_effect_without_a_reachable_agent(cache: AnswerCache, epoch: Epoch) -> None:
    epoch.end()
    assert cache.key("store") is None
    assert cache.ready("dev", b"A=1") is None


def test_starting_a_new_epoch_changes_no_file_content(tmp_path: Path) -> None:
    epoch = Epoch(os.fsencode(tmp_path / "notes"))
    (tmp_path / "notes.epoch").write_text("mine")
    before = epoch.current()
    epoch.end()
    assert (tmp_path / "notes.epoch").read_text() == "mine"
    assert epoch.current() != before
