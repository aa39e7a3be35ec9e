"""Signing in where credentials need it, on a terminal and with ``login = auto``."""

from __future__ import annotations

from keystead.app.selection import Selection
from keystead.app.sign_in import SigningIn
from keystead.errors import InteractionRequired
from keystead.login.options import Options, Screen
from keystead.model.sources.sso import Sso

SETTING, AUTO = "login", "auto"


def sign_in_or_raise(selected: Selection, error: InteractionRequired) -> None:
    """Asks the person whether to sign in, and does it. Raises ``error`` where that is not wanted,
    or nobody can be asked.
    """
    terminal = selected.app.system.terminal
    if not _is_wanted(selected) or not terminal.available():
        raise error
    if not terminal.confirm(f"{error.message}; sign in now?", hint=error.hint or ""):
        raise error
    signing_in = SigningIn(selected.app, selected.profiles)
    screen = Screen(terminal.tell, terminal.tell, terminal.tell)
    signing_in.sign_in(signing_in.target(selected.plan.profile), screen, Options())


def _is_wanted(selected: Selection) -> bool:
    """Whether one of the profiles, or the sso-session, has the setting."""
    values = [profile.text(SETTING) for profile in selected.profiles_used]
    base = selected.plan.base
    if isinstance(base, Sso) and base.sso_session:
        values.append(selected.profiles.sso_session(base.sso_session).get(SETTING))
    return AUTO in [value.lower() for value in values if value]
