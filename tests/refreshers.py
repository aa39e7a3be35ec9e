"""Processes that refresh a login: many at once, or each killed at a system call.

``python -m tests.refreshers PROFILE together COUNT`` prints their statuses. ``… PROFILE kill FIRST
LAST STEP`` has a process killed at each of these calls, and another one use the login after it;
it prints a line for both, and ends after the first one that was not killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable

from keystead.app import App
from keystead.resolve.providers import provider_of
from keystead.resolve.providers.provider import ProviderContext
from keystead.system import System

_LIBC = ctypes.CDLL(None, use_errno=True)
_TRACE_ME, _TO_NEXT_CALL, _SET_OPTIONS = 0, 24, 0x4200  # of ptrace(2), on Linux
_MARK_CALLS, _KILL_WITH_TRACER = 1, 0x100000
_CALL = signal.SIGTRAP | 0x80


def retrieve(profile: str) -> None:
    """Credentials of the profile from its provider, without the cache of sessions."""
    app = App(System())
    selection = app.select(profile)
    found = selection.profile
    assert found is not None
    context = ProviderContext(found, app.system, selection.client_settings, lambda: app.logins)
    provider_of(selection.plan.base, context).retrieve()


def _trace(request: int, pid: int, data: int = 0) -> None:
    if _LIBC.ptrace(ctypes.c_long(request), ctypes.c_long(pid), None, ctypes.c_void_p(data)) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def started(work: Callable[[], None], *, traced: bool = False) -> int:
    """A child that does ``work``; a traced one waits for its tracer first."""
    if pid := os.fork():
        return pid
    try:
        if traced:
            _trace(_TRACE_ME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def status_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(work: Callable[[], None], call: int) -> int | None:
    """Kills a child before system call number ``call``; its status if it ends earlier, or None."""
    pid = started(work, traced=True)
    os.waitpid(pid, 0)
    _trace(_SET_OPTIONS, pid, _MARK_CALLS | _KILL_WITH_TRACER)
    stops = 0
    while True:
        _trace(_TO_NEXT_CALL, pid)
        status = os.waitpid(pid, 0)[1]
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        if os.WSTOPSIG(status) == _CALL:
            if stops == 2 * call:  # each call stops as it begins and as it ends
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return None
            stops += 1


def main() -> None:
    profile, verb, *numbers = sys.argv[1:]
    work = lambda: retrieve(profile)  # noqa: E731
    if verb == "together":
        children = [started(work) for _ in range(int(numbers[0]))]
        print(*[status_of(pid) for pid in children])
        return
    work()  # so that all modules are loaded
    for call in range(*map(int, numbers)):
        found = killed_at(work, call)
        print("killed" if found is None else found, status_of(started(work)), flush=True)
        if found is not None:
            return


if __name__ == "__main__":
    main()
