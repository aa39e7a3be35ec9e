"""The plan: from which credentials a profile starts and which roles are assumed on the way.

Pure: a plan is made from profiles alone. It holds names and no key, and the resolver does what
it says and nothing else. The rules are those that the AWS SDKs share: a profile that is asked for
is judged by its role, then by SSO, its keys and its other sources; of one that is reached as a
source and has keys of its own, the role does not count.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from keystead.errors import ProfileCycle, ProfileInvalid, ProfileNotFound, UsageError
from keystead.model.account import SETTING as ACCOUNT
from keystead.model.account import require_account, settings_mismatch
from keystead.model.client_settings import NO_CLIENT_SETTINGS, ClientSettings, client_settings
from keystead.model.mfa import mfa_answer
from keystead.model.one_line import require_one_line
from keystead.model.profile import Profile, ProfileSource
from keystead.model.role_options import RoleOptions, Tags, role_options
from keystead.model.session_token_call import UserSession, session_of_keys
from keystead.near import did_you_mean, near_names

CREDENTIAL_SOURCES = {
    "Environment": "environment",
    "Ec2InstanceMetadata": "ec2",
    "EcsContainer": "container",
}
"""The values of ``credential_source`` and the kinds of base that they name."""

CHAINED_SECONDS = 3600
"""How long a session at most lasts that was got with another one: a rule of STS."""

_KEY, _SECRET = "aws_access_key_id", "aws_secret_access_key"


@dataclass(frozen=True)
class Base:
    """The first source: its ``kind`` and the profile that names it.

    Kinds: ``static``, ``process``, ``sso``, ``web-identity``, ``environment``, ``container``,
    ``ec2``, ``login``. What does not belong to the kind is None. ``region`` is that of the access
    portal, else the profile's own, as in `AssumeRoleStep`.
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
    login_session: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    region: str | None = None
    account_id: str | None = None
    """The account that its profile says its credentials belong to."""
    cached: bool | None = None
    """Whether the profile says that what its program prints is cached."""


@dataclass(frozen=True)
class AssumeRoleStep:
    """One AssumeRole call of a `Plan`, as the profile ``profile`` asks for it.

    ``role_session_name`` None: `Plan.named` gives it one. ``duration_seconds`` None: STS's own
    default of one hour. ``region`` is the profile's own; it is called in the region in effect for
    the whole plan. ``mfa_answer`` is the setting that gives the codes of ``mfa_serial``, None for a
    person. The others are those of `RoleOptions`.

    >>> step = keystead.plan("secure").steps[0]
    >>> step.profile, step.role_arn
    ('secure', 'arn:aws:iam::123456789012:role/secure')
    >>> step.mfa_serial, step.mfa_answer
    ('arn:aws:iam::123456789012:mfa/me', None)
    """

    profile: str
    role_arn: str
    role_session_name: str | None = None
    external_id: str | None = None
    mfa_serial: str | None = None
    duration_seconds: int | None = None
    region: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: Tags = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    mfa_answer: str | None = None


