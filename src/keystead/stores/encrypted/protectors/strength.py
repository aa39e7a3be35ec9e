"""The strength of a new passphrase: refused below a floor, with a warning where it is weak."""

from __future__ import annotations

from keystead.errors import WrongPassphrase
from keystead.prompts import Prompts

FLOOR = 1_000
"""Fewer guesses take seconds at any cost: `abc`, `secret`, `letmein`."""

WEAK = 100_000_000
"""Fewer guesses take weeks at most on one machine, at 64 MiB each."""

_LONGEST = 72
"""The longest input of the estimator, whose time is quadratic."""


def guesses(passphrase: bytes) -> float:
    """An estimate of how many guesses find the passphrase."""
    from zxcvbn import zxcvbn

    try:
        text = passphrase.decode()
    except UnicodeDecodeError:  # random bytes
        text = passphrase.decode("latin-1")
    return float(zxcvbn(text[:_LONGEST])["guesses"])


def require_strong(passphrase: bytes, prompts: Prompts) -> bytes:
    """The passphrase. Raises `WrongPassphrase` below `FLOOR`, unless ``prompts`` accept it."""
    found = guesses(passphrase)
    if found < FLOOR and not prompts.accept_weak:
        raise WrongPassphrase(
            "the passphrase would be guessed at once",
            hint="choose four or more random words; "
            "`keystead store init --weak-passphrase` accepts any passphrase",
        )
    if found < WEAK:
        prompts.warn(
            "the passphrase is weak: with a copy of the store it can be guessed; four or more "
            "random words are strong, and `keystead store rekey` sets a new passphrase"
        )
    return passphrase
