"""Rules on what profiles name: source profiles, SSO sessions, services sections."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from keystead.errors import Origin
from keystead.lint.finding import Finding
from keystead.lint.subject import KEY, SECRET, Shared, either, found, set_command
from keystead.lint.table import finding
from keystead.model.dotnet import VERSIONS, Hidden, Hides
from keystead.model.helper_ring import FIX, SETTING, asked_profile
from keystead.model.profile import TYPES, Profile
from keystead.model.settings import SETTINGS
from keystead.near import near_names

_DECIDING = {key for row in TYPES for key in row.deciding}
_ACCOUNT = ("sso_account_id", "sso_role_name")
_PORTAL = ("sso_start_url", "sso_region")


def roles(shared: Shared) -> Iterator[Finding]:
    """Roles without one source of credentials that exists."""
    names = [*shared.profiles, *shared.elsewhere]
    alike = cache(
        lambda wanted: either(near_names(wanted, names))
    )  # many may misspell it the same way
    for name, profile in shared.profiles.items():
        source, other = profile.text("source_profile"), profile.text("credential_source")
        if not profile.has("role_arn"):
            continue
        if profile.has("web_identity_token_file"):
            if source:
                message = f"profile `{name}` has a web identity and a `source_profile`"
                fix = "take one of them away"
                yield found("web-identity-beside-source", profile, "source_profile", message, fix)
            continue
        if source and other:
            message = f"profile `{name}` has a `source_profile` and a `credential_source`"
            fix = "take one of them away"
            yield found("role-with-two-sources", profile, "credential_source", message, fix)
        elif not source and not other:
            message = f"the role of profile `{name}` has no source of credentials"
            own = f"; for its own keys `source_profile = {name}`" if profile.has(KEY) else ""
            fix = f"add `source_profile` or `credential_source`{own}"
            yield found("role-without-source", profile, "role_arn", message, fix)
        row = SETTINGS["credential_source"]
        if other and not row.fits(other):
            message = f"`credential_source` of profile `{name}` is none that there is"
            fix = f"write {either(near_names(other, (row.shape or '').split('|'))) or row.rule}"
            yield found("credential-source", profile, "credential_source", message, fix)
        if source and source not in shared.profiles and source not in shared.elsewhere:
            message = f"profile `{name}` names the source profile `{source}`, which does not exist"
            makes = f"{set_command(source, KEY)} makes it"
            fix = f"did you mean {alike(source)}" if alike(source) else makes
            yield found("source-profile-missing", profile, "source_profile", message, fix)


def sources(shared: Shared) -> Iterator[Finding]:
    """Source profiles that give no credentials."""
    for name, profile in shared.profiles.items():
        following = _following(profile)
        source = shared.profiles.get(following) if following else None
        if source is None or following in shared.elsewhere:
            continue
        own = following == name and not _ends(source)
        if own or not any(map(source.has, _DECIDING)):
            message = f"the source profile `{following}` of profile `{name}` gives no credentials"
            fix = f"{set_command(source.name, KEY)} gives it keys; or name another profile"
            yield found("source-without-credentials", profile, "source_profile", message, fix)


def cycles(shared: Shared) -> Iterator[Finding]:
    """Source profiles that lead back to themselves, each circle once."""
    told: set[str] = set()
    done: set[str] = set()  # what leads on from these is known
    for start, profile in shared.profiles.items():
        path = list(_path(shared, start, set() if _ends(profile) else done))
        done.update(path)
        back = _following(shared.profiles[path[-1]]) if path else None
        if back is None or back == path[-1] or back not in path:
            continue
        circle = path[path.index(back) :]
        if told.isdisjoint(circle):
            told.update(circle)
            last = shared.profiles[circle[-1]]
            whole = " > ".join([*circle, back])
            message = f"the source profiles form a cycle: {whole}"
            fix = f"change `source_profile` of one of them, such as `{last.name}`"
            yield found("source-profile-cycle", last, "source_profile", message, fix)


def _path(shared: Shared, start: str, done: set[str]) -> Iterator[str]:
    """The profiles from ``start`` on, each once, up to one with keys of its own or in ``done``."""
    seen: set[str] = set()
    name: str | None = start
    while name is not None and name in shared.profiles and name not in seen and name not in done:
        profile = shared.profiles[name]
        if seen and _ends(profile):
            return
        seen.add(name)
        yield name
        name = _following(profile)


def _following(profile: Profile) -> str | None:
    """The source profile with whose credentials the profile's role is assumed."""
    others = ("web_identity_token_file", "credential_source")
    if not profile.has("role_arn") or any(map(profile.has, others)):
        return None
    return profile.text("source_profile")


