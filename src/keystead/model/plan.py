"""The plan: from which credentials a profile starts and which roles are assumed on the way.

Pure: a plan is made from profiles alone. It holds names and no key, and the resolver does what
it says and nothing else. The rules are those that the AWS SDKs share: a profile that is asked for
is judged by its role, then by SSO, its keys and its other sources; one that is reached as a source
ends the path when it has keys of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from keystead.errors import ProfileCycle, ProfileInvalid, ProfileNotFound
from keystead.model.profile import Profile, ProfileSource
from keystead.model.rules import near
from keystead.model.session import Session

CREDENTIAL_SOURCES = {
    "Environment": "environment",
    "Ec2InstanceMetadata": "ec2",
    "EcsContainer": "container",
}
"""The values of ``credential_source`` and the kinds of base that they name."""

CHAINED_SECONDS = 3600
"""How long a session at most lasts that was got with another one: a rule of STS."""


@dataclass(frozen=True)
class Base:
    """The first source: its ``kind`` and the profile that names it.

    Kinds: ``static``, ``process``, ``sso``, ``web-identity``, ``environment``, ``container``,
    ``ec2``, ``login``. What does not belong to the kind is None.
    """

    kind: str
    profile: str
    role_arn: str | None = None
    role_session_name: str | None = None
    duration_seconds: int | None = None
    sso_session: str | None = None
    sso_start_url: str | None = None
    sso_account_id: str | None = None
    sso_role_name: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class AssumeRoleStep:
    """One AssumeRole call, as the profile ``profile`` asks for it.

    ``role_session_name`` None: `Plan.named` gives it one. ``duration_seconds`` None: STS's own
    default of one hour. ``region`` None: the region in effect.
    """

    profile: str
    role_arn: str
    role_session_name: str | None = None
    external_id: str | None = None
    mfa_serial: str | None = None
    duration_seconds: int | None = None
    region: str | None = None


@dataclass(frozen=True)
class Plan:
    """How the credentials of ``profile`` will be got; ``steps`` run in order from ``base``."""

    profile: str
    base: Base
    steps: tuple[AssumeRoleStep, ...] = ()
    made_up_name: str | None = None
    """The session name of the calls whose profile sets none; another one at each run."""

    @property
    def mfa_serials(self) -> tuple[str, ...]:
        """The MFA devices a code will be asked for, in order and each once."""
        return tuple(dict.fromkeys(step.mfa_serial for step in self.steps if step.mfa_serial))

    def named(self, role_session_name: str) -> Plan:
        """The plan with a session name for the calls whose profile sets none."""
        base = self.base
        if base.kind == "web-identity" and not base.role_session_name:
            base = replace(base, role_session_name=role_session_name)
        steps = (
            step if step.role_session_name else replace(step, role_session_name=role_session_name)
            for step in self.steps
        )
        return replace(self, base=base, steps=tuple(steps), made_up_name=role_session_name)


def make_plan(name: str, source: ProfileSource) -> Plan:
    """The plan for the profile ``name``.

    Raises `ProfileNotFound`, `ProfileInvalid` (naming profile, setting and rule) or
    `ProfileCycle` (naming the whole path).
    """
    steps: list[AssumeRoleStep] = []
    profile = source.find(name)
    path = [name]
    base = None
    while not (len(path) > 1 and profile.has_keys):
        kind = _kind(profile)
        if not kind.startswith("AssumeRole") or kind == "AssumeRoleWithWebIdentity":
            base = _BASES[kind](profile, source)
            break
        steps.append(_step(profile))
        if kind == "AssumeRoleCredentialSource":
            base = _ambient(profile)
            break
        following = profile.text("source_profile") or ""
        if following == profile.name:
            _require_own_keys(profile)
            break
        if following in path:
            whole = " > ".join([*path, following])
            raise ProfileCycle(
                f"the source profiles lead back to where they were: {whole}",
                hint=f"change `source_profile` of one of them, such as `{profile.name}`",
                where=profile.where("source_profile"),
            )
        path.append(following)
        try:
            profile = source.find(following)
        except ProfileNotFound as error:
            raise ProfileInvalid(
                f"profile `{profile.name}` names the source profile `{following}`, "
                "which does not exist",
                hint=error.hint,
                where=profile.where("source_profile"),
            ) from error
    base = base or Base("static", profile.name)
    return Plan(name, base, tuple(_capped(base, reversed(steps))))


def _capped(base: Base, steps: Iterable[AssumeRoleStep]) -> Iterator[AssumeRoleStep]:
    """The steps, none of which asks for more than STS gives to who has a role's session."""
    chained = base.kind in ("web-identity", "sso", "ec2", "container")
    for step in steps:
        too_long = chained and (step.duration_seconds or 0) > CHAINED_SECONDS
        yield replace(step, duration_seconds=CHAINED_SECONDS) if too_long else step
        chained = True


def as_json(plan: Plan, cached: Session | None, now: datetime) -> dict[str, object]:
    """The plan as ``keystead plan --json`` shows it; absent settings are absent keys."""
    steps = [{"kind": "assume-role", **dict(_present(step))} for step in plan.steps]
    return {
        "profile": plan.profile,
        "base": dict(_present(plan.base)),
        "steps": steps,
        "prompts": [{"kind": "mfa", "mfa_serial": serial} for serial in plan.mfa_serials],
        "cache": _cache(cached, now),
    }


