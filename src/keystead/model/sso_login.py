"""A login to IAM Identity Center: what a person signs in to. Pure."""

from __future__ import annotations

from keystead.errors import ProfileInvalid
from keystead.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from keystead.model.profile import Profile, ProfileSource

PORTAL = ("sso_start_url", "sso_region")
FLOWS = BROWSER, DEVICE = ("browser", "device")
"""The values of ``sso_flow``."""
CACHES = AWS, KEYSTEAD = ("aws", "keystead")
"""The values of ``sso_cache``."""


class SsoLogin(Value, kw_only=True):
    """The login to one sso-session or, with ``session`` None, to a legacy profile's own portal.

    ``profile`` is a profile that uses it, where one is known. ``region`` is that of the portal,
    ``flow`` how a person signs in, ``cache`` where the tokens are stored; both None where the
    files do not say.
    """

    session: str | None = None
    start_url: str
    region: str
    scopes: tuple[str, ...] = ()
    flow: str | None = None
    cache: str | None = None
    profile: str | None = None

    @classmethod
    def of_session(cls, name: str, section: Mapping[str, str]) -> Self:
        """The login of an sso-session. Raises `ProfileInvalid`, also for an empty section."""
        if not section:
            raise ProfileInvalid(
                f"there is no sso-session `{name}`",
                id="section-missing",
                hint=f"add a section `[sso-session {name}]` to the config file",
            )
        for key in PORTAL:
            if not section.get(key):
                raise ProfileInvalid(
                    f"the sso-session `{name}` has no `{key}`",
                    hint=f"set `{key}` in the section `[sso-session {name}]`",
                )
        return cls._of(section, name)

    @classmethod
    def of_profile(cls, profile: Profile, sections: ProfileSource) -> Self:
        """The login of a profile: its sso-session's, or its own. Raises `ProfileInvalid`."""
        session = profile.text("sso_session")
        section = sections.sso_session(session) if session else {}
        if session and not section:
            raise ProfileInvalid(
                f"profile `{profile.name}` names the sso-session `{session}`, which does not exist",
                id="section-missing",
                hint=f"add a section `[sso-session {session}]` to the config file",
                where=profile.where("sso_session"),
            )
        own = {key: text for key in _SETTINGS if (text := profile.text(key))}
        found = {**own, **section}
        for key in PORTAL:
            found[key] = _of_portal(profile, session, section.get(key), key)
        return cls._of(found, session, profile.name)

    @classmethod
    def _of(cls, found: Mapping[str, str], session: str | None, profile: str | None = None) -> Self:
        scopes = found.get("sso_registration_scopes", "").split(",")
        return cls(
            session=session,
            start_url=found["sso_start_url"],
            region=found["sso_region"],
            scopes=tuple(scope for part in scopes if (scope := part.strip())),
            flow=found.get("sso_flow", "").lower() or None,
            cache=cache_named(found.get("sso_cache")),
            profile=profile,
        )

    @property
    def title(self) -> str:
        """The login in words."""
        return f"the SSO login to `{self.session or self.start_url}`"


def cache_named(text: str | None) -> str | None:
    """The one of `CACHES` that a value of ``sso_cache`` names. Raises `ProfileInvalid`."""
    name = (text or "").lower() or None
    if name not in (None, *CACHES):
        raise ProfileInvalid(
            f"`{text}` is not a value of `sso_cache`",
            id="invalid-setting-value",
            hint="set `sso_cache` to `aws` or `keystead`",
        )
    return name


_SETTINGS = (*PORTAL, "sso_registration_scopes", "sso_flow", "sso_cache")


def _of_portal(profile: Profile, session: str | None, of_session: str | None, key: str) -> str:
    own = profile.text(key)
    if own and of_session and own != of_session:
        raise ProfileInvalid(
            f"`{key}` of profile `{profile.name}` differs from that of its sso-session `{session}`",
            id="sso-settings-differ",
            hint=f"take `{key}` out of the profile",
            where=profile.where(key),
        )
    value = of_session or own
    if value:
        return value
    if session:
        lacks = f"names the sso-session `{session}`, which has no `{key}`"
        hint = f"set `{key}` in the section `[sso-session {session}]`"
    else:
        lacks = f"has `sso_account_id`, no `{key}` and no `sso_session`"
        hint = f"set `{key}`, or `sso_session`"
    raise ProfileInvalid(
        f"profile `{profile.name}` {lacks}",
        hint=hint,
        where=profile.where("sso_session" if session else "sso_account_id"),
    )
