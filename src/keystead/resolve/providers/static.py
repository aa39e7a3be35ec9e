"""The keys of a profile."""

from __future__ import annotations

from datetime import datetime, timedelta

from keystead.errors import InteractionRequired, ProfileInvalid
from keystead.model.credentials import Credentials
from keystead.model.one_line import require_keys_on_one_line
from keystead.model.profile import Profile
from keystead.model.sources.static import KEYS, Static, keys_end
from keystead.resolve.providers.provider import Provider

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
        return Credentials(key, secret, token, ends, source=self.source.label)


def _end_of_keys(profile: Profile, now: datetime) -> datetime | None:
    """The expiry of the session keys in a profile, if it is set with a time zone.

    Raises `InteractionRequired` for keys that have ended.
    """
    ends = keys_end(profile)
    if ends is None:
        return None
    if now >= ends.at + (timedelta(0) if ends.has_zone else _ANY_ZONE):
        raise InteractionRequired(
            f"the session keys of profile `{profile.name}` ended at {profile.text(ends.setting)}",
            id="session-keys-expired",
            hint="get new ones with the tool that wrote them",
            where=profile.where(ends.setting),
        )
    return ends.at if ends.has_zone else None
