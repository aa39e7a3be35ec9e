"""The plan: from which credentials a profile starts and which roles are assumed on the way.

Pure: a plan is made from profiles alone. It holds names and no key, and the resolver does what
it says and nothing else. The rules are those that the AWS SDKs share: a profile that is asked for
is judged by its role, then by SSO, its keys and its other sources; of one that is reached as a
source and has its keys, the role does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from keystead.errors import ProfileCycle, ProfileInvalid, ProfileNotFound, UsageError
from keystead.model.account import SETTING as ACCOUNT
from keystead.model.account import require_account, settings_mismatch
from keystead.model.assume_role import AssumeRoleStep, ambient_source
from keystead.model.client_settings import NO_CLIENT_SETTINGS, ClientSettings, client_settings
from keystead.model.mfa import mfa_answer
from keystead.model.one_line import require_one_line
from keystead.model.profile import Profile, ProfileSource
from keystead.model.role_options import RoleOptions, given
from keystead.model.search import search, settings_profile
from keystead.model.session_token_call import SessionTokenCall, session_of_keys
from keystead.model.sources import SOURCES, Source
from keystead.model.sources.process import Process
from keystead.model.sources.static import KEY, SECRET, TOKEN, Static
from keystead.model.sources.web_identity import WebIdentity
from keystead.value import Value, replace

CHAINED_SECONDS = 3600
"""How long a session at most lasts that was got with another one: a rule of STS."""


class Plan(Value, kw_only=True):
    """How the credentials of ``profile`` are retrieved; ``steps`` run in order from ``base``.

    An empty name means no profile: the default search found credentials elsewhere.

    With a ``user_session`` that one comes between base and steps. It has a code of the first step's
    device, so that the step needs no code; or there are no steps, and it replaces the keys of
    the base.

    >>> plan = keystead.plan("admin")
    >>> plan.profiles
    ('admin', 'dev')
    >>> plan.base.kind, [step.profile for step in plan.steps], plan.mfa_serials
    ('static', ['admin'], ())
    """

    profile: str
    base: Source
    steps: tuple[AssumeRoleStep, ...] = ()
    generated_session_name: str | None = None
    """The session name of the calls whose profile sets none; another one at each run."""
    user_session: SessionTokenCall | None = None
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

    def with_session_name(self, role_session_name: str) -> Plan:
        """The plan with a session name for the calls whose profile sets none."""
        base = self.base
        if isinstance(base, WebIdentity):
            base = replace(base, role_session_name=base.role_session_name or role_session_name)
        steps = tuple(
            replace(step, role_session_name=step.role_session_name or role_session_name)
            for step in self.steps
        )
        return replace(self, base=base, steps=steps, generated_session_name=role_session_name)

    def with_options(self, options: RoleOptions) -> Plan:
        """The plan with ``options`` for its last role, which take precedence over the profile's.

        Raises `UsageError` when no role is assumed that they could be for.
        """
        asked = given(options)
        if not asked:
            return self
        if self.steps:
            *before, last = self.steps
            steps = tuple(_capped(self.base, (*before, options.over(last))))
            return replace(
                self, steps=steps, user_session=_if_not_too_long(self.user_session, steps)
            )
        stray = next((name for name in asked if name not in WebIdentity.rows), None)
        if not isinstance(self.base, WebIdentity) or stray:
            import shlex

            raise UsageError(
                f"profile `{self.profile}` assumes no role by AssumeRole that could have "
                + (f"`{stray}`" if stray else "a session name, length, policy or tag"),
                id="role-options-without-role",
                hint=f"`keystead plan {shlex.quote(self.profile)}` shows what is done",
            )
        return replace(self, base=options.over(self.base))


MOST_PROFILES = 100
"""The length of a chain of profiles; botocore follows some 300 before it fails."""


def require_short(path: Sequence[str], profile: Profile, setting: str) -> None:
    """Raises `ProfileInvalid` for a chain of more than `MOST_PROFILES`, which ``setting`` of
    ``profile`` continues.
    """
    if len(path) > MOST_PROFILES:
        raise ProfileInvalid(
            f"the credentials of profile `{path[0]}` come through a chain of more than "
            f"{MOST_PROFILES} profiles",
            id="profile-chain-too-long",
            hint="name a profile nearer to the keys; `keystead lint` shows cycles",
            where=profile.where(setting),
        )


def default_plan(environ: Mapping[str, str], source: ProfileSource) -> Plan:
    """The plan for what the default search finds. Raises as `search` and `make_plan` do."""
    found = search(environ, source)
    if isinstance(found, Profile):
        return make_plan(found.name, source)
    # As in botocore, the profile sets how requests go, whatever gives the credentials.
    profile = settings_profile(environ, source)
    settings = client_settings(profile, source) if profile else NO_CLIENT_SETTINGS
    return Plan(profile="", base=found, client_settings=settings)


def make_plan(name: str, source: ProfileSource) -> Plan:
    """The plan for the profile ``name``.

    Raises `ProfileNotFound`, `ProfileInvalid` (naming profile, setting and rule) or
    `ProfileCycle` (naming the whole path).
    """
    path, steps = [source.find(name)], list[AssumeRoleStep]()
    passed = {path[0].identity}
    while True:
        profile = path[-1]
        if len(path) > 1 and (profile.has(KEY) or profile.has(SECRET)):
            profile = profile.without_role()
        require_one_line(profile)
        kind = _kind(profile)
        require_account(profile, settings_mismatch(profile))
        if kind:
            base = kind.from_profile(profile, source)
            break
        steps.append(AssumeRoleStep.from_profile(profile))
        ambient = ambient_source(profile)
        if ambient:
            base = ambient
            break
        following = _source_profile(profile, source)
        if following.is_same(profile):
            base = _own_keys(profile, source)
            break
        if following.identity in passed:
            whole = " > ".join(each.name for each in (*path, following))
            raise ProfileCycle(
                f"the source profiles form a cycle: {whole}",
                hint=f"change `source_profile` of one of them, such as `{profile.name}`",
                where=profile.where("source_profile"),
            )
        path.append(following)
        passed.add(following.identity)
        require_short([each.name for each in path], profile, "source_profile")
    if base.profile not in {step.profile for step in steps}:
        base = replace(base, account_id=profile.text(ACCOUNT))
    in_order = [_answered(step, profile, source) for step in reversed(steps)]
    capped = tuple(_capped(base, in_order))
    return Plan(
        profile=name,
        base=base,
        steps=capped,
        user_session=_if_not_too_long(_mfa_session(base, profile, capped), capped),
        client_settings=client_settings(path[0], source),
    )


def plan_in_session(plan: Plan, source: ProfileSource) -> Plan:
    """The plan with a session in place of a user's own keys, which do not expire."""
    if plan.steps or not isinstance(plan.base, Static | Process):
        return plan
    return replace(plan, user_session=session_of_keys(source.find(plan.base.profile)))


