"""What a person asks of signing in, and how it is shown to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from keystead.model.sources.login import Login
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.sso.place import SealedPlaces
from keystead.system import System
from keystead.value import NamedTuple, Protocol, Value

PATIENCE = 600.0
"""Seconds to wait for a person who signs in."""


class Options(Value, kw_only=True):
    """``device``: by a code on any device, None: as the settings say, or this machine can.

    ``opens_browser`` False prints the address instead. ``force`` signs in although a login is
    valid, ``qr`` shows the address of a code as a QR code too. ``patience`` are seconds to wait for
    the person.
    """

    device: bool | None = None
    opens_browser: bool = True
    force: bool = False
    qr: bool = False
    patience: float = PATIENCE


class Screen(NamedTuple):
    """What a person sees: messages, warnings, and with ``show`` an address as it is."""

    tell: Callable[[str], None]
    warn: Callable[[str], None]
    show: Callable[[str], None]


class ConsoleSessions(Protocol):
    """The console sessions of profiles, their ``login_session``."""

    def current(self, profile: str) -> str:
        """That of the profile now; empty for none."""

    def adopt(self, target: Login, session: str) -> None:
        """Makes ``session`` that of the profile, if the person wants that; else raises."""


class Context(NamedTuple):
    """What signing in works with; ``client`` is unsigned."""

    system: System
    client: AwsClient
    logins: SealedPlaces
    screen: Screen
    options: Options
    sessions: ConsoleSessions


class SignedIn(NamedTuple):
    """A login. ``path`` is the file that it is stored in, ``is_new`` whether it was made now, and
    ``is_renewed`` whether it is renewed without a person.
    """

    title: str
    ends: datetime
    path: str
    is_new: bool
    is_renewed: bool
