"""The keyring of the operating system: secrets by account, within a time limit.

Other backends of the `keyring` package, such as a plain file, are refused.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from functools import cached_property

from keystead.errors import StoreUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from keyring.backend import KeyringBackend

    _T = TypeVar("_T")

SERVICE = "keystead"
"""The service name of the entries."""

_DBUS = ("SecretService", "libsecret", "kwallet")
_OWN = ("macOS", "Windows")
_TRUSTED = {f"keyring.backends.{name}" for name in (*_DBUS, *_OWN)}

DBUS_SECONDS = 10.0
"""Time limit of a keyring behind D-Bus; a dead bus never answers."""

DIALOG_SECONDS = 60.0
"""Time limit of the others, which may show a dialog."""


_WAY_OUT = "unlock or start it, or use another protector: `keystead store protectors` lists them"


class Keyring:
    """The keyring of the operating system. All methods raise `StoreUnavailable`."""

    def get(self, account: str) -> str | None:
        """The secret of ``account``, None when the keyring has none."""
        return self._ask(lambda: self._backend.get_password(SERVICE, account))

    def set(self, account: str, secret: str) -> None:
        """Stores ``secret`` for ``account``, replacing an earlier one."""
        self._ask(lambda: self._backend.set_password(SERVICE, account, secret))

    def delete(self, account: str) -> None:
        """Deletes the secret of ``account``, if there is one."""
        if self.get(account) is not None:
            self._ask(lambda: self._backend.delete_password(SERVICE, account))

    @property
    def is_likely(self) -> bool:
        """Whether there may be a keyring; loads nothing."""
        return sys.platform in ("win32", "darwin") or "DBUS_SESSION_BUS_ADDRESS" in os.environ

    @property
    def name(self) -> str:
        """The type of keyring, such as ``SecretService``."""
        return type(self._backend).__module__.rpartition(".")[2]

    @cached_property
    def _backend(self) -> KeyringBackend:
        import keyring.backends.chainer  # noqa: F401  # loaded outside of the time limit

        own = sys.platform in ("win32", "darwin")
        return _within(DIALOG_SECONDS if own else DBUS_SECONDS, _choose)

    def _ask(self, question: Callable[[], _T]) -> _T:
        return _within(DBUS_SECONDS if self.name in _DBUS else DIALOG_SECONDS, question)


def _choose() -> KeyringBackend:
    """The configured backend, or the first trusted one that is viable."""
    import keyring
    from keyring.backends import chainer, fail

    chosen = keyring.get_keyring()
    candidates: Iterable[KeyringBackend] = (
        chosen.backends if isinstance(chosen, chainer.ChainerBackend) else (chosen,)
    )
    for backend in candidates:
        if type(backend).__module__ in _TRUSTED:
            return backend
    if isinstance(chosen, (fail.Keyring, chainer.ChainerBackend)):
        raise StoreUnavailable(
            "there is no keyring of the operating system here",
            id="keyring-unusable",
            hint="on Linux it needs a D-Bus session with gnome-keyring or KWallet; or use another "
            "protector: `keystead store protectors` lists them",
        )
    kind = type(chosen)
    raise StoreUnavailable(
        f"the keyring in use is {kind.__module__}.{kind.__qualname__}, "
        "which is not the operating system's",
        id="keyring-unusable",
        hint="set PYTHON_KEYRING_BACKEND, or the configuration of the keyring package, back",
    )


def _within(seconds: float, question: Callable[[], _T]) -> _T:
    """The answer; any error of the keyring becomes `StoreUnavailable`.

    A daemon thread asks, because waiting for a dead bus cannot be interrupted.
    """
    answers: list[_T] = []
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            answers.append(question())
        except BaseException as error:  # noqa: BLE001  # raised again in the calling thread
            errors.append(error)

    import threading

    thread = threading.Thread(target=ask, daemon=True, name="keyring")
    thread.start()
    thread.join(seconds)
    if answers:
        return answers[0]
    if not errors:
        raise StoreUnavailable(
            f"the keyring has not answered for {seconds:.0f} seconds",
            id="keyring-unusable",
            hint=_WAY_OUT,
        )
    if isinstance(errors[0], StoreUnavailable):
        raise errors[0]
    raise StoreUnavailable(
        f"the keyring refused: {_reason(errors[0])}", id="keyring-unusable", hint=_WAY_OUT
    ) from errors[0]


def _reason(error: BaseException) -> str:
    lines = str(error).splitlines()
    first = lines[0].strip().rstrip(".!") if lines else ""
    return first[:1].lower() + first[1:] if first else type(error).__name__
