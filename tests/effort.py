"""How much of a long test runs: a seeded part in `make test`, all of it in `make thorough`.

What kills a process at every call, generates inputs, writes from many processes or lives through a
day is long by its nature. Each such test says both amounts; nothing else differs between the two.
"""

from __future__ import annotations

import os

import hypothesis

# Read before a test gets an environment of its own.
_THOROUGH = os.environ.get("KEYSTEAD_TESTS") == "thorough"


def amount(short: int, full: int) -> int:
    """``short`` in `make test`, ``full`` in `make thorough`."""
    return full if _THOROUGH else short


def examples(short: int) -> int:
    """How many inputs hypothesis generates; `make thorough` has ten times ``short``."""
    return amount(short, 10 * short)


def set_up_hypothesis() -> None:
    """No deadline, as workers share the processors; `make test` generates the same inputs always."""
    hypothesis.settings.register_profile(
        "tests", deadline=None, derandomize=not _THOROUGH, max_examples=examples(100)
    )
    hypothesis.settings.load_profile("tests")
