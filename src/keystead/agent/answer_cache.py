"""The agent's cache in memory: opened data keys, and answers of ``keystead process``.

An answer is valid for one profile and environment, until one of its files changes or its
credentials are to be renewed. After a suspend everything is cleared, after a change of the clock
the answers are.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

from keystead.agent.epoch import Epoch
from keystead.outside import counted, parse_moment, text_in
from keystead.system.clocks import Clocks
from keystead.system.file_versions import ChangeToken, FileVersion
from keystead.value import NamedTuple

MOST_ANSWERS = 1000
MOST_KEYS = 100

_ASLEEP = 1.0
_JUMP = 5.0
_HIGH = 1 << 128


class GrantRecord(NamedTuple):
    """What is recorded in the audit log when the answer is used, and the folder of the log."""

    access_key_id: str
    source: str
    expires_at: str | None
    """In ISO 8601."""
    folder: str


class Answer(NamedTuple):
    """An answer, the versions of its files, and when its credentials are to be renewed."""

    body: bytes
    token: ChangeToken
    renew_at: float | None
    """Seconds since 1970; None for credentials without expiry."""
    grant: GrantRecord


class PromptText(NamedTuple):
    """The text of a prompt, the versions of its files, and the end that follows it."""

    text: str
    token: ChangeToken
    renew_at: float | None
    """Seconds since 1970; None for no end."""


class Key(NamedTuple):
    """An opened data key, and its protector record."""

    record: str
    raw: bytes


_T = TypeVar("_T", Answer, PromptText)
_Cached = OrderedDict[tuple[str, bytes], _T]
"""By the name of the profile and the digest of the environment."""


class AnswerCache:
    """An LRU cache of answers, and the opened keys."""

    def __init__(self, clocks: Clocks, epoch: Epoch) -> None:
        self._clocks = clocks
        self._epoch = epoch
        self._began = epoch.current()
        self.emptied = False
        """Whether the cache was cleared; copies may remain in the memory of the process."""
        self._answers: _Cached[Answer] = OrderedDict()
        self._prompts: _Cached[PromptText] = OrderedDict()
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._wall, self._running, self._asleep = self._read_clocks()

    def ready(self, name: str, scope: bytes) -> Answer | None:
        """The answer for the profile in that environment, if it is still valid."""
        return self._ready(self._answers, name, scope)

    def keep(self, name: str, scope: bytes, answer: Answer) -> bool:
        """Caches the answer; False when it is not valid any more."""
        return self._keep(self._answers, name, scope, answer)

    def prompt(self, name: str, scope: bytes) -> PromptText | None:
        """As `ready`, for the prompt; ``name`` is empty for no profile."""
        return self._ready(self._prompts, name, scope)

    def keep_prompt(self, name: str, scope: bytes, prompt: PromptText) -> bool:
        """As `keep`, for the prompt."""
        return self._keep(self._prompts, name, scope, prompt)

    def _ready(self, cached: _Cached[_T], name: str, scope: bytes) -> _T | None:
        self.tick()
        place = name, _digest(scope)
        found = cached.get(place)
        if found is None:
            return None
        if not self._holds(found):
            del cached[place]
            return None
        cached.move_to_end(place)
        return found

    def _keep(self, cached: _Cached[_T], name: str, scope: bytes, answer: _T) -> bool:
        self.tick()
        if not self._holds(answer):
            return False
        cached[name, _digest(scope)] = answer
        while len(cached) > MOST_ANSWERS:
            cached.popitem(last=False)
        return True

    def key(self, store_id: str) -> Key | None:
        """The data key of the store, if cached."""
        self.tick()
        return self._keys.get(store_id)

    def keep_key(self, store_id: str, key: Key, began: tuple[int, ...] | None) -> bool:
        """Caches a data key that was opened in the epoch ``began``; False if that has ended."""
        self.tick()
        if began != self._began:
            return False
        self._keys[store_id] = key
        while len(self._keys) > MOST_KEYS:
            self._keys.popitem(last=False)
        return True

    @property
    def names(self) -> list[str]:
        """The profiles with a cached answer."""
        return sorted({name for name, _ in self._answers})

    @property
    def stores(self) -> list[str]:
        """The stores with a cached data key."""
        return list(self._keys)

    def forget_answers(self) -> None:
        """Clears the answers and prompts."""
        self._answers.clear()
        self._prompts.clear()

    def clear(self) -> None:
        """Clears everything without ending the epoch."""
        self.forget_answers()
        self._keys.clear()

    def forget(self) -> None:
        """Clears everything and ends the epoch, so that pending answers are refused."""
        self.clear()
        self._end_epoch()
        self.emptied = True

    def tick(self) -> None:
        """Checks clocks and epoch; called regularly and before each answer."""
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

    def _holds(self, answer: Answer | PromptText) -> bool:
        if answer.renew_at is not None and self._clocks.wall() >= answer.renew_at:
            return False
        return all(_version_of(name) == found for name, found in answer.token)

    def _read_clocks(self) -> tuple[float, float, float]:
        return self._clocks.wall(), self._clocks.running(), self._clocks.asleep()


def _version_of(name: str) -> tuple[int, ...] | None:
    if os.path.isabs(name):
        return FileVersion.at(name)
    from keystead.stores.registry import version_of  # needed for stores without a file only

    return version_of(name)


def _digest(scope: bytes) -> bytes:
    # The variables may contain keys, so they are not stored.
    return hashlib.blake2b(scope, digest_size=32).digest()


def as_grant_record(members: Iterable[object]) -> GrantRecord:
    """Parses a `GrantRecord`. Raises as `as_token`."""
    key, source, ends, folder = members
    if ends is not None:
        parse_moment(ends)
    return GrantRecord(
        text_in(key), text_in(source), None if ends is None else str(ends), text_in(folder)
    )


def as_token(rows: Iterable[tuple[str, list[int] | None]]) -> ChangeToken:
    """Parses a change token. Raises `ValueError`, `TypeError`."""
    return tuple((text_in(name), as_version(numbers)) for name, numbers in rows)


def as_version(numbers: list[int] | None) -> tuple[int, ...] | None:
    """Parses a version. Raises `ValueError`, `TypeError`."""
    return None if numbers is None else tuple(counted(n, -_HIGH, _HIGH) for n in numbers)
