"""What the settings of one profile offer: each source of credentials, whole or in part.

Nothing sealed is opened: of keys it is only asked whether they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from keystead.model.profile import Profile

KEY = "aws_access_key_id"
SECRET = "aws_secret_access_key"  # noqa: S105  # the name of a setting
TOKEN = "aws_session_token"  # noqa: S105  # the name of a setting

SOURCES: Mapping[str, str] = {
    "web-identity": "a role by the token in a file",
    "role": "a role over another source",
    "sso": "single sign-on",
    "keys": "keys in the credentials file",
    "login": "a session of `aws login`",
    "process": "the program of `credential_process`",
    "config-keys": "keys in the config file",
}
"""The sources that a profile can have, in the order in which the SDKs look."""


class Found(NamedTuple):
    """One source: the settings that make it, and what is wrong with it, empty when it is whole."""

    settings: tuple[str, ...]
    lacks: str = ""


@dataclass(frozen=True)
class Reading:
    """The sources that a profile has."""

    profile: Profile

    @cached_property
    def found(self) -> Mapping[str, Found]:
        """Each source by its word in `SOURCES`, in that order; what is not there is left out."""
        keys = "config-keys" if self._keys_in_config else "keys"
        offers = {
            "web-identity": self._web_identity(),
            "role": self._role(),
            "sso": self._sso(),
            keys: self._keys(),
            "login": self._one("login_session"),
            "process": self._one("credential_process"),
        }
        return {word: found for word in SOURCES if (found := offers.get(word))}

    def whole(self, *words: str) -> bool:
        """Whether one of these sources is there and lacks nothing."""
        return any(word in self.found and not self.found[word].lacks for word in words)

    def what(self, word: str) -> str:
        """A source in words."""
        text = self.profile.text
        if word == "web-identity" and self.whole(word):
            return f"the role {text('role_arn')} by the token in a file"
        if word == "role" and text("source_profile"):
            return f"the role {text('role_arn')} over profile `{text('source_profile')}`"
        if word == "role" and text("credential_source"):
            return f"the role {text('role_arn')} over `{text('credential_source')}`"
        if word == "sso" and self.whole(word):
            return f"single sign-on: {text('sso_role_name')} in {text('sso_account_id')}"
        if word == "keys" and self.profile.location is None:
            return "keys in the encrypted store"
        return SOURCES[word]

    def where(self, word: str) -> tuple[str, ...]:
        """The places where its settings stand."""
        places = (self.profile.where(key) for key in self.found[word].settings)
        return tuple(dict.fromkeys(str(place) for place in places if place))

    @property
    def on_own_keys(self) -> bool:
        """Whether the profile names itself as the source of its role."""
        return self.profile.text("source_profile") == self.profile.name

    @property
    def is_split(self) -> bool:
        """Whether each half of the key pair stands in another file."""
        if not self.profile.has_keys or self.profile.location is None:
            return False
        first, second = self.profile.where(KEY), self.profile.where(SECRET)
        return first is not None and second is not None and first.file != second.file

    @property
    def _keys_in_config(self) -> bool:
        given = next((key for key in (KEY, SECRET, TOKEN) if self.profile.has(key)), KEY)
        place = self.profile.where(given)
        return (
            self.profile.location is not None
            and place is not None
            and place.file != self.profile.location
        )

    def _given(self, *keys: str) -> tuple[str, ...]:
        return tuple(key for key in keys if self.profile.has(key))

    def _one(self, key: str) -> Found | None:
        return Found((key,)) if self.profile.has(key) else None

    def _web_identity(self) -> Found | None:
        given = self._given("role_arn", "web_identity_token_file")
        if "web_identity_token_file" not in given:
            return None
        lacks = "" if "role_arn" in given else "`web_identity_token_file` without `role_arn`"
        return Found(given, lacks)

    def _role(self) -> Found | None:
        sources = self._given("source_profile", "credential_source")
        if not self.profile.has("role_arn"):
            return Found(sources, f"`{sources[0]}` without `role_arn`") if sources else None
        if not sources and self.profile.has("web_identity_token_file"):
            return None
        lacks = "" if sources else "`role_arn` without `source_profile` or `credential_source`"
        if len(sources) > 1:
            lacks = "`source_profile` and `credential_source` exclude each other"
        return Found(("role_arn", *sources), lacks)

    def _sso(self) -> Found | None:
        account, portal = ("sso_account_id", "sso_role_name"), ("sso_start_url", "sso_region")
        given = self._given(*account, "sso_session", *portal)
        if not given:
            return None
        if not self._given(*account):
            return Found(given, f"without `{account[0]}` it gives a token and no credentials")
        needed = account if "sso_session" in given else (*account, *portal)
        missing = [key for key in needed if key not in given]
        return Found(given, f"`{missing[0]}` is missing" if missing else "")

    def _keys(self) -> Found | None:
        given = self._given(KEY, SECRET, TOKEN)
        missing = [key for key in (KEY, SECRET) if key not in given]
        lacks = f"`{given[0]}` without `{missing[0]}`" if given and missing else ""
        return Found(given, lacks) if given else None