def _cache(cached: Session | None, now: datetime) -> dict[str, object]:
    if cached is None or not cached.alive(now):
        return {"state": "none"}
    state = "fresh" if cached.fresh(now) else "stale"
    return {"state": state, "expires_at": cached.expires_at.isoformat()}


def _present(row: Base | AssumeRoleStep) -> Iterator[tuple[str, object]]:
    for name in type(row).__dataclass_fields__:
        value = getattr(row, name)
        if value is not None:
            yield name, value


def _kind(profile: Profile) -> str:
    """The name of the type that counts. Raises `ProfileInvalid` when there is none."""
    row = profile.type
    if row is None:
        raise ProfileInvalid(
            f"profile `{profile.name}` is not valid: {profile.problem()}",
            hint=f"see it with `keystead show {profile.name}`",
            where=profile.where(),
        )
    if row.name in ("Basic", "Session") and profile.keys_are_last:
        for setting, kind in (("login_session", "Login"), ("credential_process", _PROCESS)):
            if profile.has(setting):
                return kind
    return row.name


_PROCESS = "CredentialProcess"


def _static(profile: Profile, _source: ProfileSource) -> Base:
    return Base("static", profile.name)


def _process(profile: Profile, _source: ProfileSource) -> Base:
    return Base("process", profile.name)


def _login(profile: Profile, _source: ProfileSource) -> Base:
    return Base("login", profile.name)


def _web_identity(profile: Profile, _source: ProfileSource) -> Base:
    return Base(
        "web-identity",
        profile.name,
        role_arn=profile.text("role_arn"),
        role_session_name=profile.text("role_session_name"),
        duration_seconds=_duration(profile),
        region=profile.region,
    )


def _sso(profile: Profile, source: ProfileSource) -> Base:
    """What IAM Identity Center is asked with: the session's, or the legacy keys."""
    name = profile.text("sso_session")
    found: dict[str, str] = {}
    session: Mapping[str, str] = source.sso_session(name) if name else {}
    if name and not session:
        raise ProfileInvalid(
            f"profile `{profile.name}` names the sso-session `{name}`, which does not exist",
            hint=f"add a section `[sso-session {name}]` to the config file",
            where=profile.where("sso_session"),
        )
    for key in ("sso_start_url", "sso_region"):
        own, given = profile.text(key), session.get(key)
        if own and given and own != given:
            raise ProfileInvalid(
                f"`{key}` of profile `{profile.name}` differs from that of its "
                f"sso-session `{name}`",
                hint=f"take `{key}` out of the profile",
                where=profile.where(key),
            )
        value = given if name else own
        if not value:
            place = f"its sso-session `{name}`" if name else "`sso_session`"
            raise ProfileInvalid(
                f"profile `{profile.name}` has no `{key}`"
                + ("" if name else " and no `sso_session`"),
                hint=f"set `{key}` in {place}" if name else f"set `{key}`, or {place}",
                where=profile.where("sso_account_id"),
            )
        found[key] = value
    return Base(
        "sso",
        profile.name,
        sso_session=name,
        sso_start_url=found["sso_start_url"],
        sso_account_id=profile.text("sso_account_id"),
        sso_role_name=profile.text("sso_role_name"),
        region=found["sso_region"],
    )


_BASES: Mapping[str, Callable[[Profile, ProfileSource], Base]] = {
    "Basic": _static,
    "Session": _static,
    "CredentialProcess": _process,
    "Login": _login,
    "SSO": _sso,
    "AssumeRoleWithWebIdentity": _web_identity,
}
"""What a profile of each type starts from."""


def _ambient(profile: Profile) -> Base:
    """The base that ``credential_source`` names, in any letter case as the .NET SDK has it."""
    given = profile.text("credential_source") or ""
    for word, kind in CREDENTIAL_SOURCES.items():
        if word.lower() == given.lower():
            return Base(kind, profile.name)
    meant = near(given, CREDENTIAL_SOURCES)
    raise ProfileInvalid(
        f"`credential_source` of profile `{profile.name}` is `{given}`",
        hint=f"did you mean `{meant[0]}`?" if meant else f"use {', '.join(CREDENTIAL_SOURCES)}",
        where=profile.where("credential_source"),
    )


def _require_own_keys(profile: Profile) -> None:
    if not profile.has_keys:
        raise ProfileInvalid(
            f"profile `{profile.name}` names itself as its source and has no keys of its own",
            hint="add `aws_access_key_id` and `aws_secret_access_key`, or name another profile",
            where=profile.where("source_profile"),
        )


def _step(profile: Profile) -> AssumeRoleStep:
    return AssumeRoleStep(
        profile=profile.name,
        role_arn=profile.text("role_arn") or "",
        role_session_name=profile.text("role_session_name"),
        external_id=profile.text("external_id"),
        mfa_serial=profile.text("mfa_serial"),
        duration_seconds=_duration(profile),
        region=profile.region,
    )


def _duration(profile: Profile) -> int | None:
    text = profile.text("duration_seconds")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ProfileInvalid(
            f"`duration_seconds` of profile `{profile.name}` is not a whole number",
            where=profile.where("duration_seconds"),
        )
    return int(text)
