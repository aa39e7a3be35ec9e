"""Running a program with credentials in its environment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType

from keystead import caller
from keystead.errors import ChildNotFound, ChildNotRunnable
from keystead.system.executable import which
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess  # noqa: TID251  # as in `attend`
    from typing import NoReturn


class Prepared(NamedTuple):
    """The environment of a program, and what to run when it has ended, if anything."""

    environment: Mapping[str, str]
    at_end: Callable[[], None] | None


def require(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The path of the program. Raises as `run`."""
    _check(command)
    program, path = command[0], environ.get("PATH", os.defpath)
    found = which(program, path)
    if found:
        return found
    folders = [""] if os.path.dirname(program) else path.split(os.pathsep)
    if any(os.path.exists(os.path.join(folder, program)) for folder in folders):
        raise ChildNotRunnable(f"`{program}` cannot be run: permission denied")
    raise ChildNotFound(f"`{program}` is not a command")


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    at_end: Callable[[], None] | None = None,
) -> int:
    """Runs ``command`` with ``environment``, and ``at_end`` when it has ended.

    On POSIX without ``at_end``, this process is replaced by the command. Else returns the exit
    code. Raises `ChildNotFound` or `ChildNotRunnable`.
    """
    _check(command)
    if at_end:
        return _run_to_end(command, environment, at_end)
    if os.name == "nt":
        return attend(command, environment)
    return _become(command, environment)


def _run_to_end(
    command: Sequence[str], environment: Mapping[str, str], at_end: Callable[[], None]
) -> int:
    if sys.platform == "linux":
        from keystead.delivery.sidecar import SidecarUnavailable, start_sidecar

        with contextlib.suppress(SidecarUnavailable):
            start_sidecar(_wait, at_end)
            return _become(command, environment)
    return attend(command, environment, at_end)


def _wait() -> None:
    import threading

    threading.Event().wait()


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    before = {number: signal.signal(number, signal.SIG_DFL) for number in _IGNORED}
    try:
        with start_errors(command[0]):
            caller.process.execute(command, environment)
    finally:  # where it could not be started, this process goes on
        for number, handler in before.items():
            signal.signal(number, handler)


def attend(
    command: Sequence[str],
    environment: Mapping[str, str],
    at_end: Callable[[], None] = lambda: None,
) -> int:
    """Runs the command as a child in the same terminal; returns its exit code.

    Signals to this process are forwarded. If the command is killed by a signal, this process ends
    by the same signal.
    """
    import subprocess  # noqa: TID251  # the one place that starts processes

    _check(command)
    caller.process.require_own_process()
    program = command[0]
    if os.name == "nt":
        found = which(program, environment.get("PATH", os.defpath))
        if found is None:
            raise ChildNotFound(f"`{program}` is not a command")
        program = found
    try:
        with _signals_passed_on() as pass_on, start_errors(command[0]):
            process = subprocess.Popen([program, *command[1:]], env=dict(environment))  # noqa: S603  # the user's own command
            pass_on(process)
            code = process.wait()
    finally:
        at_end()
    if code < 0:
        with contextlib.suppress(OSError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        signal.raise_signal(-code)
    return code


_IGNORED = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)]
"""Python ignores these, and a child would inherit that."""

_FROM_TERMINAL = [getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name)]
_FROM_OTHERS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _check(command: Sequence[str]) -> None:
    if not command or not command[0]:
        raise ChildNotFound(
            "no command was given", hint="keystead exec NAME -- COMMAND, or without -- your shell"
        )


@contextlib.contextmanager
def start_errors(program: str) -> Iterator[None]:
    """Raises `ChildNotFound` or `ChildNotRunnable` where the block cannot start ``program``."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ChildNotFound(f"`{program}` is not a command") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ChildNotRunnable(f"`{program}` cannot be run: {reason}") from None


@contextlib.contextmanager
def _signals_passed_on() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    children: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def heard(number: int, _frame: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)
        if not children:
            early.append(number)

    def pass_on(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        for number in early:
            child.send_signal(number)

    handlers = dict.fromkeys(_FROM_TERMINAL, lambda *_: None) | dict.fromkeys(_FROM_OTHERS, heard)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield pass_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
