"""The cmdlets that sign in, with the parameters of the AWS Tools for PowerShell."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from devtools.command import KEYSTEAD
from keystead.testing import IdentityCenter, SignIn
from tests.conftest import Keystead
from tests.signing_in import canary

BROWSER = f"{shlex.quote(sys.executable)} -m keystead.testing.browser %s"


@pytest.fixture
def center(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityCenter]:
    with IdentityCenter(make_secret=canary) as found:
        found.add_account("123456789012", "Payments", roles=["Admin", "Reader"])
        found.add_account("210987654321", "Data", roles=["Analyst"])
        for name, value in found.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BROWSER", BROWSER)
        yield found


@pytest.fixture
def config(home: Path) -> Path:
    path = home / ".aws" / "config"
    path.parent.mkdir()
    path.touch(mode=0o600)
    return path


def test_a_session_is_written_and_changed_in_place(keystead: Keystead, config: Path) -> None:
    config.write_text("# mine\n[profile a]\nregion = eu-west-1\n")
    words = ("-SessionName", "corp", "-StartUrl", "https://a.awsapps.com/start/", "-SSORegion")
    done = keystead("Set-AWSSSOSessionConfiguration", *words, "EU-WEST-1")
    assert (done.code, done.stdout) == (0, "")
    text = config.read_text()
    assert text == (
        "# mine\n[profile a]\nregion = eu-west-1\n\n[sso-session corp]\n"
        "sso_start_url = https://a.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_registration_scopes = sso:account:access\n"
    )
    scopes = ("-RegistrationScopes", "sso:account:access,codewhisperer:completions")
    assert keystead("Set-AWSSSOSessionConfiguration", *words, "eu-west-2", *scopes).code == 0
    changed = text.replace("sso_region = eu-west-1", "sso_region = eu-west-2")
    changed = changed.replace("account:access\n", "account:access,codewhisperer:completions\n")
    assert config.read_text() == changed
    assert keystead("undo").code == 0
    assert config.read_text() == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("-SessionName", "corp"), "StartUrl"),
        (("-SessionName", "c", "-StartUrl", "a.example", "-SSORegion", "eu-west-1"), "-StartUrl"),
        (("-SessionName", "c", "-StartUrl", "https://a", "-SSORegion", "eu-west-9"), "no region"),
        (
            ("-SessionName", "a]", "-StartUrl", "https://a", "-SSORegion", "eu-west-1"),
            "not a valid",
        ),
    ],
)
def test_session_that_cannot_be_written_is_refused(
    keystead: Keystead, config: Path, words: tuple[str, ...], text: str
) -> None:
    done = keystead("Set-AWSSSOSessionConfiguration", *words)
    assert done.code in {2, 4}
    assert text in done.stderr
    assert config.read_text() == ""


def test_login_by_profile_or_session_is_made_once(
    keystead: Keystead, center: IdentityCenter, config: Path
) -> None:
    config.write_text(
        f"[sso-session corp]\nsso_start_url = {center.start_url}\nsso_region = eu-west-1\n"
        "sso_registration_scopes = sso:account:access\n"
        "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
    )
    first = keystead("Invoke-AWSSSOLogin", "dev")
    assert (first.code, first.stdout) == (0, ""), first.stderr
    assert "signed in" in first.stderr
    again = keystead("Invoke-AWSSSOLogin", "-SessionName", "corp")
    assert "already signed in" in again.stderr
    assert len(center.logins) == 1
    assert keystead("Invoke-AWSSSOLogin", "-ProfileName", "dev", "-Force").code == 0
    assert len(center.logins) == 2
    assert keystead("process", "dev").code == 0
    out = keystead("Invoke-AWSSSOLogout", "-ProfileName", "dev")
    assert (out.code, out.stdout) == (0, ""), out.stderr
    assert "signed out" in out.stderr
    assert [login.is_alive for login in center.logins][-1:] == [False]
    assert keystead("process", "dev").code == 6
    assert keystead("Invoke-AWSSSOLogin", "dev").code == 0
    assert keystead("Invoke-AWSSSOLogout").code == 0
    assert not center.logins[-1].is_alive
    both = keystead("Invoke-AWSSSOLogin", "dev", "-SessionName", "corp")
    assert both.code == 2


def test_everything_given_is_set_up_without_a_question(
    keystead: Keystead, center: IdentityCenter, config: Path
) -> None:
    done = keystead(
        *("Initialize-AWSSSOConfiguration", "-ProfileName", "pay", "-SessionName", "corp"),
        *("-AccountId", "123456789012", "-RoleName", "Reader", "-StartUrl", center.start_url),
        *("-SSORegion", "eu-west-1", "-Region", "eu-central-1"),
    )
    assert (done.code, done.stdout) == (0, ""), done.stderr
    assert config.read_text() == (
        f"[sso-session corp]\nsso_start_url = {center.start_url}\nsso_region = eu-west-1\n"
        "sso_registration_scopes = sso:account:access\n"
        "\n[profile pay]\nsso_session = corp\nsso_account_id = 123456789012\n"
        "sso_role_name = Reader\nregion = eu-central-1\n"
    )
    assert keystead("process", "pay").code == 0


def test_without_a_terminal_it_says_what_to_give(
    keystead: Keystead, center: IdentityCenter, config: Path
) -> None:
    done = keystead("Initialize-AWSSSOConfiguration", "-ProfileName", "pay")
    assert done.code == 6
    assert "give -StartUrl" in done.stderr
    assert config.read_text() == ""


def test_what_if_writes_and_opens_nothing(
    keystead: Keystead, center: IdentityCenter, config: Path
) -> None:
    done = keystead(
        *("Initialize-AWSSSOConfiguration", "-WhatIf", "-ProfileName", "pay", "-SessionName"),
        *("corp", "-AccountId", "1", "-RoleName", "Reader", "-StartUrl", center.start_url),
        *("-SSORegion", "eu-west-1"),
    )
    assert done.code == 0, done.stderr
    assert "[sso-session corp]" in done.stdout
    assert config.read_text() == ""
    assert center.requests == []


@pytest.mark.posix("a pseudo-terminal")
def test_what_is_not_given_is_asked_for(
    keystead: Keystead, center: IdentityCenter, config: Path
) -> None:
    child = pexpect.spawn(
        KEYSTEAD, ["Initialize-AWSSSOConfiguration"], encoding="utf-8", timeout=30
    )
    for question, answer in (
        ("start URL", center.start_url),
        ("region of IAM Identity Center", "eu-west-1"),
        (r"name of the sso-session \[sso-session-\w*\]", "corp"),
        (r"scopes, separated by commas \[sso:account:access\]", ""),
        ("123456789012  Payments", "5"),
        ("there is no such account; try again", "2"),
        ("Admin", "Reader"),
        (r"the name of the profile \[123456789012-Reader\]", ""),
        (r"region \[none\]", ""),
    ):
        child.expect(question)
        child.expect(": ?|$")
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "[profile 123456789012-Reader]\nsso_session = corp\n" in config.read_text()


def test_login_of_the_console(
    keystead: Keystead, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SignIn(make_secret=canary) as service:
        for name, value in service.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BROWSER", BROWSER)
        done = keystead("Invoke-AWSLogin", "-ProfileName", "new", "-Region", "eu-west-1")
        assert (done.code, done.stdout) == (0, ""), done.stderr
        arn = service.login_session("ada")
        assert config.read_text() == f"[profile new]\nlogin_session = {arn}\nregion = eu-west-1\n"
        assert keystead("process", "new").code == 0
        for words in (("-ProfileName", "new"), ("-All",)):
            out = keystead("Invoke-AWSLogout", *words)
            assert (out.code, out.stdout) == (0, ""), out.stderr
            assert "signed out" in out.stderr
            assert keystead("process", "new").code == 6
            assert keystead("Invoke-AWSLogin", "new").code == 0
        assert keystead("Invoke-AWSSSOLogout").code == 0
        assert keystead("process", "new").code == 0
        assert keystead("Invoke-AWSLogin", "-ExecutionTimeout", "0").code == 2
        monkeypatch.setenv("BROWSER", "true %s")
        done = keystead("Invoke-AWSLogin", "new", "-ExecutionTimeout", "20")
        assert done.code == 6
        assert "the browser has not come back" in done.stderr
        remote = keystead("Invoke-AWSLogin", "new", "-Remote")
        assert remote.code == 6
        assert "/v1/authorize?" in remote.stderr
        sso = keystead("Invoke-AWSSSOLogin", "new")
        assert "Invoke-AWSLogin signs in to it" in sso.stderr
