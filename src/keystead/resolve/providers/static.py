"""The keys of a profile."""

from __future__ import annotations

from datetime import datetime, timedelta

from keystead.errors import InteractionRequired, ProfileInvalid
from keystead.model.credentials import Credentials
from keystead.model.one_line import require_keys_on_one_line
from keystead.model.profile import Profile
from keystead.model.sources.static import KEYS, Static
from keystead.outside import parse_moment
from keystead.resolve.providers.provider import Provider

_ENDS = ("aws_session_expiration", "x_security_token_expires", "aws_expiration", "expiration")
"""Settings of other tools for the expiry of session keys that they write to shared files."""

_ANY_ZONE = timedelta(hours=12)
"""How much later a time may be that names no zone: UTC-12 is the last one."""


class StaticProvider(Provider):
    """Keys in a store."""

    source: Static

    def retrieve(self) -> Credentials:
        """The keys. Raises `InteractionRequired` for session keys that have ended."""
        profile = self.profile
        require_keys_on_one_line(profile)
        key, secret, token = map(profile.text, KEYS)
        if not key or not secret:
            raise ProfileInvalid(f"profile `{profile.name}` has no keys", where=profile.where())
        ends = _end_of_keys(profile, self.system.clock()) if token else None
        return Credentials(key, secret, token, ends, source=f"profile {profile.name}")


def _end_of_keys(profile: Profile, now: datetime) -> datetime | None:
    """The expiry of the session keys in a profile, if it is set with a time zone.

    Raises `InteractionRequired` for keys that have ended.
    """
    for setting in _ENDS:
        text = profile.text(setting) or ""
        try:
            ends = parse_moment(text)
        except ValueError:
            continue  # it is not a time, or another tool's word for something else
        has_zone = datetime.fromisoformat(text).tzinfo is not None
        if now >= ends + (timedelta(0) if has_zone else _ANY_ZONE):
            raise InteractionRequired(
                f"the session keys of profile `{profile.name}` ended at {text}",
                id="session-keys-expired",
                hint="get new ones with the tool that wrote them",
                where=profile.where(setting),
            )
        return ends if has_zone else None
    return None
