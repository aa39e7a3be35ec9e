"""The short text for a shell's prompt: a profile's name and how long its credentials are valid."""

from __future__ import annotations

from keystead.app.overviews import cached_ends
from keystead.app.validity import Status, profile_status, uncalled_snapshot
from keystead.model.exported import holds_exported_credentials
from keystead.model.search import default_profile
from keystead.model.sources.environment import VARIABLES as KEY_VARIABLES
from keystead.model.variables import EXPIRATION, OPENED
from keystead.outside import parse_moment
from keystead.system.file_versions import change_token
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from keystead.app import App
    from keystead.system.file_versions import ChangeToken

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_.,:/@+=")
_TO_FULL_WIDTH = 0xFEE0
_UNPRINTABLE = "\ufffd"


class Prompt(NamedTuple):
    """``text`` is empty where nothing is valid; with an ``expires_at`` the time left follows it.

    ``token`` differs after each change of a file that it depends on.
    """

    text: str
    expires_at: datetime | None
    token: ChangeToken = ()


def prompt(app: App, name: str | None) -> Prompt:
    """The prompt for the profile ``name``; else for that of this shell, of the environment, or
    ``default``. Reads no key and calls nobody. Raises as `profile_status`.
    """
    shell = shell_status(app)
    if name is None and shell and app.environ.get(KEY_VARIABLES[0]):
        if shell.is_valid:
            return Prompt(quoted(shell.name), shell.expires_at)
        return Prompt(f"{quoted(shell.name)} expired" if shell.expires_at else "", None)
    folders = app.system.folders
    token = (*app.chain().change_token(), *change_token([folders.sessions, folders.logins]))
    snapshot = uncalled_snapshot(app)
    if name is None:
        profile = default_profile(app.system.environ, snapshot)
        name = shell.name if shell else profile.name if profile else None
    if name is None:
        return Prompt("", None, token)
    found, login = profile_status(app, name, snapshot, cached_ends(app))
    if login:
        token += change_token([login.places.shared.path])
    return Prompt(quoted(name) if found.is_valid else "", found.expires_at, token)


def shell_status(app: App) -> Status | None:
    """That of a shell of ``keystead exec``, whose keys stay as they are; None in other shells.

    Not valid where something else has replaced the keys or their end.
    """
    name = _set_by_keystead(app, OPENED)
    if not name:
        return None
    if not app.environ.get(KEY_VARIABLES[0]):
        return Status("shell", name, holds_exported_credentials(app.environ), is_renewed=True)
    if not holds_exported_credentials(app.environ):
        return Status("shell", name)
    if EXPIRATION not in app.environ:
        return Status("shell", name, is_valid=True)
    try:
        ends = parse_moment(_set_by_keystead(app, EXPIRATION))
    except ValueError:
        return Status("shell", name)
    return Status("shell", name, ends > app.system.clock(), ends)


def _set_by_keystead(app: App, variable: str) -> str | None:
    """The value of a variable, unless the user or another program has set it."""
    return None if variable in app.system.environ else app.environ.get(variable)


def quoted(name: str) -> str:
    """The name in characters that mean themselves in the prompt of every shell.

    Others of ASCII are shown in their full-width form (U+FF01 to U+FF5E), so that no prompt
    runs or formats them, whatever quotes it is written in.
    """
    return "".join(map(_quoted, name))


def _quoted(char: str) -> str:
    if char in _PLAIN:
        return char
    if "!" <= char <= "~":
        return chr(ord(char) + _TO_FULL_WIDTH)
    return char if char.isprintable() and not char.isascii() else _UNPRINTABLE
