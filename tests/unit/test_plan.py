"""Plans: where a profile's path begins, which roles are on it, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keystead.errors import ProfileCycle, ProfileInvalid, ProfileNotFound
from keystead.model.plan import AssumeRoleStep, Base, Plan, as_json, make_plan
from keystead.model.profile import Profile

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def arn(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


class Source:
    def __init__(self, **profiles: dict[str, str]) -> None:
        self._profiles = profiles
        self.sessions: dict[str, dict[str, str]] = {}

    def sso_session(self, name: str) -> dict[str, str]:
        return self.sessions.get(name, {})

    def find(self, name: str) -> Profile:
        if name not in self._profiles:
            raise ProfileNotFound(f"there is no profile `{name}`", hint="near names")
        return Profile(name, self._profiles[name])


def role(source: str, **more: str) -> dict[str, str]:
    return {"role_arn": arn("r"), "source_profile": source, **more}


def step(profile: str, **more: object) -> AssumeRoleStep:
    return replace(AssumeRoleStep(profile, arn("r")), **more)


PLANS = [
    ("keys alone", {"p": KEYS}, Plan("p", Base("static", "p"))),
    ("session keys", {"p": {**KEYS, "aws_session_token": "t"}}, Plan("p", Base("static", "p"))),
    ("one role", {"p": role("k"), "k": KEYS}, Plan("p", Base("static", "k"), (step("p"),))),
    (
        "two roles, assumed from the base outwards",
        {"p": role("q"), "q": role("k"), "k": KEYS},
        Plan("p", Base("static", "k"), (step("q"), step("p"))),
    ),
    (
        "a role on its own keys",
        {"p": {**role("p"), **KEYS}},
        Plan("p", Base("static", "p"), (step("p"),)),
    ),
    (
        "keys of a source win over its role",
        {"p": role("q"), "q": {**role("x"), **KEYS}},
        Plan("p", Base("static", "q"), (step("p"),)),
    ),
    (
        "a role beside keys wins for the profile asked for",
        {"p": {**role("k"), **KEYS}, "k": KEYS},
        Plan("p", Base("static", "k"), (step("p"),)),
    ),
    (
        "each step has the settings of its own profile",
        {
            "p": role("q", external_id="e-1", region="eu-west-1", duration_seconds="1200"),
            "q": role("k", mfa_serial="arn:aws:iam::123456789012:mfa/u", role_session_name="me"),
            "k": {**KEYS, "region": "us-west-2"},
        },
        Plan(
            "p",
            Base("static", "k"),
            (
                step("q", mfa_serial="arn:aws:iam::123456789012:mfa/u", role_session_name="me"),
                step("p", external_id="e-1", region="eu-west-1", duration_seconds=1200),
            ),
        ),
    ),
]


@pytest.mark.parametrize(
    ("profiles", "expected"), [c[1:] for c in PLANS], ids=[c[0] for c in PLANS]
)
def test_plan(profiles: dict[str, dict[str, str]], expected: Plan) -> None:
    assert make_plan("p", Source(**profiles)) == expected


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


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(ProfileNotFound):
        make_plan("p", Source())


def test_a_plan_as_json_leaves_absent_settings_out() -> None:
    profiles = {"p": role("k", mfa_serial="serial-123"), "k": KEYS}
    plan = make_plan("p", Source(**profiles)).named("keystead-1")
    assert as_json(plan, None, NOW) == {
        "profile": "p",
        "base": {"kind": "static", "profile": "k"},
        "steps": [
            {
                "kind": "assume-role",
                "profile": "p",
                "role_arn": arn("r"),
                "role_session_name": "keystead-1",
                "mfa_serial": "serial-123",
            }
        ],
        "prompts": [{"kind": "mfa", "mfa_serial": "serial-123"}],
        "cache": {"state": "none"},
    }


def test_a_plan_holds_no_key() -> None:
    plan = make_plan("p", Source(p=role("k"), k={**KEYS, "aws_secret_access_key": "canary"}))
    assert "canary" not in repr(plan)
    assert "AKIA" not in repr(plan)
