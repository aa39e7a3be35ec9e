"""Running another program for its output, with a time limit and job control.

On POSIX the program runs in a separate process group, so that its children can be ended with it.
That group is the terminal's foreground group meanwhile: the program may ask the user, Ctrl-C
reaches it, and Ctrl-Z stops both. On Windows only the program itself is ended.
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

from keystead import caller
from keystead.printable import printable
from keystead.system.terminal import TTY
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, Self

GRACE_SECONDS = 1.0
"""Time between SIGTERM and SIGKILL."""

_INTERRUPTED = (-signal.SIGINT, 128 + signal.SIGINT)
_TICK_SECONDS = 0.05
_CHUNK = 65536
_ROUNDS = 32
"""How many chunks of a stream are read before the program's state is checked again."""


class Finished(Value):
    """Exit code (below 0: the signal that killed it) and output of a program."""

    code: int
    output: bytes


class TooSlow(Exception):
    """The program exceeded the time limit and was ended."""


class TooMuch(Exception):
    """The program exceeded the output limit and was ended."""


def run(
    argv: Sequence[str], environ: Mapping[str, str], *, seconds: float, most_bytes: int
) -> Finished:
    """Runs ``argv`` without a shell.

    Standard error is forwarded by `Relay`. Standard input is inherited where it is a terminal,
    else empty. Background processes of a program that exited are neither waited for nor ended.
    Time in which the user has stopped the job does not count.

    Raises `OSError` when the program cannot be started, `TooSlow`, `TooMuch` or
    `KeyboardInterrupt`, after the process group was ended.
    """
    caller.process.require_own_process()
    with contextlib.ExitStack() as stack:
        with _uninterrupted():  # else the program would go on running unnoticed
            process = subprocess.Popen(  # noqa: S603  # no shell; it is the user's own command
                list(argv),
                env=dict(environ),
                stdin=subprocess.DEVNULL if stdin_terminal() is None else None,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0 if os.name == "posix" else None,
            )
            output = stack.enter_context(_Output(process, most_bytes))
            stack.callback(_reap, process)  # what it writes while it ends is forwarded too
        terminal = stack.enter_context(_Terminal(process.pid))
        deadline = time.monotonic() + seconds
        while True:
            stopped_by = _look_at(process)
            ended = process.returncode is not None
            # Its whole output is in the pipe by then; its children may hold the pipe open.
            output.read(0.0 if ended else _TICK_SECONDS)
            if ended:
                break
            if stopped_by:
                deadline += terminal.stop_together(stopped_by)
            elif time.monotonic() > deadline:
                raise TooSlow
    if terminal.was_given and process.returncode in _INTERRUPTED:
        _end_group(process)  # in the background a shell's children ignore Ctrl-C
        # The terminal sent SIGINT to the program's group only.
        signal.raise_signal(signal.SIGINT)
    return Finished(process.returncode, bytes(output.data))


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Defers SIGINT until the end of the block; does nothing outside of the main thread."""
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
    """The device number of the terminal that is standard input, None for anything else."""
    try:
        if not os.isatty(0):
            return None
        if sys.platform == "win32":
            return 0
        else:  # noqa: RET505  # a branch for the type checker of each platform
            return os.fstat(0).st_rdev
    except OSError:  # it is closed
        return None


class Relay:
    """Forwards a program's standard error to ours, with control characters escaped.

    Line feed, tab and return are not escaped. Errors of writing are ignored.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode

    def __call__(self, data: bytes, *, final: bool = False) -> None:
        """Forwards ``data``; an incomplete character is buffered unless ``final``."""
        text = printable(self._decode(data, final), keep="\n\t\r")
        if text and sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError), _unstopped():  # it is closed
                sys.stderr.write(text)
                sys.stderr.flush()


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Ends a program that is still running, and its group."""
    if process.returncode is None:
        _end_group(process)
        process.wait()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the program, if it is still running, and the rest of its group."""
    if sys.platform == "win32":
        process.kill()
    else:
        _signal_group(process.pid, signal.SIGTERM)
        _signal_group(process.pid, signal.SIGCONT)  # a stopped process would not handle the signal
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)


if sys.platform == "win32":

    class _Output:
        """The program's output so far, up to a limit; threads read both streams."""

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
            """Waits up to ``seconds`` for more. Raises `TooMuch`."""
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
        """Does nothing: all processes share the console."""

        was_given = False

        def __init__(self, _pid: int) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def stop_together(self, _number: int) -> float:
            """Does nothing: Windows does not stop processes."""
            return 0.0

    def _unstopped() -> contextlib.AbstractContextManager[None]:
        """Does nothing: any process may write to the console."""
        return contextlib.nullcontext()

    def _look_at(process: subprocess.Popen[bytes]) -> int | None:
        """Checks whether the program has ended."""
        process.poll()
        return None

else:
    import select
    import termios

    _BY_TERMINAL = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

    class _Output:
        """The program's output so far; its standard error is forwarded."""

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
            """Reads what is available, waiting up to ``seconds``. Raises `TooMuch`."""
            if self._pause is not None:  # one stream was closed
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
        """Makes ``pid`` the terminal's foreground group, and restores ours and the modes."""

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
            """Stops this process's group after the terminal stopped the program by ``number``.

            Returns the seconds until the user continued both; 0 for other signals.
            """
            if self._tty is None or number not in _BY_TERMINAL:
                return 0.0
            began = time.monotonic()
            self._take()
            os.killpg(os.getpgrp(), number)
            # The shell has continued us, or this group cannot be stopped.
            self._give()
            return time.monotonic() - began

        def _give(self) -> None:
            """Makes the program's group the foreground group, if ours is."""
            if self._tty is None:
                return
            with contextlib.suppress(OSError, termios.error):  # the terminal is gone by now
                if os.tcgetpgrp(self._tty) == os.getpgrp():
                    self._ours = termios.tcgetattr(self._tty)
                    if self._theirs:
                        termios.tcsetattr(self._tty, termios.TCSADRAIN, self._theirs)
                    _foreground(self._tty, self._pid)
                    self.was_given = True
            # It may have been stopped with us, or because it asked too early.
            _signal_group(self._pid, signal.SIGCONT)

        def _take(self) -> None:
            """Restores the foreground group, and the modes that a password prompt changed."""
            if self._tty is None:
                return
            with contextlib.suppress(OSError, termios.error):
                if os.tcgetpgrp(self._tty) == self._pid:
                    self._theirs = termios.tcgetattr(self._tty)
                    _foreground(self._tty, os.getpgrp())
                    termios.tcsetattr(self._tty, termios.TCSADRAIN, self._ours)

    def _look_at(process: subprocess.Popen[bytes]) -> int | None:
        """Checks whether the program has ended; returns the signal that stopped it just now."""
        try:
            pid, status = os.waitpid(process.pid, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:  # another thread has waited for it
            process.poll()
            return None
        if pid and os.WIFSTOPPED(status):
            return os.WSTOPSIG(status)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
        return None

    def _signal_group(pgid: int, number: int) -> None:
        # No process left; or, on macOS, zombies only.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, number)

    def _foreground(tty: int, pgid: int) -> None:
        """Makes ``pgid`` the foreground group."""
        with contextlib.suppress(OSError), _unstopped():  # the group or the terminal is gone by now
            os.tcsetpgrp(tty, pgid)

    @contextlib.contextmanager
    def _unstopped() -> Iterator[None]:
        """Blocks SIGTTOU, so that a background process may use the terminal."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