def _kind(profile: Profile) -> type[Source] | None:
    """The kind of source that a profile names; None where that is a role over another one.

    Raises `ProfileInvalid` for a profile that gives no credentials.
    """
    chosen = profile.choice.chosen
    if profile.type is None or chosen is None:
        import shlex

        raise ProfileInvalid(
            f"profile `{profile.name}` is not valid: {profile.problem()}",
            hint=f"see it with `keystead show {shlex.quote(profile.name)}`",
            where=profile.problem_at(),
        )
    return next((kind for kind in SOURCES if kind is chosen.kind), None)


def _source_profile(profile: Profile, source: ProfileSource) -> Profile:
    """The profile that a role is assumed with, which may be its own."""
    following = profile.text("source_profile") or ""
    if following == profile.name:
        return profile
    try:
        return source.find(following)
    except ProfileNotFound as error:
        raise ProfileInvalid(
            f"profile `{profile.name}` names the source profile `{following}`, "
            "which does not exist",
            id="source-profile-missing",
            hint=error.hint,
            where=profile.where("source_profile"),
        ) from error


def _own_keys(profile: Profile, source: ProfileSource) -> Source:
    """The source of a profile that names itself as the source of its role."""
    if not (profile.has(KEY) or profile.has(SECRET)):
        raise ProfileCycle(
            f"profile `{profile.name}` names itself as its source and has no keys",
            hint="add `aws_access_key_id` and `aws_secret_access_key`, or name another profile",
            where=profile.where("source_profile"),
        )
    own = profile.without_role()
    return (_kind(own) or Static).from_profile(own, source)


def _mfa_session(
    base: Source, profile: Profile, steps: tuple[AssumeRoleStep, ...]
) -> SessionTokenCall | None:
    """The MFA session that the keys of the base can get: only a user's own keys can."""
    if not isinstance(base, Static) or profile.has(TOKEN):
        return None
    if not steps or not steps[0].mfa_serial:
        return None
    return SessionTokenCall(
        profile=profile.name,
        mfa_serial=steps[0].mfa_serial,
        region=profile.region,
        mfa_answer=steps[0].mfa_answer,
    )


def _if_not_too_long(
    session: SessionTokenCall | None, steps: tuple[AssumeRoleStep, ...]
) -> SessionTokenCall | None:
    """It, unless the role is wanted for longer than STS gives to a caller with a session."""
    too_long = any((step.duration_seconds or 0) > CHAINED_SECONDS for step in steps[:1])
    return None if too_long else session


def _answered(step: AssumeRoleStep, base: Profile, source: ProfileSource) -> AssumeRoleStep:
    found = mfa_answer((source.find(step.profile), base)) if step.mfa_serial else None
    return replace(step, mfa_answer=found[1]) if found else step


def _capped(base: Source, steps: Iterable[AssumeRoleStep]) -> Iterator[AssumeRoleStep]:
    """The steps, none of which asks for more than STS gives to a caller with a role's session."""
    chained = base.is_chained
    for step in steps:
        too_long = chained and (step.duration_seconds or 0) > CHAINED_SECONDS
        yield replace(step, duration_seconds=CHAINED_SECONDS) if too_long else step
        chained = True
