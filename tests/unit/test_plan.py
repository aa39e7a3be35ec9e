"""Plans: where a profile's path begins, which roles are on it, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from keystead.errors import ProfileCycle, ProfileInvalid, ProfileNotFound, UsageError
from keystead.model.assume_role import AssumeRoleStep
from keystead.model.calls import Call, base_call, role_calls
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.helper_ring import require_no_ring
from keystead.model.plan import MOST_PROFILES, Plan, make_plan, plan_in_session
from keystead.model.plan_json import as_json, due_serials
from keystead.model.profile import Profile, SettingValue
from keystead.model.role_options import RoleOptions
from keystead.model.session import Session
from keystead.model.session_token_call import SessionTokenCall
from keystead.model.sources import Source as CredentialSource
from keystead.model.sources.static import Static
from keystead.value import replace

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}

NOW = datetime(2026, 1, 31, tzinfo=UTC)


SERIAL = "arn:aws:iam::123456789012:mfa/u"


def arn(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


class Source:
    def __init__(self, **profiles: dict[str, str]) -> None:
        self._profiles = profiles
        self.sessions: dict[str, dict[str, str]] = {}
        self.sections: dict[str, dict[str, SettingValue]] = {}

    def sso_session(self, name: str) -> dict[str, str]:
        return self.sessions.get(name, {})

    def services(self, name: str) -> dict[str, SettingValue]:
        return self.sections.get(name, {})

    def find(self, name: str) -> Profile:
        if name not in self._profiles:
            raise ProfileNotFound(f"there is no profile `{name}`", hint="near names")
        return Profile(name, self._profiles[name])


def role(source: str, **more: str) -> dict[str, str]:
    return {"role_arn": arn("r"), "source_profile": source, **more}


def in_effect(plan: Plan, environ: dict[str, str]) -> Plan:
    """The plan in an environment, which takes precedence over what profiles set."""
    return replace(plan, client_settings=plan.client_settings.with_variables(environ))


def step(profile: str, **more: object) -> AssumeRoleStep:
    return AssumeRoleStep(profile=profile, role_arn=arn("r"), **more)  # type: ignore[arg-type]


def planned(
    profile: str,
    base: CredentialSource,
    steps: tuple[AssumeRoleStep, ...] = (),
    **more: object,
) -> Plan:
    return Plan(profile=profile, base=base, steps=steps, **more)  # type: ignore[arg-type]


PLANS = [
    ("keys alone", {"p": KEYS}, planned("p", Static(profile="p"))),
    ("session keys", {"p": {**KEYS, "aws_session_token": "t"}}, planned("p", Static(profile="p"))),
    ("one role", {"p": role("k"), "k": KEYS}, planned("p", Static(profile="k"), (step("p"),))),
    (
        "two roles, assumed from the base outwards",
        {"p": role("q"), "q": role("k"), "k": KEYS},
        planned("p", Static(profile="k"), (step("q"), step("p"))),
    ),
    (
        "a role on its own keys",
        {"p": {**role("p"), **KEYS}},
        planned("p", Static(profile="p"), (step("p"),)),
    ),
    (
        "keys of a source win over its role",
        {"p": role("q"), "q": {**role("x"), **KEYS}},
        planned("p", Static(profile="q"), (step("p"),)),
    ),
    (
        "a role together with keys is used for the requested profile",
        {"p": {**role("k"), **KEYS}, "k": KEYS},
        planned("p", Static(profile="k"), (step("p"),)),
    ),
    (
        "each step has the settings of its own profile",
        {
            "p": role("q", external_id="e-1", region="eu-west-1", duration_seconds="1200"),
            "q": role("k", mfa_serial="arn:aws:iam::123456789012:mfa/u", role_session_name="me"),
            "k": {**KEYS, "region": "us-west-2"},
        },
        planned(
            "p",
            Static(profile="k"),
            (
                step("q", mfa_serial="arn:aws:iam::123456789012:mfa/u", role_session_name="me"),
                step("p", external_id="e-1", region="eu-west-1", duration_seconds=1200),
            ),
            user_session=SessionTokenCall(
                profile="k",
                mfa_serial="arn:aws:iam::123456789012:mfa/u",
                region="us-west-2",
            ),
            client_settings=ClientSettings("eu-west-1"),
        ),
    ),
    (
        "a role wanted for longer than a session gives asks with the code itself",
        {"p": role("k", mfa_serial=SERIAL, duration_seconds="7200"), "k": KEYS},
        planned("p", Static(profile="k"), (step("p", mfa_serial=SERIAL, duration_seconds=7200),)),
    ),
    (
        "session keys get no MFA session",
        {"p": role("k", mfa_serial=SERIAL), "k": {**KEYS, "aws_session_token": "t"}},
        planned("p", Static(profile="k"), (step("p", mfa_serial=SERIAL),)),
    ),
    (
        "a role on the way gets no MFA session",
        {"p": role("q", mfa_serial=SERIAL), "q": role("k"), "k": KEYS},
        planned("p", Static(profile="k"), (step("q"), step("p", mfa_serial=SERIAL))),
    ),
    (
        "a program answers for the device of the role, or of the keys",
        {"p": role("k", mfa_serial=SERIAL), "k": {**KEYS, "mfa_process": "code"}},
        planned(
            "p",
            Static(profile="k"),
            (step("p", mfa_serial=SERIAL, mfa_answer="mfa_process"),),
            user_session=SessionTokenCall(profile="k", mfa_serial=SERIAL, mfa_answer="mfa_process"),
        ),
    ),
    (
        "policies, tags and source identity",
        {
            "p": role(
                "k",
                session_policy='{"Version": "2012-10-17"}',
                session_policy_arns="arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B",
                session_tags="team=data,cost = 4 2",
                transitive_session_tags="team",
                source_identity="somebody",
            ),
            "k": KEYS,
        },
        planned(
            "p",
            Static(profile="k"),
            (
                step(
                    "p",
                    policy='{"Version": "2012-10-17"}',
                    policy_arns=("arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"),
                    tags=(("team", "data"), ("cost", "4 2")),
                    transitive_tag_keys=("team",),
                    source_identity="somebody",
                ),
            ),
        ),
    ),
]


@pytest.mark.parametrize(
    ("profiles", "expected"), [c[1:] for c in PLANS], ids=[c[0] for c in PLANS]
)
def test_plan(profiles: dict[str, dict[str, str]], expected: Plan) -> None:
    assert make_plan("p", Source(**profiles)) == expected


MANY_TAGS = ",".join(f"tag{number}=1" for number in range(51))

REFUSED = [
    ("nothing", {"p": {"region": "r"}}, "no setting that gives credentials"),
    ("half a pair", {"p": {"aws_access_key_id": "A"}}, "`aws_access_key_id` without `aws_secret"),
    ("other half", {"p": {"aws_secret_access_key": "A"}}, "`aws_secret_access_key` without"),
    ("no source", {"p": {"role_arn": arn("r")}}, "`role_arn` without `source_profile`"),
    ("no role", {"p": {"source_profile": "k"}, "k": KEYS}, "`source_profile` without `role_arn`"),
    ("unknown source", {"p": role("gone")}, "names the source profile `gone`, which does not"),
    ("itself without keys", {"p": role("p")}, "names itself as its source and has no keys"),
    (
        "two sources",
        {"p": {**role("k"), "credential_source": "Environment"}, "k": KEYS},
        "exclude each other",
    ),
    ("bad duration", {"p": role("k", duration_seconds="1h"), "k": KEYS}, "not a whole number"),
    ("bad policy", {"p": role("k", session_policy="{"), "k": KEYS}, "`session_policy` of profile"),
    ("a policy that is none", {"p": role("k", session_policy="[]"), "k": KEYS}, "not an object"),
    ("bad tags", {"p": role("k", session_tags="team"), "k": KEYS}, "is not KEY=VALUE"),
    ("a tag twice", {"p": role("k", session_tags="a=1,a=2"), "k": KEYS}, "the tag `a` twice"),
    ("a long tag", {"p": role("k", session_tags="a=" + "1" * 257), "k": KEYS}, "too long"),
    ("many tags", {"p": role("k", session_tags=MANY_TAGS), "k": KEYS}, "more than 50 tags"),
    ("an empty key", {"p": role("k", transitive_session_tags="a,,b"), "k": KEYS}, "empty part"),
]


@pytest.mark.parametrize(
    ("profiles", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_refused(profiles: dict[str, dict[str, str]], message: str) -> None:
    with pytest.raises(ProfileInvalid) as caught:
        make_plan("p", Source(**profiles))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("profiles", "path"),
    [
        ({"p": role("q"), "q": role("p")}, "p > q > p"),
        ({"p": role("q"), "q": role("r"), "r": role("q")}, "p > q > r > q"),
        ({"p": {**role("q"), **KEYS}, "q": role("p")}, "p > q > p"),
    ],
)
def test_a_cycle_names_the_whole_path(profiles: dict[str, dict[str, str]], path: str) -> None:
    with pytest.raises(ProfileCycle) as caught:
        make_plan("p", Source(**profiles))
    assert path in caught.value.message


def test_a_chain_of_a_hundred_profiles_is_followed_and_a_longer_one_refused() -> None:
    names = [f"p{number}" for number in range(MOST_PROFILES)]
    chain = dict(zip(names, map(role, [*names[1:], "keys"]), strict=True))
    source = Source(**chain, keys=KEYS)
    assert len(make_plan("p1", source).steps) == MOST_PROFILES - 1
    with pytest.raises(ProfileInvalid, match="`p0` come through a chain of more than 100 profiles"):
        make_plan("p0", source)


@pytest.mark.parametrize("number", [MOST_PROFILES, MOST_PROFILES + 1])
def test_programs_that_ask_for_more_than_a_hundred_profiles_are_refused(number: int) -> None:
    chain = {
        f"p{n}": {"credential_process": f"keystead process p{n + 1}"} for n in range(number - 1)
    }
    source = Source(**chain, **{f"p{number - 1}": {"credential_process": "other"}})
    if number == MOST_PROFILES:
        require_no_ring(make_plan("p0", source), source)
        return
    with pytest.raises(ProfileInvalid, match="chain of more than 100 profiles"):
        require_no_ring(make_plan("p0", source), source)


def test_missing_profile_is_an_error() -> None:
    with pytest.raises(ProfileNotFound):
        make_plan("p", Source())


def test_plan_json_omits_absent_settings() -> None:
    profiles = {"p": role("k", external_id="e-1"), "k": KEYS}
    plan = make_plan("p", Source(**profiles)).with_session_name("keystead-1")
    assert as_json(plan, (), role_calls(plan), NOW) == {
        "profile": "p",
        "base": {"kind": "static", "profile": "k"},
        "steps": [
            {
                "kind": "assume-role",
                "profile": "p",
                "role_arn": arn("r"),
                "role_session_name": "keystead-1",
                "external_id": "e-1",
            }
        ],
        "prompts": [],
        "calls": [{"service": "sts", "operation": "AssumeRole", "region": "us-east-1"}],
        "cache": {"state": "none"},
    }


def cached(minutes: int) -> Session:
    ends = NOW + timedelta(minutes=minutes)
    return Session(Credentials("A", "s", "t", ends), ends - timedelta(hours=1))


def test_an_mfa_session_and_the_code_for_it() -> None:
    profiles = {"p": role("k", mfa_serial=SERIAL, region="eu-west-1"), "k": KEYS}
    plan = make_plan("p", Source(**profiles))
    environ = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}
    called = role_calls(in_effect(plan, environ))
    shown = as_json(plan, (), called, NOW)
    assert shown["mfa_session"] == {
        "profile": "k",
        "mfa_serial": SERIAL,
        "cache": {"state": "none"},
    }
    assert shown["prompts"] == [{"kind": "mfa", "mfa_serial": SERIAL, "due": True}]
    assert called == [
        Call("sts", "GetSessionToken", "eu-west-1", "http://127.0.0.1:1"),
        Call("sts", "AssumeRole", "eu-west-1", "http://127.0.0.1:1"),
    ]
    assert due_serials(plan, (None, cached(60), None), NOW) == []
    assert due_serials(plan, (None, None, cached(60)), NOW) == []
    assert due_serials(plan, (None, cached(9), None), NOW) == [SERIAL]


def test_mfa_process_needs_no_prompt() -> None:
    profiles = {"p": role("k", mfa_serial=SERIAL, mfa_process="code"), "k": KEYS}
    plan = make_plan("p", Source(**profiles))
    assert due_serials(plan, (), NOW) == []
    [prompt] = as_json(plan, (), role_calls(plan), NOW)["prompts"]  # type: ignore[misc]
    assert prompt["answered_by"] == "mfa_process"


def in_session(**profiles: dict[str, str]) -> Plan:
    source = Source(**profiles)
    return plan_in_session(make_plan("p", source), source)


def test_long_term_keys_are_exchanged_for_a_session() -> None:
    plan = in_session(p={**KEYS, "region": "eu-west-1"})
    assert plan.user_session == SessionTokenCall(profile="p", region="eu-west-1")
    called = role_calls(plan)
    assert called == [Call("sts", "GetSessionToken", "eu-west-1")]
    shown = as_json(plan, (None, cached(60)), called, NOW)
    state = {"state": "fresh", "expires_at": "2026-01-31T01:00:00+00:00"}
    assert shown["user_session"] == {"profile": "p", "region": "eu-west-1", "cache": state}
    assert (shown["prompts"], shown["cache"]) == ([], state)
    assert in_session(p={"credential_process": "x"}).user_session == SessionTokenCall(profile="p")


def test_a_session_of_keys_with_a_device_is_an_mfa_session() -> None:
    plan = in_session(p={**KEYS, "mfa_serial": SERIAL})
    assert plan.user_session == SessionTokenCall(profile="p", mfa_serial=SERIAL)
    assert plan.mfa_serials == (SERIAL,)
    shown = as_json(plan, (), role_calls(plan), NOW)
    assert shown["mfa_session"] == {
        "profile": "p",
        "mfa_serial": SERIAL,
        "cache": {"state": "none"},
    }
    assert due_serials(plan, (), NOW) == [SERIAL]
    assert due_serials(plan, (None, cached(60)), NOW) == []
    answered = in_session(p={**KEYS, "mfa_serial": SERIAL, "mfa_process": "code"})
    assert due_serials(answered, (), NOW) == []


@pytest.mark.parametrize(
    "profiles",
    [
        {"p": {**KEYS, "aws_session_token": "t"}},
        {"p": role("k"), "k": KEYS},
        {"p": role("k", mfa_serial=SERIAL), "k": KEYS},
    ],
)
def test_temporary_credentials_are_not_exchanged(profiles: dict[str, dict[str, str]]) -> None:
    assert in_session(**profiles) == make_plan("p", Source(**profiles))


def test_command_line_options_override_profile_settings() -> None:
    profiles = {"p": role("k", duration_seconds="1200", session_tags="a=1"), "k": KEYS}
    asked = RoleOptions(role_session_name="me", duration_seconds=900, source_identity="me")
    plan = make_plan("p", Source(**profiles)).with_options(asked)
    [found] = plan.steps
    assert (found.role_session_name, found.duration_seconds) == ("me", 900)
    assert (found.source_identity, found.tags) == ("me", (("a", "1"),))


def test_requested_duration_is_capped_and_may_exclude_an_mfa_session() -> None:
    long = RoleOptions(duration_seconds=7200)
    chained = Source(p=role("q"), q=role("k"), k=KEYS)
    assert make_plan("p", chained).with_options(long).steps[-1].duration_seconds == 3600
    mfa = Source(p=role("k", mfa_serial=SERIAL), k=KEYS)
    assert make_plan("p", mfa).user_session
    assert make_plan("p", mfa).with_options(long).user_session is None


@pytest.mark.parametrize(
    ("profile", "options"),
    [
        (KEYS, RoleOptions(duration_seconds=900)),
        (
            {"role_arn": arn("r"), "web_identity_token_file": "/t"},
            RoleOptions(tags=(("a", "1"),)),
        ),
    ],
)
def test_role_options_without_a_role_are_refused(
    profile: dict[str, str], options: RoleOptions
) -> None:
    with pytest.raises(UsageError, match="assumes no role"):
        make_plan("p", Source(p=profile)).with_options(options)


def test_a_web_identity_takes_policies() -> None:
    source = Source(p={"role_arn": arn("r"), "web_identity_token_file": "/t"})
    options = RoleOptions(policy="{}", policy_arns=("arn:aws:iam::aws:policy/A",))
    plan = make_plan("p", source).with_options(options)
    assert (plan.base.policy, plan.base.policy_arns) == (options.policy, options.policy_arns)
    plan = in_effect(plan, {"AWS_REGION": "eu-west-1"})
    assert base_call(plan) == Call("sts", "AssumeRoleWithWebIdentity", "eu-west-1")


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_STS": "http://sts"}, "http://sts"),
        ({"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        ({}, "http://section"),
        ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://all"}, None),
    ],
)
def test_endpoint_urls_by_precedence(environ: dict[str, str], url: str | None) -> None:
    source = Source(p=role("k", services="s", endpoint_url="http://profile"), k=KEYS)
    source.sections["s"] = {"sts": {"endpoint_url": "http://section"}}
    plan = make_plan("p", source)
    [call] = role_calls(in_effect(plan, environ))
    assert call.endpoint_url == url
    assert plan.client_settings.endpoints.url("sso_oidc") == "http://profile"


def test_profile_may_ignore_endpoint_urls() -> None:
    profile = role("k", endpoint_url="http://p", ignore_configured_endpoint_urls="true")
    plan = make_plan("p", Source(p=profile, k=KEYS))
    ignore = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"

    def called(**environ: str) -> str | None:
        return role_calls(in_effect(plan, environ))[0].endpoint_url

    assert called(AWS_ENDPOINT_URL="http://all") is None
    assert called(AWS_ENDPOINT_URL="http://all", **{ignore: "false"}) == "http://all"
    assert called(**{ignore: "false"}) == "http://p"


def test_plan_contains_no_key() -> None:
    plan = make_plan("p", Source(p=role("k"), k={**KEYS, "aws_secret_access_key": "canary"}))
    assert "canary" not in repr(plan)
    assert "AKIA" not in repr(plan)