@dataclass(frozen=True)
class Plan:
    """How the credentials of ``profile`` are retrieved; ``steps`` run in order from ``base``.

    An empty name stands for no profile: the default search found credentials elsewhere.

    With a ``user_session`` that one comes between base and steps. It has a code of the first step's
    device, so that the step needs none of its own; or there are no steps, and it stands for the
    keys of the base.

    >>> plan = keystead.plan("admin")
    >>> plan.profiles
    ('admin', 'dev')
    >>> plan.base.kind, [step.profile for step in plan.steps], plan.mfa_serials
    ('static', ['admin'], ())
    """

    profile: str
    base: Base
    steps: tuple[AssumeRoleStep, ...] = ()
    made_up_name: str | None = None
    """The session name of the calls whose profile sets none; another one at each run."""
    user_session: UserSession | None = None
    client_settings: ClientSettings = NO_CLIENT_SETTINGS
    """Those of ``profile``; all calls are made with them."""

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that it leads through, the one asked for first and each once."""
        names = (self.profile, *(step.profile for step in self.steps), self.base.profile)
        return tuple(dict.fromkeys(filter(None, names)))

    @property
    def mfa_serials(self) -> tuple[str, ...]:
        """The MFA devices a code will be asked for, in order and each once."""
        asking = (self.user_session, *self.steps)
        return tuple(dict.fromkeys(row.mfa_serial for row in asking if row and row.mfa_serial))

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

    def asked_for(self, options: RoleOptions) -> Plan:
        """The plan with ``options`` for its last role, where they go before the profile's.

        Raises `UsageError` when no role is assumed that they could be for.
        """
        if options == RoleOptions():
            return self
        if self.steps:
            *before, last = self.steps
            steps = (*before, replace(last, **vars(options.over(_options_of(last)))))
            capped = tuple(_capped(self.base, steps))
            return replace(
                self, steps=capped, user_session=_if_not_too_long(self.user_session, capped)
            )
        stray = options.beyond_web_identity()
        if self.base.kind != "web-identity" or stray:
            raise UsageError(
                f"profile `{self.profile}` assumes no role by AssumeRole that could have "
                + (f"`{stray}`" if stray else "a session name, length, policy or tag"),
                hint=f"`keystead plan {shlex.quote(self.profile)}` shows what is done",
            )
        given = {
            name: value
            for name, value in vars(options).items()
            if value and name in Base.__dataclass_fields__
        }
        return replace(self, base=replace(self.base, **given))


def make_plan(name: str, source: ProfileSource) -> Plan:
    """The plan for the profile ``name``.

    Raises `ProfileNotFound`, `ProfileInvalid` (naming profile, setting and rule) or
    `ProfileCycle` (naming the whole path).
    """
    steps: list[AssumeRoleStep] = []
    profile = asked_for = source.find(name)
    path, passed = [name], [profile]
    while True:
        if len(path) > 1 and (profile.has(_KEY) or profile.has(_SECRET)):
            profile = profile.without_role()
        require_one_line(profile)
        kind = _kind(profile)
        require_account(profile, settings_mismatch(profile, kind))
        if kind in _BASES:
            base = _BASES[kind](profile, source)
            break
        steps.append(_step(profile))
        if kind == "AssumeRoleCredentialSource":
            base = _ambient(profile)
            break
        following = profile.text("source_profile") or ""
        if following == profile.name:
            base = _on_own_keys(profile, source)
            break
        try:
            found = source.find(following)
        except ProfileNotFound as error:
            raise ProfileInvalid(
                f"profile `{profile.name}` names the source profile `{following}`, "
                "which does not exist",
                hint=error.hint,
                where=profile.where("source_profile"),
            ) from error

        # By identity, as one store finds a profile in any letter case.
        if found.is_same(profile):
            base = _on_own_keys(profile, source)
            break
        if any(map(found.is_same, passed)):
            whole = " > ".join([*path, following])
            raise ProfileCycle(
                f"the source profiles form a cycle: {whole}",
                hint=f"change `source_profile` of one of them, such as `{profile.name}`",
                where=profile.where("source_profile"),
            )
        path.append(following)
        passed.append(found)
        profile = found
    if base.profile not in {step.profile for step in steps}:
        base = replace(base, account_id=profile.text(ACCOUNT))
    in_order = [_answered(step, profile, source) for step in reversed(steps)]
    capped = tuple(_capped(base, in_order))
    return Plan(
        name,
        base,
        capped,
        user_session=_if_not_too_long(_mfa_session(base, profile, capped), capped),
        client_settings=client_settings(asked_for, source),
    )


def plan_in_session(plan: Plan, source: ProfileSource) -> Plan:
    """The plan with a session where it comes to a user's own keys: those do not end."""
    if plan.steps or plan.base.kind not in ("static", "process"):
        return plan
    return replace(plan, user_session=session_of_keys(source.find(plan.base.profile)))


def _mfa_session(
    base: Base, profile: Profile, steps: tuple[AssumeRoleStep, ...]
) -> UserSession | None:
    """The MFA session that the keys of the base can get: only a user's own keys can."""
    if base.kind != "static" or profile.has("aws_session_token"):
        return None
    if not steps or not steps[0].mfa_serial:
        return None
    return UserSession(profile.name, steps[0].mfa_serial, profile.region, steps[0].mfa_answer)


