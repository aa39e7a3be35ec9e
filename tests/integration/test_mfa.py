"""MFA codes: one for all roles of a user, from the configured source, and never used twice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devtools.emulators import Emulator
from devtools.service import Reply, Request, serving
from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.errors import ProviderError
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, PASSPHRASE, SECRET_KEY
from tests.conftest import Keystead
from tests.passing import Passing

SERIAL = "arn:aws:iam::123456789012:mfa/user"
ROLE = "arn:aws:iam::123456789012:role/"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the secret of RFC 6238's examples
SECOND_CODE = "314159"
FILES = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
[a]
role_arn = {ROLE}a
source_profile = base
mfa_serial = {SERIAL}
[b]
role_arn = {ROLE}b
source_profile = base
mfa_serial = {SERIAL}
region = eu-west-1
[long]
role_arn = {ROLE}long
source_profile = base
mfa_serial = {SERIAL}
duration_seconds = 7200
[helped]
role_arn = {ROLE}helped
source_profile = base
mfa_serial = {SERIAL}
mfa_process = CODE
"""


@pytest.fixture(autouse=True)
def files(home: Path, keystead: Keystead, write_credentials: Callable[[str], Path]) -> Path:
    keystead.plain.add(home / "code")
    program = home / "code"
    program.write_text(f'#!/bin/sh\nenv > {home}/seen\necho " {MFA_CODE} "\n')
    program.chmod(0o700)
    return write_credentials(FILES.replace("CODE", str(program)))


def operations(moto: Emulator) -> list[str]:
    return [call.operation for call in moto.recorder.calls]


def with_code(code: str = MFA_CODE) -> dict[str, str]:
    return {"KEYSTEAD_MFA_CODE": code}


def test_one_code_for_all_roles_of_a_user(moto: Emulator, keystead: Keystead) -> None:
    assert keystead("process", "a", env=with_code()).code == 0
    assert keystead("process", "b").code == 0
    assert operations(moto) == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    first, *roles = moto.recorder.calls
    assert first.parameters == {"SerialNumber": SERIAL, "TokenCode": MFA_CODE}
    for call in roles:
        assert call.has_session_token
        assert "SerialNumber" not in call.parameters


def test_plan_names_the_code(moto: Emulator, keystead: Keystead) -> None:
    def plan(name: str) -> dict[str, object]:
        return json.loads(keystead("plan", name, "--json").stdout)

    before = plan("a")
    assert before["mfa_session"] == {
        "profile": "base",
        "mfa_serial": SERIAL,
        "cache": {"state": "none"},
    }
    assert before["prompts"] == [{"kind": "mfa", "mfa_serial": SERIAL, "due": True}]
    assert [call["operation"] for call in before["calls"]] == ["GetSessionToken", "AssumeRole"]
    assert "asks for a code" in keystead("plan", "a").stdout
    keystead("process", "a", env=with_code())
    after = plan("b")
    assert after["mfa_session"]["cache"]["state"] == "fresh"
    assert after["prompts"] == [{"kind": "mfa", "mfa_serial": SERIAL, "due": False}]
    assert "asks for no code now" in keystead("plan", "b").stdout


def test_role_longer_than_an_mfa_session_needs_a_separate_code(
    moto: Emulator, keystead: Keystead
) -> None:
    keystead("process", "a", env=with_code())
    assert keystead("process", "long").code == 6
    assert keystead("process", "long", env=with_code(SECOND_CODE)).code == 0
    last = moto.recorder.calls[-1].parameters
    assert (last["DurationSeconds"], last["TokenCode"]) == ("7200", SECOND_CODE)


def test_a_code_is_never_used_by_a_second_command(moto: Emulator, keystead: Keystead) -> None:
    keystead("process", "a", env=with_code())
    refused = keystead("process", "long", env=with_code())
    assert refused.code == 6
    assert "was used before" in refused.stderr
    assert MFA_CODE not in refused.stderr
    assert len(moto.recorder.calls) == 2


def test_code_that_reached_no_server_can_be_used_again(moto: Emulator, keystead: Keystead) -> None:
    nowhere = {**with_code(), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    assert keystead("process", "a", env=nowhere).code == 7
    assert keystead("process", "a", env=with_code()).code == 0


def test_mfa_process_gives_the_code_and_does_not_see_another(
    moto: Emulator, keystead: Keystead, home: Path
) -> None:
    assert keystead("process", "helped").code == 0
    assert moto.recorder.calls[0].parameters["TokenCode"] == MFA_CODE
    assert "KEYSTEAD_MFA_CODE" not in (home / "seen").read_text()
    plan = json.loads(keystead("plan", "helped", "--json").stdout)
    assert plan["prompts"][0]["answered_by"] == "mfa_process"


def test_code_in_the_environment_takes_precedence_over_the_program(
    moto: Emulator, keystead: Keystead, home: Path
) -> None:
    keystead("process", "helped", env=with_code(SECOND_CODE))
    assert moto.recorder.calls[0].parameters["TokenCode"] == SECOND_CODE
    assert not (home / "seen").exists()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 12345", "did not print a code of six digits"),
        ("echo code: 123456", "did not print a code"),
        ("exit 3", "failed with exit code 3"),
    ],
)
def test_mfa_process_without_a_code(
    moto: Emulator, keystead: Keystead, home: Path, script: str, said: str
) -> None:
    (home / "code").write_text(f"#!/bin/sh\n{script}\n")
    done = keystead("process", "helped")
    assert done.code == 7
    assert f"credentials:{FILES[: FILES.index('mfa_process')].count(chr(10)) + 1}: " in done.stderr
    assert said in done.stderr
    assert moto.recorder.calls == []


