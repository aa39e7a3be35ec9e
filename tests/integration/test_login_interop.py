"""A login made by one tool is used and refreshed by the others, in both formats of the cache.

The tools are the real ones: the AWS CLI v2, boto3, the AWS SDK for .NET and keystead. They share
the AWS CLI's cache; the services are those of `keystead.testing`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha1, sha256
from pathlib import Path

import pytest

from devtools.command import KEYSTEAD, USER_CACHE
from keystead.testing import IdentityCenter, SignIn
from keystead.testing.oauth import Login
from tests.conftest import Keystead
from tests.effort import amount
from tests.parts import PARTS

ACCOUNT, ROLE = "123456789012", "Reader"
ENDED = "2026-01-01T00:00:00Z"
SSO, LEGACY, CONSOLE = "session", "legacy", "console"
(AWS,) = PARTS["AWS CLI v2"].programs
BOTO3 = """
import json, sys, boto3
keys = boto3.Session(profile_name=sys.argv[1]).get_credentials().get_frozen_credentials()
print(json.dumps({"AccessKeyId": keys.access_key}))
"""


class Stand:
    """The services, a home whose files name them, and the tools."""

    def __init__(self, center: IdentityCenter, signing_in: SignIn, home: Path) -> None:
        self.center = center
        self.sign_in = signing_in
        self.home = home
        self.config = home / ".aws" / "config"
        portal = f"sso_start_url = {center.start_url}\nsso_region = eu-west-1\nsso_cache = aws\n"
        role = f"sso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\nregion = eu-west-1\n"
        self.config.parent.mkdir()
        self.config.write_text(
            f"[profile {SSO}]\nsso_session = corp\n{role}\n"
            f"[profile {LEGACY}]\n{portal}{role}\n"
            f"[profile {CONSOLE}]\nlogin_session = {signing_in.login_session('ada')}\n"
            "region = eu-west-1\nsso_cache = aws\n"
            f"[sso-session corp]\n{portal}sso_registration_scopes = sso:account:access\n"
        )

    def run(self, *command: str | Path) -> str:
        """What a tool prints; it opens a browser in which a person signs in."""
        browser = f"{sys.executable} -m keystead.testing.browser"
        environ = {
            **os.environ,
            **USER_CACHE,
            **self.center.variables,
            **self.sign_in.variables,
            "BROWSER": f"{browser} %s &",
            "AWS_PAGER": "",
        }
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def aws_signs_in(self, form: str, *options: str) -> None:
        verb = ["login"] if form == CONSOLE else ["sso", "login"]
        self.run(AWS, *verb, "--profile", form, *options)

    def dotnet_signs_in(self, form: str) -> None:
        """By device code, which it always uses."""
        self.dotnet(form, approve=True)

    def keystead_signs_in(self, form: str) -> None:
        self.run(KEYSTEAD, "login", form)

    def keystead(self, form: str) -> str:
        return str(json.loads(self.run(KEYSTEAD, "process", form))["AccessKeyId"])

    def boto3(self, form: str) -> str:
        return str(json.loads(self.run(sys.executable, "-c", BOTO3, form))["AccessKeyId"])

    def aws(self, form: str) -> str:
        shown = self.run(AWS, "configure", "export-credentials", "--profile", form)
        return str(json.loads(shown)["AccessKeyId"])

    def dotnet(self, form: str, *, approve: bool = False) -> str:
        session = ["corp"] if form == SSO else []
        command = ["aws-sdk-net.sh", "sso", self.center.start_url, "eu-west-1", ACCOUNT, ROLE]
        with subprocess.Popen(
            [*command, *session],
            env={**os.environ, **USER_CACHE, **self.center.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            for line in process.stderr:
                assert approve, line
                self.center.approve(re.findall(r"user_code=(\S+)", line)[0])
            return str(json.loads(process.stdout.read())["credentials"]["AccessKey"])

    def use(self, tool: str, form: str) -> None:
        """A tool gets credentials that the service has just made, and nobody signs in."""
        logins = len(self.logins)
        found = getattr(self, tool)(form)
        assert found.startswith("ASIA"), tool
        assert len(self.logins) == logins, tool

    @property
    def logins(self) -> list[Login]:
        return [*self.center.logins, *self.sign_in.logins]

    def _cached(self, form: str) -> Path:
        if form == CONSOLE:
            name = sha256(self.sign_in.login_session("ada").encode()).hexdigest()
            return self.home / ".aws" / "login" / "cache" / f"{name}.json"
        key = "corp" if form == SSO else self.center.start_url
        return self.home / ".aws" / "sso" / "cache" / f"{sha1(key.encode()).hexdigest()}.json"

    def token_ends(self, form: str) -> None:
        """The cache says so; the services decide by their own clock."""
        document = json.loads(self._cached(form).read_text())
        (document["accessToken"] if form == CONSOLE else document)["expiresAt"] = ENDED
        self._cached(form).write_text(json.dumps(document))

    def refreshes(self) -> int:
        calls = [
            *self.center.calls("CreateToken", grantType="refresh_token"),
            *self.sign_in.calls("CreateOAuth2Token", grantType="refresh_token"),
        ]
        return len([call for call in calls if call.error is None])


@pytest.fixture
def stand(keystead: Keystead) -> Iterator[Stand]:
    with IdentityCenter() as center, SignIn() as signing_in:
        center.add_account(ACCOUNT, "Payments", roles=[ROLE])
        center.lifetimes.interval = timedelta(0)  # the AWS CLI asks twice at once
        yield Stand(center, signing_in, keystead.home)


TOOLS = {
    SSO: ("keystead", "boto3", "aws", "dotnet"),
    LEGACY: ("keystead", "boto3", "aws", "dotnet"),
    CONSOLE: ("keystead", "aws"),  # boto3 needs `awscrt`, and the SDK for .NET has no such login
}
MAKERS = [
    pytest.param("keystead", LEGACY, (), id="keystead-legacy"),
    pytest.param("aws", SSO, (), id="aws"),
    pytest.param("aws", CONSOLE, (), id="aws-console"),
    pytest.param("dotnet", LEGACY, (), id="dotnet-legacy"),
    # What follows is also shown by the refreshes in turn, or differs little.
    pytest.param("keystead", SSO, (), id="keystead"),
    pytest.param("keystead", CONSOLE, (), id="keystead-console"),
    pytest.param("aws", SSO, ("--use-device-code",), id="aws-device"),
    pytest.param("aws", LEGACY, (), id="aws-legacy"),
    pytest.param("dotnet", SSO, (), id="dotnet"),
]


@pytest.mark.needs("AWS CLI v2", "aws-sdk-net.sh")
@pytest.mark.parametrize(("maker", "form", "options"), MAKERS[: amount(short=4, full=9)])
def test_login_of_one_tool_is_used_by_the_others(
    stand: Stand, maker: str, form: str, options: tuple[str, ...]
) -> None:
    getattr(stand, f"{maker}_signs_in")(form, *options)
    for tool in TOOLS[form]:
        stand.use(tool, form)
    assert stand.refreshes() == 0


@pytest.mark.needs("AWS CLI v2", "aws-sdk-net.sh")
@pytest.mark.parametrize(("maker", "form"), [("keystead", SSO), ("keystead", CONSOLE)])
def test_login_is_refreshed_by_each_tool_in_turn(stand: Stand, maker: str, form: str) -> None:
    getattr(stand, f"{maker}_signs_in")(form)
    for number, tool in enumerate((*TOOLS[form], "keystead"), 1):
        stand.token_ends(form)
        stand.use(tool, form)
        assert stand.refreshes() == number, tool
    assert [(login.is_alive, login.reuses) for login in stand.logins] == [(True, 0)]
