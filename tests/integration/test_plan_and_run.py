"""A run does what its plan says: each call, in that order, with those parameters, and no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.emulators import Emulator
from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.model.plan import AssumeRoleStep, Plan
from keystead.model.plan_json import as_json
from keystead.model.role_options import RoleOptions
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY, SESSION_TOKEN
from tests.conftest import Keystead

ROLE = "arn:aws:iam::123456789012:role/"
SERIAL = "arn:aws:iam::123456789012:mfa/user"
KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_KEY}\n"
CREDENTIALS = f"""[base]
{KEYS}region = eu-central-1
[session]
{KEYS}aws_session_token = {SESSION_TOKEN}
"""


def role(name: str, source: str, *more: str) -> str:
    lines = [f"[profile {name}]", f"role_arn = {ROLE}{name}", *([source] if source else []), *more]
    return "\n".join(lines) + "\n"


CONFIG = "".join(
    [
        role("one", "source_profile = base"),
        role("two", "source_profile = one", "region = eu-west-1", "external_id = e-1"),
        role("three", "source_profile = two", "duration_seconds = 7200", "role_session_name = me"),
        role("coded", "source_profile = base", f"mfa_serial = {SERIAL}", "region = us-west-2"),
        role("over-coded", "source_profile = coded"),
        role(
            "coded-long",
            "source_profile = base",
            f"mfa_serial = {SERIAL}",
            "duration_seconds = 7200",
        ),
        role("coded-session", "source_profile = session", f"mfa_serial = {SERIAL}"),
        role("coded-late", "source_profile = one", f"mfa_serial = {SERIAL}"),
        role(
            "narrow",
            "source_profile = base",
            'session_policy = {"Version": "2012-10-17"}',
            "session_policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess",
            "session_tags = team=data",
            "transitive_session_tags = team",
            "source_identity = somebody",
        ),
        role("ambient", "credential_source = Environment"),
        role("web", "web_identity_token_file = ~/token", "duration_seconds = 900"),
        role("over-web", "source_profile = web", "duration_seconds = 7200"),
        role("over-program", "source_profile = program"),
        "[profile program]\ncredential_process = sh ./helper\n",
    ]
)
NAMES = [
    *("base", "session", "one", "two", "three", "coded", "over-coded", "coded-long"),
    *("coded-session", "coded-late", "narrow", "ambient", "web", "over-web", "program"),
    "over-program",
]


@pytest.fixture(autouse=True)
def files(
    home: Path,
    keystead: Keystead,
    monkeypatch: pytest.MonkeyPatch,
    write_credentials: Callable[[str], Path],
) -> None:
    monkeypatch.chdir(home)
    write_credentials(CREDENTIALS)
    (home / ".aws" / "config").write_text(CONFIG)
    (home / "token").write_text("header.claims.signature")
    answer = (
        f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY_ID}", "SecretAccessKey": "{SECRET_KEY}"}}'
    )
    (home / "helper").write_text(f"echo '{answer}'\n")
    keystead.plain.add(home / "helper")


def app() -> App:
    environ = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "KEYSTEAD_MFA_CODE": MFA_CODE,
    }
    return App(System(environ))


def planned_calls(plan: Plan) -> list[tuple[str, dict[str, str]]]:
    """The operations and parameters that the plan promises."""
    promised: list[tuple[str, dict[str, str]]] = []
    code = {"TokenCode": MFA_CODE}
    if plan.base.kind == "web-identity":
        asked = {
            "RoleArn": plan.base.role_arn,
            "RoleSessionName": plan.base.role_session_name,
            "DurationSeconds": plan.base.duration_seconds,
        }
        promised.append(("AssumeRoleWithWebIdentity", asked))
    if plan.user_session:
        promised.append(("GetSessionToken", {"SerialNumber": plan.user_session.mfa_serial, **code}))
    for number, step in enumerate(plan.steps):
        by_session = plan.user_session is not None and number == 0
        serial = {} if by_session or not step.mfa_serial else {"SerialNumber": step.mfa_serial}
        promised.append(("AssumeRole", {**parameters(step), **(code if serial else {}), **serial}))
    return [
        (operation, {name: str(value) for name, value in asked.items() if value})
        for operation, asked in promised
    ]


def parameters(step: AssumeRoleStep) -> dict[str, object]:
    [(key, value)] = step.tags or [("", "")]
    return {
        "RoleArn": step.role_arn,
        "RoleSessionName": step.role_session_name,
        "ExternalId": step.external_id,
        "DurationSeconds": step.duration_seconds,
        "Policy": step.policy,
        "PolicyArns.member.1.arn": "".join(step.policy_arns),
        "Tags.member.1.Key": key,
        "Tags.member.1.Value": value,
        "TransitiveTagKeys.member.1": "".join(step.transitive_tag_keys),
        "SourceIdentity": step.source_identity,
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [RoleOptions(), RoleOptions(role_session_name="asked")])
def test_the_calls_are_those_of_the_plan(moto: Emulator, name: str, options: RoleOptions) -> None:
    if options.role_session_name and name in ("base", "session", "program"):
        return  # no role takes it; that is refused, and another test's
    resolver = app().select(name).resolver
    plan = resolver.plan(name, options)
    called = resolver.calls(plan)
    resolver.run(plan)
    seen = moto.recorder.calls
    assert [(call.operation, dict(call.parameters)) for call in seen] == planned_calls(plan)
    assert [call.operation for call in seen] == [call.operation for call in called]
    signed = [call for call in seen if call.region]
    assert [call.region for call in signed] == [
        call.region for call in called if call.operation != "AssumeRoleWithWebIdentity"
    ]
    assert {call.endpoint_url for call in called} <= {moto.recorder.url}


@pytest.mark.parametrize("name", ["three", "over-coded", "over-web"])
def test_with_everything_cached_there_is_no_call_and_the_plan_says_so(
    moto: Emulator, name: str
) -> None:
    first = app().select(name).credentials(Grantee("test"))
    before = len(moto.recorder.calls)
    again = app()
    selected = again.select(name)
    plan = selected.plan
    shown = as_json(plan, selected.cached, selected.calls, again.system.clock())
    assert shown["cache"]["state"] == "fresh"  # type: ignore[index]
    assert not [prompt for prompt in shown["prompts"] if prompt["due"]]  # type: ignore[attr-defined]
    assert again.select(name).credentials(Grantee("test")) == first
    assert len(moto.recorder.calls) == before
