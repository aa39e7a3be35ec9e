"""What was chosen before, in the order in which it is offered."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.pick.choice_history import ChoiceHistory, after_choice
from keystead.system import System
from keystead.value import replace

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    now = BEGIN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(home: Path, clock: Clock) -> ChoiceHistory:
    return ChoiceHistory(replace(System(), clock=clock))


def offered(history: ChoiceHistory) -> list[str]:
    moments = history.moments()
    return sorted(moments, key=lambda name: -moments[name])


def test_the_last_choice_is_first_and_frequent_ones_stay_in_front(
    history: ChoiceHistory, clock: Clock
) -> None:
    for day, name in enumerate(["often", "often", "once", "often", "then"]):
        clock.now = BEGIN + timedelta(days=day)
        history.add(name)
    assert offered(history) == ["often", "then", "once"]
    clock.now = BEGIN + timedelta(days=60)
    history.add("then")
    assert offered(history) == ["then", "often", "once"]


def test_the_file_is_private_and_bounded(history: ChoiceHistory) -> None:
    for number in range(3):
        history.add(f"p{number}")
    path = System().folders.choices
    path.write_text(json.dumps({"chosen": {f"old{n}": n for n in range(1, 2000)}}))
    history.add("new")
    assert len(history.moments()) == 500
    assert offered(history)[:2] == ["new", "old1999"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"chosen": []}', '{"chosen": {"a": "x"}}', '{"chosen": {"a": -1}}'],
)
def test_a_file_that_cannot_be_read_counts_as_empty(history: ChoiceHistory, text: str) -> None:
    path = System().folders.choices
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_text(text)
    assert history.moments() == {}
    history.add("a")
    assert offered(history) == ["a"]


def test_a_folder_that_cannot_be_written_is_ignored(history: ChoiceHistory) -> None:
    path = System().folders.choices
    path.parent.write_text("")
    history.add("a")
    assert history.moments() == {}


@given(st.floats(0, 1e12), st.floats(0, 1e12))
def test_a_choice_moves_a_name_later_and_never_far(moment: float, now: float) -> None:
    found = after_choice(moment, now)
    assert found >= now
    assert found <= now + 21 * 7 * 86400
    assert found >= after_choice(None, now)
