"""`make recording`: a real terminal while a person signs in, picks a profile and opens a shell.

Writes docs/signing-in.svg. keystead runs on a pseudo-terminal against `keystead.testing`'s Identity
Center, with a clock that stands still, so that each run writes the same file. pyte says what
the screen shows; what is recorded are the states of the screen, not when they came.
"""

from __future__ import annotations

import copy
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pexpect
import pyte

from devtools.svg_recording import Frame, Run, svg
from keystead.testing import IdentityCenter

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "signing-in.svg"
COLUMNS, ROWS = 96, 17
NOW = datetime(2026, 1, 31, 12, 26, tzinfo=UTC)
PROMPT = "$ "

COMMAND = """#!{python} -P
# keystead with a clock that stands still.
import sys
import keystead.system

def now():
    from datetime import UTC, datetime
    return datetime.fromtimestamp({now}, UTC)

keystead.system._now.__code__ = now.__code__
from keystead.cli.run import leave, run
leave(run())
"""

CONFIG = """[sso-session corp]
sso_start_url = {center.start_url}
sso_region = eu-west-1
"""
BASHRC = "PS1='$(keystead status --prompt) $ '\n"

ACCOUNTS = ("Data Lake", "Log Archive", "Payments", "Payments Test", "Security", "Shop")

_ALTERNATE = 1049
_SETTLED_SECONDS = 0.7
_SECONDS = 60.0
_CHARACTERS = 3
"""How many characters of a command appear at once."""


class Step(NamedTuple):
    """Keys that are typed, a text that the screen shows then, and how long it is shown."""

    keys: str
    shows: str
    seconds: float


STEPS = (
    Step("keystead login\r", "is valid until", 2.5),
    Step("keystead sso accounts\r", "Shop", 2.5),
    Step('keystead exec "$(keystead pick)"\r', "12/12", 1.5),
    *(
        Step(key, f"> {'pay ad'[: number + 1]}".rstrip(), 0.4)
        for number, key in enumerate("pay ad")
    ),
    Step("", "Admin", 1.0),
    Step("\r", "1h00m $", 2.0),
    Step("keystead status\r", "agent", 4.0),
    Step("exit\r", "exit", 3.0),
)


class Screen(pyte.Screen):
    """A screen with the alternate one, which pyte does not have."""

    def set_mode(self, *modes: int, private: bool = False) -> None:
        """Saves what the main screen shows."""
        if private and _ALTERNATE in modes:
            self._main = copy.deepcopy(self.buffer), copy.copy(self.cursor)
            self.erase_in_display(2)
        super().set_mode(*modes, private=private)

    def reset_mode(self, *modes: int, private: bool = False) -> None:
        """Shows the main screen again."""
        super().reset_mode(*modes, private=private)
        if private and _ALTERNATE in modes:
            self.buffer, self.cursor = self._main


class Terminal:
    """A shell on a pseudo-terminal, and what its screen shows."""

    def __init__(self, home: Path, environ: dict[str, str]) -> None:
        self._child = pexpect.spawn(
            "/bin/bash",
            ["--norc", "--noprofile"],
            env=environ,  # type: ignore[arg-type]
            cwd=home,
            dimensions=(ROWS, COLUMNS),
            encoding="utf-8",
        )
        self._screen = Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)

    def close(self) -> None:
        """Ends the shell."""
        self._child.close(force=True)

    def type(self, keys: str, shown: str) -> None:
        """Types; returns when the screen shows the text and nothing more comes."""
        self._child.send(keys)
        end = time.monotonic() + _SECONDS
        quiet = time.monotonic()
        while time.monotonic() - quiet < _SETTLED_SECONDS or shown not in self.text:
            if time.monotonic() > end:
                raise SystemExit(f"recording: the screen does not show {shown!r}:\n{self.text}")
            try:
                self._stream.feed(self._child.read_nonblocking(65536, 0.05))
                quiet = time.monotonic()
            except pexpect.TIMEOUT:
                continue

    @property
    def text(self) -> str:
        """The text on the screen."""
        return "\n".join(self._screen.display)

    def rows(self) -> list[tuple[Run, ...]]:
        """What the screen shows, as runs of one style."""
        return [tuple(_runs(self._cells(row))) for row in range(ROWS)]

    def _cells(self, row: int) -> Iterator[tuple[str, str]]:
        cursor = self._screen.cursor
        for column in range(COLUMNS):
            cell = self._screen.buffer[row][column]
            is_cursor = (row, column) == (cursor.y, cursor.x) and not cursor.hidden
            names = [cell.fg] if cell.fg != "default" else []
            names += ["bold"] if cell.bold else []
            names += ["reverse"] if cell.reverse != is_cursor else []
            yield cell.data, " ".join(names)


def _runs(cells: Iterable[tuple[str, str]]) -> Iterator[Run]:
    """The cells joined where the style is the same; plain blanks are left out."""
    column, text, style, begin = 0, "", "", 0
    for data, name in [*cells, ("", "\n")]:
        if name != style or (data == " " and not name and text[-1:] == " "):
            if text.strip() or style:
                yield Run(begin, text if style else text.rstrip(), style)
            text, style, begin = "", name, column
        if not text and data == " " and not name:
            begin = column + 1
        else:
            text += data
        column += len(data)


def frames(terminal: Terminal) -> Iterator[Frame]:
    """The states of the screen, with the seconds that each is shown."""
    terminal.type("", PROMPT)
    yield Frame(1.0, terminal.rows())
    for keys, shown, seconds in STEPS:
        command = keys.removesuffix("\r") if len(keys) > 1 else ""
        for begin in range(0, len(command), _CHARACTERS):
            terminal.type(command[begin : begin + _CHARACTERS], command[: begin + _CHARACTERS])
            yield Frame(0.12, terminal.rows())
        terminal.type(keys.removeprefix(command), shown)
        yield Frame(seconds, terminal.rows())


def main() -> None:
    """Records and writes the file."""
    with tempfile.TemporaryDirectory() as folder, IdentityCenter(clock=lambda: NOW) as center:
        home = Path(folder)
        for number, name in enumerate(ACCOUNTS):
            account = str(111122223333 + number * 111111111)
            center.add_account(account, name, roles=["Admin", "Reader"])
        (home / ".aws").mkdir(mode=0o700)
        (home / ".aws" / "config").write_text(CONFIG.format(center=center))
        (home / ".bashrc").write_text(BASHRC)
        command = home / "bin" / "keystead"
        command.parent.mkdir()
        command.write_text(COMMAND.format(python=sys.executable, now=NOW.timestamp()))
        command.chmod(0o755)
        environ = {
            "HOME": str(home),
            "PATH": f"{command.parent}:/usr/bin:/bin",
            "PS1": PROMPT,
            "SHELL": "/bin/bash",
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "KEYSTEAD_AGENT": "off",
            "BROWSER": f"{sys.executable} -m keystead.testing.browser %s",
            **center.variables,
        }
        terminal = Terminal(home, environ)
        try:
            found = list(frames(terminal))
        finally:
            terminal.close()
    TARGET.write_text(
        svg(found, COLUMNS, ROWS, "keystead signs in, picks a role and opens a shell")
    )


if __name__ == "__main__":
    main()
