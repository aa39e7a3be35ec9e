"""Running another program for its output, with a time limit and as one job with this process.

On POSIX the program gets a process group of its own, so that what it started can be ended with it
where it has to be stopped. As the terminal talks to one group alone, that group gets the terminal
meanwhile: a helper may ask a person there, Ctrl-C reaches it, and Ctrl-Z stops both. A program
that ends by itself may leave others running. Windows has no such groups; there the program alone
is ended.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Self

from keystead.system.printable import printable
from keystead.system.terminal import TTY

GRACE_SECONDS = 1.0
"""How long a program that is told to end may take before it is made to."""

_INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)
_TICK_SECONDS = 0.05
_CHUNK = 65536
_ROUNDS = 32
"""So many chunks of a stream are taken before the program is looked at again."""


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

    What it writes to standard error is passed on at once, by `Relay`. Standard input is ours where
    it is a terminal and else empty: what is piped into keystead is meant for somebody else. The
    output is what the program itself wrote; what it left running in the background is neither
    waited for nor ended. Raises `OSError` when
    the program cannot be started, `TooSlow`, or `TooMuch`; whatever is raised, `KeyboardInterrupt`
    too, the program and its process group are ended first. Time in which the user has stopped both
    does not count.
    """
    with contextlib.ExitStack() as stack:
        with _uninterrupted():  # else the program would run on, and nobody would know of it
            process = subprocess.Popen(  # noqa: S603  # no shell; it is the user's own command
                list(argv),
                env=dict(environ),
                stdin=subprocess.DEVNULL if stdin_terminal() is None else None,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0 if os.name == "posix" else None,
            )
            output = stack.enter_context(_Output(process, most_bytes))
            stack.callback(_reap, process)  # what it says as it ends is passed on too
        terminal = stack.enter_context(_Terminal(process.pid))
        deadline = time.monotonic() + seconds
        while True:
            stopped_by = _look_at(process)
            ended = process.returncode is not None
            # What it wrote itself is in the pipe by then; others may hold that open for ever.
            output.read(0.0 if ended else _TICK_SECONDS)
            if ended:
                break
            if stopped_by:
                deadline += terminal.stop_together(stopped_by)
            elif time.monotonic() > deadline:
                raise TooSlow
    if terminal.was_given and process.returncode in _INTERRUPTED:
        _end_group(process)  # in the background a shell's children ignore Ctrl-C
        # The terminal told the program's group of Ctrl-C and not ours: passed on.
        signal.raise_signal(signal.SIGINT)
    return Finished(process.returncode, bytes(output.data))


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


def stdin_terminal() -> int | None:
    """The device of the terminal that is standard input, and that a program may ask on; else None.

    The number can be compared with another one of the same machine only.
    """
    try:
        if not os.isatty(0):
            return None
        if sys.platform == "win32":
            return 0
        else:  # noqa: RET505  # a branch of its own, for the type checker of each platform
            return os.fstat(0).st_rdev
    except OSError:  # it is closed
        return None


class Relay:
    """Passes on to standard error what a program writes to its own, as a terminal may show it.

    Control characters other than line feed, tab and return are escaped: one that wants to draw
    does so on ``/dev/tty``. Where nobody reads it any more, it goes nowhere.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode

    def __call__(self, data: bytes, *, final: bool = False) -> None:
        """Passes ``data`` on; an unfinished character waits for the rest, or is ``final``."""
        text = printable(self._decode(data, final), keep="\n\t\r")
        if text and sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError), _unstopped():  # it is closed
                sys.stderr.write(text)
                sys.stderr.flush()


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Ends a program that has not ended by itself, and its group."""
    if process.returncode is None:
        _end_group(process)
        process.wait()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the program, where it has not ended yet, and what is left of its group."""
    if sys.platform == "win32":
        process.kill()
    else:
        _signal_group(process.pid, signal.SIGTERM)
        _signal_group(process.pid, signal.SIGCONT)  # one that is stopped would not hear of it
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)


if sys.platform == "win32":

    class _Output:
        """The program's output so far, in `data`, up to a bound; both streams are read in the
        background.
        """

        def __init__(self, process: subprocess.Popen[bytes], most_bytes: int) -> None:
            self._most_bytes = most_bytes
            self.data = bytearray()
            self._relay = Relay()
            self._threads = [
                threading.Thread(target=_read, args=(process.stdout, self._take), daemon=True),
                threading.Thread(target=_read, args=(process.stderr, self._relay), daemon=True),
            ]

        def __enter__(self) -> Self:
            for thread in self._threads:
                thread.start()
            return self

        def __exit__(self, *_: object) -> None:
            self._threads[1].join(GRACE_SECONDS)
            self._relay(b"", final=True)

        def _take(self, data: bytes) -> None:
            if len(self.data) <= self._most_bytes:
                self.data += data

        def read(self, seconds: float) -> None:
            """Waits for more, for so long at most. Raises `TooMuch`."""
            if self._threads[0].is_alive():
                self._threads[0].join(seconds or GRACE_SECONDS)
            else:
                time.sleep(seconds)
            if len(self.data) > self._most_bytes:
                raise TooMuch

    def _read(stream: IO[bytes], take: Callable[[bytes], None]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), _CHUNK):
                take(chunk)

    class _Terminal:
        """The console is everybody's."""

        was_given = False

        def __init__(self, _pid: int) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def stop_together(self, _number: int) -> float:
            """Nothing is stopped there."""
            return 0.0

    def _unstopped() -> contextlib.AbstractContextManager[None]:
        """Any process writes to the console."""
        return contextlib.nullcontext()

    def _look_at(process: subprocess.Popen[bytes]) -> int | None:
        """Takes notice of the program's end; nothing is stopped there."""
        process.poll()
        return None

