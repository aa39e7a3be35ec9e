"""The plan: from which credentials a profile starts and which roles are assumed on the way.

Pure: a plan is made from profiles alone. It holds names and no key, and the resolver does what
it says and nothing else. Rules: the profile asked for is judged by its role before its keys; a
profile reached as a source ends the path when it has keys of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from keystead.errors import ProfileCycle, ProfileInvalid, ProfileNotFound
from keystead.model.profile import RESOLVABLE, Profile, ProfileSource
from keystead.model.session import Session


@dataclass(frozen=True)
class Base:
    """The first source: ``kind`` (``static``) and the profile that has it."""

    kind: str
    profile: str


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
    """The session name of the steps whose profile sets none; another one at each run."""

    @property
    def mfa_serials(self) -> tuple[str, ...]:
        """The MFA devices a code will be asked for, in order."""
        return tuple(step.mfa_serial for step in self.steps if step.mfa_serial)

    def named(self, role_session_name: str) -> Plan:
        """The plan with a session name for the steps whose profile sets none."""
        steps = (
            step if step.role_session_name else replace(step, role_session_name=role_session_name)
            for step in self.steps
        )
        return replace(self, steps=tuple(steps), made_up_name=role_session_name)


def make_plan(name: str, source: ProfileSource) -> Plan:
    """The plan for the profile ``name``.

    Raises `ProfileNotFound`, `ProfileInvalid` (naming profile, setting and rule) or
    `ProfileCycle` (naming the whole path).
    """
    steps: list[AssumeRoleStep] = []
    profile = source.find(name)
    path = [name]
    while not _ends_here(profile, path):
        steps.append(_step(profile))
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
    return Plan(name, Base("static", profile.name), tuple(reversed(steps)))


def as_json(plan: Plan, cached: Session | None, now: datetime) -> dict[str, object]:
    """The plan as ``keystead plan --json`` shows it; absent settings are absent keys."""
    steps = [{"kind": "assume-role", **dict(_present(step))} for step in plan.steps]
    return {
        "profile": plan.profile,
        "base": {"kind": plan.base.kind, "profile": plan.base.profile},
        "steps": steps,
        "prompts": [{"kind": "mfa", "mfa_serial": serial} for serial in plan.mfa_serials],
        "cache": _cache(cached, now),
    }


def _cache(cached: Session | None, now: datetime) -> dict[str, object]:
    if cached is None or not cached.alive(now):
        return {"state": "none"}
    state = "fresh" if cached.fresh(now) else "stale"
    return {"state": state, "expires_at": cached.expires_at.isoformat()}


def _present(step: AssumeRoleStep) -> Iterator[tuple[str, object]]:
    for name in AssumeRoleStep.__dataclass_fields__:
        value = getattr(step, name)
        if value is not None:
            yield name, value


def _has_keys(profile: Profile) -> bool:
    return profile.has("aws_access_key_id") and profile.has("aws_secret_access_key")


def _ends_here(profile: Profile, path: list[str]) -> bool:
    """Whether the path ends with this profile's own keys; refuses what gives no credentials."""
    if len(path) > 1 and _has_keys(profile):
        return True
    row = profile.type
    if row is None:
        raise ProfileInvalid(
            f"profile `{profile.name}` is not valid: {profile.problem()}",
            hint=f"see it with `keystead show {profile.name}`",
            where=profile.where(),
        )
    if row.name not in RESOLVABLE:
        raise ProfileInvalid(
            f"profile `{profile.name}` is of type {row.name}, "
            "which keystead cannot get credentials for yet",
            where=profile.where(row.deciding[0]),
        )
    return row.name != "AssumeRole"


def _require_own_keys(profile: Profile) -> None:
    if not _has_keys(profile):
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