def _ends(profile: Profile) -> bool:
    """Whether a path of source profiles ends here, with keys of its own."""
    return profile.has(KEY) and profile.has(SECRET)


def helper_rings(shared: Shared) -> Iterator[Finding]:
    """Helpers that ask for credentials which need their own output, each ring once."""
    told: set[str] = set()
    for start, profile in shared.profiles.items():
        if not profile.has(SETTING):
            continue
        path: list[str] = []
        name: str | None = start
        while name and name in shared.profiles and name not in (*shared.elsewhere, *path):
            path.append(name)
            name = _needed(shared.profiles[name])
        ring = path[path.index(name) :] if name and name in path else []
        helped = next((p for p in map(shared.profiles.__getitem__, ring) if _is_helped(p)), None)
        if helped and told.isdisjoint(ring):
            told.update(ring)
            whole = " > ".join([*ring, ring[0]])
            message = f"`{SETTING}` asks for credentials that need its own output: {whole}"
            yield found("helper-ring", helped, SETTING, message, FIX)


def _needed(profile: Profile) -> str | None:
    """The profile whose credentials are needed for its own."""
    if _is_helped(profile):
        return asked_profile(profile.text(SETTING) or "")
    return _following(profile)


def _is_helped(profile: Profile) -> bool:
    return profile.type is not None and profile.type.name == "CredentialProcess"


def single_sign_on(shared: Shared) -> Iterator[Finding]:
    """Parts of single sign-on that are missing or say two things."""
    told: set[str] = set()
    for name, profile in shared.profiles.items():
        wanted = profile.text("sso_session")
        given = [key for key in _ACCOUNT if profile.has(key)]
        needed = _ACCOUNT if wanted else (*_ACCOUNT, *_PORTAL)
        missing = [key for key in needed if not profile.has(key)]
        if given and missing:
            message = f"profile `{name}` has no {either(missing[:1])}, which single sign-on needs"
            yield found("sso-incomplete", profile, given[0], message, _add(missing))
        if wanted is None:
            continue
        session = shared.sso_sessions.get(wanted)
        if session is None:
            hidden = Hidden("sso_session", Hides.ALL, VERSIONS).consequence(name)
            message = (
                f"profile `{name}` names the SSO session `{wanted}`, which does not exist; {hidden}"
            )
            alike = either(near_names(wanted, shared.sso_sessions))
            header = f"add `[sso-session {wanted}]` to the config file"
            fix = f"did you mean {alike}" if alike else header
            yield found("sso-session-missing", profile, "sso_session", message, fix)
            continue
        if wanted not in told:
            told.add(wanted)
            yield from _session(session, profile.origins["sso_session"])
        yield from _beside_session(profile, session)


def _session(session: Profile, named: Origin) -> Iterator[Finding]:
    missing = [key for key in _PORTAL if not session.has(key)]
    if missing:
        message = f"the SSO session `{session.name}` has no {either(missing[:1])}"
        where = session.where() or named
        yield finding("sso-session-incomplete", where, message, fix=_add(missing))


def _beside_session(profile: Profile, session: Profile) -> Iterator[Finding]:
    for key in _PORTAL:
        if profile.has(key) and session.has(key):
            same = profile.text(key) == session.text(key)
            rule, does = ("sso-repeated", "is") if same else ("sso-differs", "is not")
            message = (
                f"`{key}` of profile `{profile.name}` {does} that of its SSO session "
                f"`{session.name}`"
            )
            yield found(rule, profile, key, message, "take it out of the profile")


def _add(missing: list[str]) -> str:
    return "add " + " and ".join(f"`{key}`" for key in missing)


def services(shared: Shared) -> Iterator[Finding]:
    """Services sections that are named and do not exist."""
    for name, profile in shared.profiles.items():
        wanted = profile.text("services")
        if wanted and wanted not in shared.services:
            message = f"profile `{name}` names the services section `{wanted}`, which is not there"
            alike = either(near_names(wanted, shared.services))
            header = f"add `[services {wanted}]` to the config file"
            fix = f"did you mean {alike}" if alike else header
            yield found("services-missing", profile, "services", message, fix)
