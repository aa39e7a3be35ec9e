"""Running another program for its output, with a time limit, and leaving nothing of it behind.

On POSIX the program gets a process group of its own, so that what it started ends with it. As the
terminal talks to one group alone, that group gets the terminal meanwhile: a helper may ask a
person there, and Ctrl-C reaches it. Windows has neither; there the program alone is ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from keystead.system.terminal import TTY

GRACE_SECONDS = 1.0
"""How long a program that is told to end may take before it is made to."""

_INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)
_TICK_SECONDS = 0.05
_CHUNK = 65536


@dataclass(frozen=True)
class Finished:
    """How a program ended: exit code (below 0: the signal that killed it) and what it wrote."""

    code: int
    output: bytes


class TooSlow(Exception):
    """The time was over; the program was ended."""


class TooMuch(Exception):
    """The program wrote more than was allowed; it was ended."""


def run(
    argv: Sequence[str], environ: Mapping[str, str], *, seconds: float, most_bytes: int
) -> Finished:
    """Runs ``argv``, a program's path or name and its arguments, without a shell.

    Standard error is ours. Standard input is ours where it is a terminal and else empty: what is
    piped into keystead is meant for somebody else. Raises `OSError` when the program cannot be
    started, `TooSlow`, or `TooMuch`; whatever is raised, `KeyboardInterrupt` too, the program and
    its process group are ended first.
    """
    with contextlib.ExitStack() as stack:
        with _uninterrupted():  # else the program would run on, and nobody would know of it
            process = subprocess.Popen(  # noqa: S603  # no shell; it is the user's own command
                list(argv),
                env=dict(environ),
                stdin=None if _stdin_is_terminal() else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                process_group=0 if os.name == "posix" else None,
            )
            stack.callback(_reap, process)
        has_terminal = stack.enter_context(_terminal_of(process.pid))
        reader = _Reader(process, most_bytes)
        reader.start()
        stack.callback(reader.join, GRACE_SECONDS)
        stack.callback(_end_group, process)
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            if reader.overflow:
                raise TooMuch
            if time.monotonic() > deadline:
                raise TooSlow
            if reader.is_alive():
                reader.join(_TICK_SECONDS)
            else:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_TICK_SECONDS)
    if reader.overflow:
        raise TooMuch
    if has_terminal and process.returncode in _INTERRUPTED:
        # The terminal told the program's group of Ctrl-C and not ours: passed on.
        signal.raise_signal(signal.SIGINT)
    return Finished(process.returncode, bytes(reader.output))


class _Reader(threading.Thread):
    """Reads the program's output in the background, up to a bound."""

    def __init__(self, process: subprocess.Popen[bytes], most_bytes: int) -> None:
        super().__init__(daemon=True)
        assert process.stdout is not None  # noqa: S101  # it was asked for
        self._stream = process.stdout
        self._most_bytes = most_bytes
        self.output = bytearray()
        self.overflow = False

    def run(self) -> None:
        """Until the end of the output, or the bound."""
        with self._stream:
            while chunk := os.read(self._stream.fileno(), _CHUNK):
                self.output += chunk
                if len(self.output) > self._most_bytes:
                    self.overflow = True
                    return


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Puts Ctrl-C off until the end of the block; in other threads than the main one it is none."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


def _stdin_is_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:  # it is closed
        return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends what is left of the program and of its group."""
    if sys.platform == "win32":
        process.kill()
    else:
        _signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)


def _reap(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _end_group(process)
        process.wait()


if sys.platform == "win32":

    @contextlib.contextmanager
    def _terminal_of(pid: int) -> Iterator[bool]:
        """The console is everybody's."""
        del pid
        yield False

else:

    def _signal_group(pgid: int, number: int) -> None:
        # Nobody left; or, on macOS, none but the dead.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, number)

    @contextlib.contextmanager
    def _terminal_of(pid: int) -> Iterator[bool]:
        """Gives the terminal, if it is ours, to the group ``pid``, and takes it back as it was.

        Gives whether there was one to give.
        """
        import termios

        try:
            tty = os.open(TTY, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            yield False
            return
        try:
            if os.tcgetpgrp(tty) != os.getpgrp():
                yield False  # we are in the background ourselves
                return
            attributes = termios.tcgetattr(tty)
            try:
                _foreground(tty, pid)
                _signal_group(pid, signal.SIGCONT)  # it may have been stopped, asking too early
                yield True
            finally:
                _foreground(tty, os.getpgrp())
                # A program that was ended while it asked for a password leaves no echo behind.
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(tty, termios.TCSADRAIN, attributes)
        finally:
            os.close(tty)

    def _foreground(tty: int, pgid: int) -> None:
        """Makes ``pgid`` the group the terminal talks to; from the background that is a signal."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            with contextlib.suppress(OSError):  # the group, or the terminal, is gone by now
                os.tcsetpgrp(tty, pgid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