else:
    import select
    import termios

    _BY_TERMINAL = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

    class _Output:
        """The program's output so far, in `data`; what it says on standard error is passed on."""

        def __init__(self, process: subprocess.Popen[bytes], most_bytes: int) -> None:
            assert process.stdout is not None  # noqa: S101  # it was asked for
            assert process.stderr is not None  # noqa: S101  # as above
            self._relay = Relay()
            self._takers: dict[IO[bytes], Callable[[bytes], None]] = {
                process.stdout: self._take,
                process.stderr: self._relay,
            }
            self._most_bytes = most_bytes
            self._poll = select.poll()
            self._pause: float | None = None
            self.data = bytearray()

        def __enter__(self) -> Self:
            for stream in self._takers:
                os.set_blocking(stream.fileno(), False)
                self._poll.register(stream, select.POLLIN)
            return self

        def __exit__(self, *_: object) -> None:
            with contextlib.suppress(TooMuch):
                self.read(0.0)
            self._relay(b"", final=True)
            for stream in self._takers:
                stream.close()

        def _take(self, data: bytes) -> None:
            self.data += data
            if len(self.data) > self._most_bytes:
                raise TooMuch

        def read(self, seconds: float) -> None:
            """Takes all that is there; waits for that for so long at most. Raises `TooMuch`."""
            if self._pause is not None:  # one was closed; the program is about to end, or runs on
                seconds = min(seconds, self._pause)
                self._pause *= 2
            ready = {fd for fd, _ in self._poll.poll(seconds * 1000)}
            for stream, take in self._takers.items():
                if stream.fileno() not in ready:
                    continue
                with contextlib.suppress(BlockingIOError):
                    for _ in range(_ROUNDS):
                        chunk = os.read(stream.fileno(), _CHUNK)
                        if not chunk:
                            self._poll.unregister(stream)
                            self._pause = self._pause or 0.0005
                            break
                        take(chunk)

    class _Terminal:
        """The terminal, lent to the group ``pid`` where it is ours, and taken back as it was."""

        def __init__(self, pid: int) -> None:
            self._pid = pid
            self._tty: int | None = None
            self._ours: list[Any] = []
            self._theirs: list[Any] = []
            self.was_given = False

        def __enter__(self) -> Self:
            with contextlib.suppress(OSError):  # there is none
                self._tty = os.open(TTY, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            self._give()
            return self

        def __exit__(self, *_: object) -> None:
            self._take()
            if self._tty is not None:
                os.close(self._tty)

        def stop_together(self, number: int) -> float:
            """Stops this process's group too, as the terminal has stopped the program by the signal
            ``number``, until the user goes on with both; gives the seconds that it took.

            Nothing of a signal that is not the terminal's.
            """
            if self._tty is None or number not in _BY_TERMINAL:
                return 0.0
            began = time.monotonic()
            self._take()
            os.killpg(os.getpgrp(), number)
            # Here again: the shell has let us go on, or we are in no job that can be stopped.
            self._give()
            return time.monotonic() - began

        def _give(self) -> None:
            """Lends the terminal, unless we are in the background ourselves."""
            if self._tty is None:
                return
            with contextlib.suppress(OSError, termios.error):  # the terminal is gone by now
                if os.tcgetpgrp(self._tty) == os.getpgrp():
                    self._ours = termios.tcgetattr(self._tty)
                    if self._theirs:
                        termios.tcsetattr(self._tty, termios.TCSADRAIN, self._theirs)
                    _foreground(self._tty, self._pid)
                    self.was_given = True
            # It may have been stopped with us, or asking too early.
            _signal_group(self._pid, signal.SIGCONT)

        def _take(self) -> None:
            """Takes back what was lent. A program that was ended or stopped while it asked for a
            password leaves no echo switched off.
            """
            if self._tty is None:
                return
            with contextlib.suppress(OSError, termios.error):
                if os.tcgetpgrp(self._tty) == self._pid:
                    self._theirs = termios.tcgetattr(self._tty)
                    _foreground(self._tty, os.getpgrp())
                    termios.tcsetattr(self._tty, termios.TCSADRAIN, self._ours)

    def _look_at(process: subprocess.Popen[bytes]) -> int | None:
        """Takes notice of the program's end; gives the signal that has stopped it just now."""
        try:
            pid, status = os.waitpid(process.pid, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:  # somebody else has waited for it
            process.poll()
            return None
        if pid and os.WIFSTOPPED(status):
            return os.WSTOPSIG(status)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
        return None

    def _signal_group(pgid: int, number: int) -> None:
        # Nobody left; or, on macOS, none but the dead.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, number)

    def _foreground(tty: int, pgid: int) -> None:
        """Makes ``pgid`` the group the terminal talks to."""
        with contextlib.suppress(OSError), _unstopped():  # the group or the terminal is gone by now
            os.tcsetpgrp(tty, pgid)

    @contextlib.contextmanager
    def _unstopped() -> Iterator[None]:
        """Lets a process in the background use the terminal, for which it would be stopped."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