def test_a_credential_process_is_not_given_the_code(keystead: Keystead, home: Path) -> None:
    (home / ".aws" / "credentials").write_text(f"[p]\ncredential_process = {home}/code\n")
    keystead("process", "p", env=with_code())
    seen = (home / "seen").read_text()
    assert "KEYSTEAD_RUNNING_PROCESS=" in seen
    assert "KEYSTEAD_MFA_CODE" not in seen


class Waiting:
    """A machine on which time passes by sleeping."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def system(self) -> System:
        started = self.now
        return System(
            dict(os.environ),
            clock=lambda: self.now,
            uptime=lambda: self.now.timestamp() - started.timestamp(),
            sleep=self.sleep,
        )


def test_codes_from_a_seed_in_the_encrypted_store(
    moto: Emulator, keystead: Keystead, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "passphrase"
    path.touch(mode=0o600)
    path.write_text(PASSPHRASE)
    keystead.plain.add(path)
    monkeypatch.setenv("KEYSTEAD_PASSPHRASE_FILE", str(path))
    keystead("store", "init")
    secrets = f"aws_secret_access_key={SECRET_KEY}\nmfa_totp_secret={SEED}\n"
    done = keystead(
        "set", "sealed", f"aws_access_key_id={ACCESS_KEY_ID}", "--secrets-from", "-", stdin=secrets
    )
    assert done.code == 0, done.stderr
    assert "both factors" in done.stderr
    assert SEED not in keystead("show", "sealed").stdout
    for name in ("one", "two"):
        done = keystead(
            "set",
            name,
            "--store",
            "shared",
            f"role_arn={ROLE}{name}",
            "source_profile=sealed",
            f"mfa_serial={SERIAL}",
            "duration_seconds=7200",
        )
        assert done.code == 0, done.stderr
    # RFC 6238, appendix B: at 1111111109 the code of eight digits is 07081804.
    machine = Waiting(datetime.fromtimestamp(1111111109, UTC))
    moto.recorder.clock = lambda: machine.now
    App(machine.system()).select("one").credentials(Grantee("test"))
    App(machine.system()).select("two").credentials(Grantee("test"))
    first, second = (call.parameters["TokenCode"] for call in moto.recorder.calls)
    assert first == "081804"
    assert second != first
    assert machine.slept == [1.0]  # until the next half minute


def test_seed_is_not_written_to_a_plaintext_file(keystead: Keystead, files: Path) -> None:
    before = files.read_bytes()
    done = keystead(
        "set", "base", "--store", "shared", "--secrets-from", "-", stdin=f"mfa_totp_secret={SEED}\n"
    )
    assert done.code == 4
    assert "encrypted store alone" in done.stderr
    assert files.read_bytes() == before


def denying(old: str) -> object:
    """An STS that refuses roles to the MFA session with the token ``old``."""
    tokens = iter(["old-token", "new-token"])

    def answer(request: Request) -> Reply:
        body = request.body.decode()
        keys = f"<AccessKeyId>{ACCESS_KEY_ID}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>"
        ends = "<Expiration>2099-01-01T00:00:00Z</Expiration>"
        if "GetSessionToken" in body:
            token = f"<SessionToken>{next(tokens)}</SessionToken>"
            result = f"<GetSessionTokenResult><Credentials>{keys}{token}{ends}</Credentials>"
            return Reply(
                200,
                f"<GetSessionTokenResponse>{result}</GetSessionTokenResult></GetSessionTokenResponse>",
            )
        if request.headers.get("x-amz-security-token") == old:
            error = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
            return Reply(403, f"<ErrorResponse>{error}</ErrorResponse>")
        token = "<SessionToken>role-token</SessionToken>"
        result = (
            f"<AssumeRoleResult><Credentials>{keys}{token}{ends}</Credentials></AssumeRoleResult>"
        )
        return Reply(200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>")

    return answer


def test_a_role_that_wants_a_recent_code_gets_one(home: Path) -> None:
    passing = Passing()
    with serving(denying("old-token"), passing.clock) as service:
        environ = {**os.environ, "AWS_ENDPOINT_URL": service.url, "AWS_REGION": "eu-west-1"}
        where = System({**environ, **with_code()}, clock=passing.clock, uptime=passing.uptime)
        with pytest.raises(ProviderError, match="AccessDenied"):
            App(where).select("a").credentials(
                Grantee("test")
            )  # the session is new: asking again would be no use
        assert len(service.requests) == 2
        passing.ahead = timedelta(minutes=20)
        alone = replace(where, environ=environ)
        with pytest.raises(ProviderError, match="AccessDenied"):
            App(alone).select("b").credentials(
                Grantee("test")
            )  # no prompt is possible: the error of STS is shown
        second = replace(where, environ={**environ, **with_code(SECOND_CODE)})
        assert App(second).select("b").credentials(Grantee("test")).session_token == "role-token"


def test_without_a_terminal_it_is_an_error(keystead: Keystead, moto: Emulator) -> None:
    done = keystead("process", "a")
    assert done.code == 6
    assert "hint: set KEYSTEAD_MFA_CODE" in done.stderr
    assert moto.recorder.calls == []
