"""What a person sees, by the message rules: data on standard output, all else on standard error.

``keystead: error: what is wrong`` in lower case without a full stop, then ``keystead: hint: what
to do``. Control characters from outside are shown escaped, so that no name drives the terminal.
"""

from __future__ import annotations

import json
import sys
import traceback

from keystead.errors import KeysteadError


def printable(text: str) -> str:
    """``text`` with control characters as escapes; line feeds and tabs stay."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode()
        for char in text
    )


class Console:
    """Writes for people and programs. ``debug`` adds a log and tracebacks, without secrets."""

    def __init__(self, *, debug: bool = False) -> None:
        self._debug = debug
        if debug:
            import logging

            logging.basicConfig(format="keystead: debug: %(message)s")
            logging.getLogger("keystead").setLevel(logging.DEBUG)

    def out(self, text: str) -> None:
        """Data, on standard output, as it is; nothing for an empty text."""
        if text:
            print(text)  # noqa: T201  # the one place that prints data

    def json(self, value: object) -> None:
        """Data as indented JSON."""
        self.out(json.dumps(value, indent=2, ensure_ascii=False))

    def say(self, kind: str, text: str) -> None:
        """One message line on standard error, such as ``keystead: warning: ...``."""
        sys.stdout.flush()
        print(f"keystead: {kind}: {printable(text)}", file=sys.stderr)  # noqa: T201  # the one place for messages

    def warn(self, text: str) -> None:
        """Something that is done all the same and that the person should know."""
        self.say("warning", text)

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self.say("note", text)

    def error(self, error: KeysteadError) -> int:
        """Tells the error and its hint; returns the exit code that belongs to it."""
        self.say("error", str(error))
        if error.hint:
            self.say("hint", error.hint)
        self._trace()
        return error.exit_code

    def crash(self, error: Exception) -> int:
        """Tells of an error that keystead did not foresee, without its text, which may be
        anything.
        """
        self.say("error", f"keystead failed in a way it did not foresee ({type(error).__name__})")
        self.say("hint", "run it again with KEYSTEAD_DEBUG=1 and report what it prints")
        self._trace()
        return 1

    def _trace(self) -> None:
        if not self._debug:
            return
        # Frames only: the text of an unforeseen exception may quote what it was working on.
        for line in traceback.format_tb(sys.exc_info()[2]):
            print(line, end="", file=sys.stderr)  # noqa: T201  # asked for by KEYSTEAD_DEBUG
