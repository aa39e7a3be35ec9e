"""The controlling terminal key by key, on its second screen, and as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object] | int | None

# The second screen, without wrapping of long lines and with pastes marked; and back.
_BEGIN = "\x1b[?1049h\x1b[?7l\x1b[?2004h"
_END = "\x1b[?2004l\x1b[?7h\x1b[?1049l"
_USUAL = os.terminal_size((80, 24))
_MOST_BYTES = 4096


class TerminalClosed(Exception):
    """The terminal is gone."""


class RawTerminal:
    """What a program sees that draws on the terminal and reads each key.

    `changed` is true after the size changed or the program was resumed: draw again.
    """

    def __init__(self) -> None:
        self.changed = False

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines."""
        raise NotImplementedError

    def write(self, text: str) -> None:
        """Write to it. Raises `TerminalClosed`."""
        raise NotImplementedError

    def read(self, seconds: float | None = None) -> bytes:
        """What was typed, empty after ``seconds`` or when `changed`. Raises `TerminalClosed`."""
        raise NotImplementedError

    def suspend(self) -> None:
        """Stop this process as Ctrl-Z does, if a shell is there to resume it."""


if sys.platform == "win32":
    import ctypes
    import msvcrt
    import time

    _INPUT_VT, _OUTPUT_VT = 0x200, 0x5
    _POLL_SECONDS = 0.01

    class _Console(RawTerminal):
        """Windows' console with virtual terminal sequences, from Windows 10 on."""

        def __init__(self, inp: int, out: int) -> None:
            super().__init__()
            self._inp, self._out = inp, out
            self._size = self.size

        @property
        def size(self) -> os.terminal_size:
            try:
                return os.get_terminal_size(self._out)
            except OSError:
                return _USUAL

        def write(self, text: str) -> None:
            try:
                os.write(self._out, text.encode())
            except OSError:
                raise TerminalClosed from None

        def read(self, seconds: float | None = None) -> bytes:
            end = None if seconds is None else time.monotonic() + seconds
            while not msvcrt.kbhit():
                if self._size != self.size:
                    self._size, self.changed = self.size, True
                    return b""
                if end is not None and time.monotonic() >= end:
                    return b""
                time.sleep(_POLL_SECONDS)
            typed = ""
            while msvcrt.kbhit():
                typed += msvcrt.getwch()
            return typed.encode(errors="replace")

    @contextlib.contextmanager
    def raw_terminal(_name: str) -> Iterator[RawTerminal]:
        """The console. Raises `OSError` where it has no sequences."""
        kernel = ctypes.windll.kernel32
        inp, out = os.open("CONIN$", os.O_RDWR), os.open("CONOUT$", os.O_RDWR | os.O_BINARY)
        handles = [msvcrt.get_osfhandle(fd) for fd in (inp, out)]
        saved = [ctypes.c_ulong(), ctypes.c_ulong()]
        try:
            for handle, mode in zip(handles, saved, strict=True):
                if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
                    raise OSError("this is not a console")
            wanted = (_INPUT_VT, saved[1].value | _OUTPUT_VT)
            for handle, value in zip(handles, wanted, strict=True):
                if not kernel.SetConsoleMode(handle, value):
                    raise OSError("this console has no sequences")
            page = kernel.GetConsoleOutputCP()
            kernel.SetConsoleOutputCP(65001)
            console = _Console(inp, out)
            console.write(_BEGIN)
            try:
                yield console
            finally:
                console.write(_END)
                kernel.SetConsoleOutputCP(page)
        finally:
            for handle, mode in zip(handles, saved, strict=True):
                kernel.SetConsoleMode(handle, mode.value)
            os.close(inp)
            os.close(out)

else:
    import select
    import termios

    class _Tty(RawTerminal):
        """A terminal of POSIX."""

        def __init__(self, fd: int) -> None:
            super().__init__()
            self._fd = fd
            self._saved = termios.tcgetattr(fd)
            self._woken, self._wakes = os.pipe()
            for end in (self._woken, self._wakes):
                os.set_blocking(end, False)
            self._handlers: dict[int, Handler] = {}

        @property
        def size(self) -> os.terminal_size:
            try:
                found = os.get_terminal_size(self._fd)
            except OSError:
                return _USUAL
            return found if found.columns and found.lines else _USUAL

        def write(self, text: str) -> None:
            data = text.encode(errors="replace")
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError:
                raise TerminalClosed from None

        def read(self, seconds: float | None = None) -> bytes:
            ready, _, _ = select.select([self._fd, self._woken], [], [], seconds)
            if self._woken in ready:
                os.read(self._woken, _MOST_BYTES)
                return b""
            if not ready:
                return b""
            try:
                found = os.read(self._fd, _MOST_BYTES)
            except OSError:
                found = b""
            if not found:
                raise TerminalClosed
            return found

        def suspend(self) -> None:
            # In `$(keystead pick)` the shell waits in the same process group and resumes nobody.
            if os.getpgrp() == os.getpid():
                os.kill(os.getpid(), signal.SIGTSTP)

        def begin(self) -> None:
            """Take the terminal, and the signals that have to give it back."""
            handlers = {
                signal.SIGWINCH: self._changed,
                signal.SIGTSTP: self._stopped,
                **dict.fromkeys((signal.SIGTERM, signal.SIGHUP), self._ended),
            }
            for number, handler in handlers.items():
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._handlers[number] = signal.signal(number, handler)
            signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
            self._take()

        def end(self) -> None:
            """Give everything back."""
            self._give_back()
            signal.set_wakeup_fd(-1)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            for fd in (self._fd, self._woken, self._wakes):
                os.close(fd)

        def _take(self) -> None:
            raw = [*self._saved[:6], [*self._saved[6]]]
            raw[0] &= ~(
                termios.BRKINT | termios.ICRNL | termios.INLCR | termios.ISTRIP | termios.IXON
            )
            raw[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._fd, termios.TCSADRAIN, raw)  # what was typed before counts
            self.write(_BEGIN)

        def _give_back(self) -> None:
            with contextlib.suppress(TerminalClosed, termios.error):
                self.write(_END)
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)

        def _changed(self, _number: int, _frame: FrameType | None) -> None:
            self.changed = True

        def _stopped(self, number: int, _frame: FrameType | None) -> None:
            self._give_back()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)  # until a shell resumes it
            signal.signal(number, self._stopped)
            with contextlib.suppress(TerminalClosed):
                self._take()
            self.changed = True

        def _ended(self, number: int, _frame: FrameType | None) -> None:
            self._give_back()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    @contextlib.contextmanager
    def raw_terminal(name: str) -> Iterator[RawTerminal]:
        """The terminal of that name. Raises `OSError`."""
        fd = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            tty = _Tty(fd)
        except termios.error as error:
            os.close(fd)
            raise OSError(*error.args) from None
        try:
            tty.begin()
            yield tty
        finally:
            tty.end()
