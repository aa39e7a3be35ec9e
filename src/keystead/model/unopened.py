"""Profiles of which nothing opens the store, for what a plan says without its secrets. Pure."""

from __future__ import annotations

from keystead.model.profile import Profile, ProfileSource, SettingValue
from keystead.secret import MASK, Secret
from keystead.value import NamedTuple, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Unopened(NamedTuple):
    """The profiles of ``source`` with a mask in place of each secret value."""

    source: ProfileSource

    def find(self, name: str) -> Profile:
        """As `ProfileSource.find`."""
        profile = self.source.find(name)
        masked = {
            key: Secret(MASK) if isinstance(value, Secret) else value
            for key, value in profile.settings.items()
        }
        return replace(profile, settings=masked)

    def sso_session(self, name: str) -> Mapping[str, str]:
        """As `ProfileSource.sso_session`."""
        return self.source.sso_session(name)

    def services(self, name: str) -> Mapping[str, SettingValue]:
        """As `ProfileSource.services`."""
        return self.source.services(name)
