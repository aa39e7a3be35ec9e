"""``python -m benchmarks.picker [ROUNDS]``: times choosing a profile on a terminal.

``keystead pick`` and fzf take turns on a pseudo-terminal. Writes docs/benchmarks-picker.md.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rounds import rounds
from devtools.command import KEYSTEAD
from keystead.identity_center.account import Account
from keystead.identity_center.listing import Listing
from keystead.identity_center.listing_cache import ListingCache
from keystead.system import System

DOCS = Path(__file__).parent.parent / "docs"
ROUNDS = rounds(9)
ACCOUNTS = 5_000
ROLES = ("Admin", "PowerUser", "ReadOnly")
LETTERS = "team 42 ad"
SECONDS = 20.0
_START_URL = "https://example.awsapps.com/start"
_SESSION = f"[sso-session corp]\nsso_start_url = {_START_URL}\nsso_region = eu-west-1\n"
_WHOLE = rf"{ACCOUNTS * len(ROLES)}/{ACCOUNTS * len(ROLES)}"

FRAME, FIRST, WHOLE, KEY, SLOWEST = (
    "the prompt, which takes keys",
    "the first rows",
    "all rows",
    "a keystroke, median",
    "a keystroke, slowest",
)


def main() -> None:
    """Run everything; takes a minute."""
    with tempfile.TemporaryDirectory() as name:
        worlds = dict(_worlds(Path(name)))
        programs = {
            f"keystead, {what}": (environ, (KEYSTEAD, "pick")) for what, environ in worlds.items()
        }
        if shutil.which("fzf"):
            lines = Path(name) / "lines"
            texts = (f"team-{n:04} {role} {n:012}" for n in range(ACCOUNTS) for role in ROLES)
            lines.write_text("\n".join(texts))
            bare = {"PATH": os.environ["PATH"], "TERM": "xterm"}
            programs["fzf, of lines in a file"] = (bare, ("/bin/sh", "-c", f"exec fzf <{lines}"))
        times: dict[str, list[dict[str, float]]] = {who: [] for who in programs}
        floor: list[float] = []
        for number in range(ROUNDS + 1):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", "pass"], check=True)
            floor.append((time.perf_counter() - began) * 1000)
            for who, (environ, words) in programs.items():
                found = _round(environ, words)
                if number:
                    times[who].append(found)
    (DOCS / "benchmarks-picker.md").write_text(_page(times, statistics.median(floor)))


def _worlds(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The environment of a home with that many profiles, and of one with that many roles."""
    for what in ("15,000 profiles", "15,000 roles of accounts"):
        home = folder / what.split()[1]
        (home / ".aws").mkdir(parents=True, mode=0o700)
        config = home / ".aws" / "config"
        config.touch(mode=0o600)
        environ = {
            "HOME": str(home),
            "KEYSTEAD_HOME": str(home / "keystead"),
            "KEYSTEAD_AGENT": "off",
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
        }
        if what.endswith("profiles"):
            sections = (
                f"[profile team-{number:04}-{role}]\nsso_session = corp\n"
                f"sso_account_id = {number:012}\nsso_role_name = {role}\nregion = eu-west-1\n"
                for number in range(ACCOUNTS)
                for role in ROLES
            )
            config.write_text(_SESSION + "".join(sections))
        else:
            config.write_text(_SESSION)
            accounts = [
                Account(f"{number:012}", f"team-{number:04}", roles=ROLES)
                for number in range(ACCOUNTS)
            ]
            cache = ListingCache(System(environ), "corp", _START_URL, "eu-west-1")
            cache.write(Listing(accounts, datetime.now(UTC)))
        yield what, environ


def _round(environ: dict[str, str], words: Sequence[str]) -> dict[str, float]:
    """Milliseconds of one run, from the start of the process."""
    start = time.perf_counter()
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(words[0], list(words), environ)
    terminal = _Terminal(fd)
    found = {}
    if "pick" in words:
        found[FRAME] = terminal.until("reading the profiles")
        found[FIRST] = terminal.until(r"team-0000|corp/")
    found[WHOLE] = terminal.until(_WHOLE)
    found = {what: (at - start) * 1000 for what, at in found.items()}
    keys = []
    for letter in LETTERS:
        terminal.rest()
        began = time.perf_counter()
        os.write(fd, letter.encode())
        # The number of results follows the query in one drawing of both programs.
        keys.append((terminal.until(r"\d+/15000") - began) * 1000)
    os.write(fd, b"\x03")
    terminal.rest()
    os.close(fd)
    os.waitpid(pid, 0)
    return {**found, KEY: statistics.median(keys), SLOWEST: max(keys)}


class _Terminal:
    def __init__(self, fd: int) -> None:
        import fcntl
        import termios

        self._fd = fd
        self._seen = ""
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def until(self, pattern: str) -> float:
        """When the terminal has shown the pattern."""
        end = time.perf_counter() + SECONDS
        while not (found := re.search(pattern, self._seen)):
            ready, _, _ = select.select([self._fd], [], [], end - time.perf_counter())
            if not ready:
                raise TimeoutError(pattern)
            self._seen += os.read(self._fd, 65536).decode(errors="replace")
        self._seen = self._seen[found.end() :]
        return time.perf_counter()

    def rest(self, seconds: float = 0.1) -> None:
        """Read until nothing comes for a moment, as from a person who thinks."""
        try:
            while select.select([self._fd], [], [], seconds)[0] and os.read(self._fd, 65536):
                continue
        except OSError:
            return
        finally:
            self._seen = ""


def _page(times: dict[str, list[dict[str, float]]], floor: float) -> str:
    rows = []
    for what in (FRAME, FIRST, WHOLE, KEY, SLOWEST):
        cells = []
        for found in times.values():
            taken = [row[what] for row in found if what in row]
            cells.append(f"{statistics.median(taken):.0f}" if taken else "")
        rows.append(f"| {what} | {' | '.join(cells)} |")
    heads = " | ".join(times)
    return f"""# Benchmarks of choosing a profile

<!-- Written by `make bench`. -->

Milliseconds on a pseudo-terminal of 40 lines, medians of {ROUNDS} rounds in which the programs took
turns; without an agent. Run on {datetime.now(UTC):%Y-%m-%d} on a machine with {os.cpu_count()}
processors that was also doing other work. The first three are from the start of the process; a
keystroke is from the key to the drawing that shows what it found. Typed is `{LETTERS}`. An empty
Python took {floor:.0f} ms from start to end.

| | {heads} |
| --- |{" ---: |" * len(times)}
{chr(10).join(rows)}

The prompt takes keys before the profiles are read: what is typed meanwhile is not lost. fzf reads
lines that are made already, and nothing of AWS's files.
"""


if __name__ == "__main__":
    main()
