"""What the agent holds: opened data keys, and answers that are finished to the byte.

It is all in memory and nowhere else. An answer is held for one profile as one environment sees
it, for as long as the files it was made from stay what they were and its credentials need no
renewing. Time that did not pass evenly ends it: after a suspend everything is forgotten, after a
jump of the calendar clock the answers are.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from keystead.agent.epoch import Epoch
from keystead.outside import counted, parse_moment, text_in
from keystead.system.clocks import Clocks
from keystead.system.file_versions import ChangeToken, FileVersion

MOST_ANSWERS = 1000
MOST_KEYS = 100

_ASLEEP = 1.0
_JUMP = 5.0
_HIGH = 1 << 128


class GrantRecord(NamedTuple):
    """What the audit log is told when an answer is given, and the folder that it is in."""

    access_key_id: str
    source: str
    expires_at: str | None
    """In ISO 8601."""
    folder: str


class Answer(NamedTuple):
    """A finished answer, the versions of what it was made from, and when it is to be renewed."""

    body: bytes
    token: ChangeToken
    renew_at: float | None
    """Seconds since 1970; None: its credentials do not end."""
    told: GrantRecord


class Key(NamedTuple):
    """An opened data key, and the record of the protector that gave it."""

    record: str
    raw: bytes


class AnswerCache:
    """Holds them, up to a bound; the answer that was longest not asked for goes first."""

    def __init__(self, clocks: Clocks, epoch: Epoch) -> None:
        self._clocks = clocks
        self._epoch = epoch
        self._began = epoch.current()
        self.emptied = False
        """Whether everything was forgotten: copies of it may still be in this process's memory."""
        self._answers: OrderedDict[tuple[str, bytes], Answer] = OrderedDict()
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._wall, self._running, self._asleep = self._read_clocks()

    def ready(self, name: str, scope: bytes) -> Answer | None:
        """The answer for the profile in that environment, if it still holds."""
        self.tick()
        place = name, _digest(scope)
        found = self._answers.get(place)
        if found is None:
            return None
        if not self._holds(found):
            del self._answers[place]
            return None
        self._answers.move_to_end(place)
        return found

    def keep(self, name: str, scope: bytes, answer: Answer) -> bool:
        """Holds the answer from now on; False when it does not hold any more."""
        self.tick()
        if not self._holds(answer):
            return False
        self._answers[name, _digest(scope)] = answer
        while len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)
        return True

    def key(self, store_id: str) -> Key | None:
        """The data key of the store, if it was opened."""
        self.tick()
        return self._keys.get(store_id)

    def keep_key(self, store_id: str, key: Key, began: tuple[int, ...] | None) -> bool:
        """Holds a data key that was opened in the epoch ``began``; False when that has ended."""
        self.tick()
        if began != self._began:
            return False
        self._keys[store_id] = key
        while len(self._keys) > MOST_KEYS:
            self._keys.popitem(last=False)
        return True

    @property
    def names(self) -> list[str]:
        """The profiles with an answer."""
        return sorted({name for name, _ in self._answers})

    @property
    def stores(self) -> list[str]:
        """The stores whose data key is held."""
        return list(self._keys)

    def forget_answers(self) -> None:
        """Forgets the answers, and so the live sessions."""
        self._answers.clear()

    def clear(self) -> None:
        """Forgets everything, as its process ends; the next agent may hold what is on its way."""
        self._answers.clear()
        self._keys.clear()

    def forget(self) -> None:
        """Forgets everything, and refuses what is on its way."""
        self.clear()
        self._end_epoch()
        self.emptied = True

    def tick(self) -> None:
        """Checks clocks and epoch; to be called now and then, and before anything is handed out."""
        wall, running, asleep = self._read_clocks()
        if asleep - self._asleep > _ASLEEP or self._epoch.current() != self._began:
            self.forget()
        elif abs((wall - self._wall) - (running - self._running)) > _JUMP:
            self.forget_answers()
            self._end_epoch()
        self._wall, self._running, self._asleep = wall, running, asleep

    def _end_epoch(self) -> None:
        with contextlib.suppress(OSError):  # without its folder no command reaches this process
            self._epoch.end()
        self._began = self._epoch.current()

    def _holds(self, answer: Answer) -> bool:
        if answer.renew_at is not None and self._clocks.wall() >= answer.renew_at:
            return False
        return all(_version_of(name) == found for name, found in answer.token)

    def _read_clocks(self) -> tuple[float, float, float]:
        return self._clocks.wall(), self._clocks.running(), self._clocks.asleep()


def _version_of(name: str) -> tuple[int, ...] | None:
    if os.path.isabs(name):
        return FileVersion.at(name)
    from keystead.stores.registry import version_of  # most stores are files

    return version_of(name)


def _digest(scope: bytes) -> bytes:
    # The variables may hold keys; they are compared and not kept.
    return hashlib.blake2b(scope, digest_size=32).digest()


def as_grant_record(members: Iterable[object]) -> GrantRecord:
    """What an `Answer` says of its credentials, as it comes over the wire. Raises as `as_token`."""
    key, source, ends, folder = members
    if ends is not None:
        parse_moment(ends)
    return GrantRecord(
        text_in(key), text_in(source), None if ends is None else str(ends), text_in(folder)
    )


def as_token(rows: Iterable[tuple[str, list[int] | None]]) -> ChangeToken:
    """An answer's token as it comes over the wire. Raises `ValueError`, `TypeError`."""
    return tuple((text_in(name), as_version(numbers)) for name, numbers in rows)


def as_version(numbers: list[int] | None) -> tuple[int, ...] | None:
    """A version as it comes over the wire. Raises `ValueError`, `TypeError`."""
    return None if numbers is None else tuple(counted(n, -_HIGH, _HIGH) for n in numbers)
