"""How much of a long test runs: a seeded part in `make test`, all of it in `make thorough`.

What kills a process at every call, generates inputs, writes from many processes or lives through a
day is long by its nature. Each such test says both amounts; nothing else differs between the two.
"""

from __future__ import annotations

import os
import tempfile

import hypothesis

# Read before a test gets its own environment.
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


_MEMORY = "/dev/shm"
_LEAST_BYTES = 2 * 1024**3


def keep_files_in_memory() -> None:
    """Has temporary files where no flush waits for a disk, if there is room for programs too.

    `TMPDIR` takes precedence.
    """
    if os.name != "posix" or "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    found = os.statvfs(_MEMORY)
    if (
        not found.f_flag & getattr(os, "ST_NOEXEC", 0)
        and found.f_bavail * found.f_frsize >= _LEAST_BYTES
    ):
        os.environ["TMPDIR"] = tempfile.tempdir = _MEMORY
