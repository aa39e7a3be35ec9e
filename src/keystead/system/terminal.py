"""Asking the user on the controlling terminal, also when standard streams are redirected."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from keystead import caller
from keystead.errors import InteractionRequired, KeysteadError
from keystead.printable import one_line
from keystead.prompts import until_accepted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import TypeVar

    from keystead.system.raw_terminal import RawTerminal

    _T = TypeVar("_T")


TTY = "CON" if os.name == "nt" else "/dev/tty"

NO_INPUT_VARIABLE = "KEYSTEAD_NO_INPUT"
"""Set to anything but ``0``, it makes every command behave as without a terminal."""


_PTS = 136
"""Linux: the major device number of pseudo-terminals."""


class Terminal:
    """Asks on the controlling terminal, never on standard input or output."""

    _unavailable = "there is no terminal to ask on"

    def available(self) -> bool:
        """Whether there is a terminal to ask on."""
        return caller.process.has_terminal(TTY)

    def require(self, question: str, hint: str) -> None:
        """Raises `InteractionRequired` with ``hint`` without a terminal, `HandBack` in a child."""
        if not self.available():
            raise InteractionRequired(f"{self._unavailable}: {question}", hint=hint)
        caller.process.require_own_process()

    def ask(self, question: str, *, hint: str) -> str:
        """The typed answer to ``question``. Raises `InteractionRequired` with ``hint``."""
        self.require(question, hint)
        with open(TTY, "wb", buffering=0) as out, open(TTY, "rb", buffering=0) as inp:
            out.write(f"{one_line(question)}: ".encode())
            answer = inp.readline().decode("utf-8", "surrogateescape")
        if not answer:
            raise InteractionRequired(f"no answer was given: {question}", hint=hint)
        return answer.strip()

    def ask_secret(self, question: str, *, hint: str) -> str:
        """`ask` without echo."""
        self.require(question, hint)
        try:
            import getpass

            return getpass.getpass(f"{one_line(question)}: ")
        except EOFError:
            raise InteractionRequired(f"no answer was given: {question}", hint=hint) from None
        except UnicodeError:  # its text quotes what was typed
            raise InteractionRequired(f"the answer is not text: {question}", hint=hint) from None

    def raw(self) -> AbstractContextManager[RawTerminal]:
        """The terminal key by key, after `require`. Raises `OSError` where that is not possible."""
        from keystead.system.raw_terminal import raw_terminal

        return raw_terminal(TTY)

    def until_accepted(
        self, attempt: Callable[[], _T], rejections: tuple[type[KeysteadError], ...]
    ) -> _T:
        """`prompts.until_accepted` that shows the message of each rejection."""

        def rejected(error: KeysteadError) -> None:
            self.tell(f"keystead: {error.message}; try again")

        return until_accepted(lambda _: attempt(), rejections, rejected)

    def name(self) -> str | None:
        """The name of the controlling terminal, such as ``/dev/pts/3``; None where unknown."""
        if sys.platform == "win32" or not self.available():
            return None
        else:  # noqa: RET505  # a branch for the type checker of each platform
            for fd in (0, 1, 2):
                with contextlib.suppress(OSError):
                    return os.ttyname(fd)
            try:
                with open(caller.process.status_file, "rb") as file:
                    device = int(file.read(4096).rpartition(b")")[2].split()[4])
            except (OSError, ValueError, IndexError):
                return None
            return f"/dev/pts/{os.minor(device)}" if os.major(device) == _PTS else None

    def tell(self, text: str) -> None:
        """Shows a line before a question, if there is a terminal."""
        if self.available():
            caller.process.require_own_process()
            with contextlib.suppress(OSError), open(TTY, "wb", buffering=0) as out:
                out.write(f"{one_line(text)}\n".encode())

    def confirm(self, question: str, *, hint: str) -> bool:
        """Whether the answer was yes."""
        return self.ask(f"{question} [y/N]", hint=hint).lower() in ("y", "yes")


class NoTerminal(Terminal):
    """A terminal that is never asked on."""

    _unavailable = f"prompts are disabled (`--no-input` or {NO_INPUT_VARIABLE})"

    def available(self) -> bool:
        """Never."""
        return False

    def tell(self, text: str) -> None:
        """Shows nothing."""
