"""Output by the message rules: data on standard output, messages on standard error.

``keystead: error: what is wrong`` in lower case without a full stop, then ``keystead: hint: what
to do``. Control characters are escaped, so that data cannot control the terminal.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache

from keystead import caller
from keystead.errors import FileProblem, KeysteadError
from keystead.printable import one_line, printable
from keystead.secret import without_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable
    from typing import Any, TextIO

_ENCODED_REASON = "authorization failure message: "
_WORD = r"(?<![^\s`'\"])[^\s`'\"]{40,}"


def discard(stream: TextIO) -> None:
    """Discard the buffered output of ``stream``, also at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError:
        return


class _Writing:
    """Raises `FileProblem` where standard output cannot be written."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            discard(sys.stdout)
            reason = (error.strerror or str(error)).lower()
            raise FileProblem(
                f"standard output cannot be written: {reason}", id="standard-output-unusable"
            ) from None


def _takes_unicode() -> bool:
    return sys.stdout is None or sys.stdout.encoding.lower().startswith("utf")


def _json_escape(char: str) -> str:
    import json

    return json.dumps(char)[1:-1]


def message(text: str) -> str:
    """``text`` for people, without what could be a secret key or a session token.

    Any argument may be one that was typed in the wrong place. Folders that exist remain, and so
    does the encoded reason of AWS, which its message is for.
    """
    import re

    text, reason, encoded = text.partition(_ENCODED_REASON)
    return re.sub(_WORD, _message_word, text) + reason + encoded


def _message_word(word: re.Match[str]) -> str:
    folder = _existing(os.path.dirname(word[0])) if os.path.isabs(word[0]) else ""
    return folder + without_keys(word[0][len(folder) :])


@lru_cache  # thousands of messages may be about one file
def _existing(folder: str) -> str:
    """The folder, or the nearest one above it that exists."""
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def json_text(value: object, *, compressed: bool = False) -> str:
    """``value`` as JSON; unprintable and unencodable characters are escaped."""
    import json

    form: dict[str, Any] = {"separators": (",", ":")} if compressed else {"indent": 2}
    text = json.dumps(value, ensure_ascii=not _takes_unicode(), **form)
    return printable(text, keep="\n", escaped=_json_escape)


class Console:
    """Writes data and messages. ``muted`` drops warnings.

    ``errors_as_json``: print errors for the agent, as one line of JSON.
    """

    def __init__(self) -> None:
        self._debug = False
        self._progress = ""
        self.muted = False
        self.errors_as_json = False

    def debug(self) -> None:
        """Enable the debug log and tracebacks, without secrets."""
        import logging

        class Line(logging.Formatter):
            # Without a traceback: the text of an exception may contain a secret.
            def format(self, record: logging.LogRecord) -> str:
                return one_line(f"keystead: debug: {message(record.getMessage())}")

        self._debug = True
        handler = logging.StreamHandler()
        handler.setFormatter(Line())
        log = logging.getLogger("keystead")  # other libraries log addresses that hold secrets
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)

    def show(self, text: str) -> None:
        """Print `printable` text on standard output. Raises as `out`."""
        self.out(printable(text))

    def out(self, text: str) -> None:
        """Print data on standard output, unchanged; nothing for an empty text.

        Raises `FileProblem` if it cannot be written, `BrokenPipeError` if the pipe is closed.
        """
        if not text:
            return
        if sys.stdout is None:
            raise FileProblem("standard output is closed", id="standard-output-unusable")
        with _Writing():
            try:
                print(text)  # noqa: T201  # the one place that prints data
            except UnicodeEncodeError:
                code = sys.stdout.encoding
                print(text.encode(code, "backslashreplace").decode(code))  # noqa: T201  # as above

    def write(self, chunks: Iterable[bytes], *, errors: bool = False) -> None:
        """Write the bytes of another program unchanged, on standard output or standard error.

        Raises as `out`; errors of standard error are ignored.
        """
        stream = sys.stderr if errors else sys.stdout
        if stream is None:
            return
        with _Writing():
            self.flush()
            for chunk in chunks:
                try:
                    stream.buffer.write(chunk)
                except OSError:
                    if not errors:
                        raise
                    discard(stream)
            if errors:
                stream.flush()

    @property
    def width(self) -> int | None:
        """The columns of the terminal on standard output, None for another output."""
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns or None
        except (OSError, AttributeError, ValueError):  # no terminal; closed; a stream of a test
            return None

    def flush(self) -> None:
        """Flush standard output. Raises as `out`."""
        with _Writing():
            caller.process.commit()
            if sys.stdout is not None:
                sys.stdout.flush()

    def json(self, value: object) -> None:
        """Print data as indented JSON."""
        self.out(json_text(value))

    def say(self, kind: str, text: str) -> None:
        """Print a message line on standard error, such as ``keystead: warning: ...``."""
        if sys.stderr is None:  # None would mean standard output to `print`
            return
        line = printable(message(text), keep="\t")
        if sys.stdout is not None:
            try:
                sys.stdout.flush()
            except OSError:  # reported elsewhere, or less important than this message
                discard(sys.stdout)
        try:
            print(f"keystead: {kind}: {line}", file=sys.stderr)  # noqa: T201  # the one place for messages
        except OSError:
            discard(sys.stderr)

    def warn(self, text: str) -> None:
        """Print a warning."""
        if not self.muted:
            self.say("warning", text)

    def note(self, text: str) -> None:
        """Print a note."""
        self.say("note", text)

    def line(self, text: str) -> None:
        """Print a line for a person as it is, such as an address to open, on standard error."""
        if sys.stderr is not None:
            print(printable(text), file=sys.stderr, flush=True)  # noqa: T201  # as in `say`

    def progress(self, text: str) -> None:
        """Replace the progress line of a terminal; an empty text clears it.

        Prints nothing if standard error is not a terminal.
        """
        if sys.stderr is None or not sys.stderr.isatty() or text == self._progress:
            return
        self._progress = text
        caller.process.commit()
        try:
            sys.stderr.write(f"\r\x1b[K{printable(text)}")
            sys.stderr.flush()
        except OSError:
            return  # the command does not depend on it

    def error(self, error: KeysteadError) -> int:
        """Print the error and its hint; return the exit code."""
        if self.errors_as_json and sys.stderr is not None:
            report = {
                "error": message(str(error)),
                "id": error.id,
                "status": error.http_status,
            }
            print(json_text(report, compressed=True), file=sys.stderr)  # noqa: T201  # for the agent
            return error.exit_code
        self.say("error", str(error))
        if error.hint:
            self.say("hint", error.hint)
        elif error.id != type(error).id:  # a specific id has more help than the message
            self.say("hint", f"`keystead help {error.id}` explains this error")
        if self._debug:
            self.say("debug", f"error id {error.id}")
        self._trace()
        return error.exit_code

    def crash(self, error: Exception) -> int:
        """Print an unexpected error without its text, which may contain a secret."""
        self.say("error", f"keystead failed unexpectedly ({type(error).__name__})")
        self.say("hint", "run it again with KEYSTEAD_DEBUG=1 and report what it prints")
        self._trace()
        return 1

    def _trace(self) -> None:
        if not self._debug or sys.stderr is None:
            return
        import traceback

        # Frames only: the text of an unexpected exception may contain a secret.
        for line in traceback.format_tb(sys.exc_info()[2]):
            print(printable(line), end="", file=sys.stderr)  # noqa: T201  # asked for by KEYSTEAD_DEBUG