def _if_not_too_long(
    session: UserSession | None, steps: tuple[AssumeRoleStep, ...]
) -> UserSession | None:
    """It, unless the role is wanted for longer than STS gives to who comes with a session."""
    too_long = any((step.duration_seconds or 0) > CHAINED_SECONDS for step in steps[:1])
    return None if too_long else session


def _answered(step: AssumeRoleStep, base: Profile, source: ProfileSource) -> AssumeRoleStep:
    if not step.mfa_serial:
        return step
    found = mfa_answer((source.find(step.profile), base))
    return replace(step, mfa_answer=found[1]) if found else step


def _capped(base: Base, steps: Iterable[AssumeRoleStep]) -> Iterator[AssumeRoleStep]:
    """The steps, none of which asks for more than STS gives to who has a role's session."""
    chained = base.kind in ("web-identity", "sso", "ec2", "container")
    for step in steps:
        too_long = chained and (step.duration_seconds or 0) > CHAINED_SECONDS
        yield replace(step, duration_seconds=CHAINED_SECONDS) if too_long else step
        chained = True


def _kind(profile: Profile) -> str:
    """The name of the type that counts. Raises `ProfileInvalid` when there is none."""
    row = profile.type
    if row is None:
        raise ProfileInvalid(
            f"profile `{profile.name}` is not valid: {profile.problem()}",
            hint=f"see it with `keystead show {shlex.quote(profile.name)}`",
            where=profile.problem_at(),
        )
    return row.name


def _static(profile: Profile, _source: ProfileSource) -> Base:
    return Base("static", profile.name)


def _process(profile: Profile, _source: ProfileSource) -> Base:
    cached = (profile.text("credential_process_cache") or "").lower() == "true"
    return Base("process", profile.name, cached=cached or None)


def _login(profile: Profile, _source: ProfileSource) -> Base:
    session = profile.text("login_session")
    return Base("login", profile.name, login_session=session, region=profile.region)


def _web_identity(profile: Profile, _source: ProfileSource) -> Base:
    options = role_options(profile)
    return Base(
        "web-identity",
        profile.name,
        role_arn=profile.text("role_arn"),
        role_session_name=options.role_session_name,
        duration_seconds=options.duration_seconds,
        policy=options.policy,
        policy_arns=options.policy_arns,
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
        value = given or own
        if not value:
            if name:
                lacks = f"names the sso-session `{name}`, which has no `{key}`"
                hint = f"set `{key}` in the section `[sso-session {name}]`"
            else:
                lacks = f"has `sso_account_id`, no `{key}` and no `sso_session`"
                hint = f"set `{key}`, or `sso_session`"
            raise ProfileInvalid(
                f"profile `{profile.name}` {lacks}",
                hint=hint,
                where=profile.where("sso_session" if name else "sso_account_id"),
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
    meant = near_names(given, CREDENTIAL_SOURCES)
    raise ProfileInvalid(
        f"`credential_source` of profile `{profile.name}` is `{given}`, which is not a valid value",
        hint=did_you_mean(meant[:1], otherwise=f"use {', '.join(CREDENTIAL_SOURCES)}"),
        where=profile.where("credential_source"),
    )


def _on_own_keys(profile: Profile, source: ProfileSource) -> Base:
    """The base of a profile that names itself as its source."""
    if not (profile.has(_KEY) or profile.has(_SECRET)):
        raise ProfileCycle(
            f"profile `{profile.name}` names itself as its source and has no keys of its own",
            hint="add `aws_access_key_id` and `aws_secret_access_key`, or name another profile",
            where=profile.where("source_profile"),
        )
    own = profile.without_role()
    return _BASES[_kind(own)](own, source)


def _step(profile: Profile) -> AssumeRoleStep:
    return AssumeRoleStep(
        profile=profile.name,
        role_arn=profile.text("role_arn") or "",
        external_id=profile.text("external_id"),
        mfa_serial=profile.text("mfa_serial"),
        region=profile.region,
        **vars(role_options(profile)),
    )


def _options_of(step: AssumeRoleStep) -> RoleOptions:
    return RoleOptions(**{name: getattr(step, name) for name in RoleOptions.__dataclass_fields__})
