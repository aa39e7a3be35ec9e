"""Refreshing loses no login: many processes refresh once, and killed ones leave one that works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha1, sha256

import pytest

from keystead.app import App
from keystead.model.client_settings import NO_CLIENT_SETTINGS
from keystead.model.sources.sso import Sso
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.sso.oidc import SsoTokenCache
from keystead.system import System
from keystead.testing import IdentityCenter, SignIn, sign_in
from tests.conftest import Keystead
from tests.effort import amount

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="traces system calls by ptrace(2)")

ENDED = {"expiresAt": "2026-01-01T00:00:00Z"}
ACCOUNT, ROLE = "123456789012", "Reader"


class Login:
    """The login of the profile `work`, whose token has to be refreshed."""

    def __init__(self, service: IdentityCenter | SignIn, operation: str) -> None:
        self.service = service
        self.operation = operation

    def is_refreshed_at_each_use(self) -> None:
        lifetimes = self.service.lifetimes
        if isinstance(lifetimes, sign_in.Lifetimes):
            lifetimes.credentials = timedelta(minutes=4)
        else:
            lifetimes.access_token = timedelta(minutes=10)

    @property
    def refreshes(self) -> int:
        return len(self.service.calls(self.operation, grantType="refresh_token"))

    def processes(self, *arguments: object) -> list[str]:
        """What `tests.refreshers` prints."""
        command = [sys.executable, "-m", "tests.refreshers", "work", *map(str, arguments)]
        environ = {**os.environ, **self.service.variables}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def require_whole(self) -> None:
        """No refresh token was sent after its successor was used."""
        assert [(each.is_alive, each.reuses) for each in self.service.logins] == [(True, 0)]


def sso(center: IdentityCenter, cache: str) -> str:
    return f"""\
[profile work]
sso_session = corp
sso_account_id = {ACCOUNT}
sso_role_name = {ROLE}
[sso-session corp]
sso_start_url = {center.start_url}
sso_region = eu-west-1
sso_cache = {cache}
"""


def in_cli_cache(keystead: Keystead) -> Iterator[Login]:
    with IdentityCenter() as center:
        center.add_account(ACCOUNT, "Payments", roles=[ROLE])
        path = keystead.home / f".aws/sso/cache/{sha1(b'corp').hexdigest()}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(center.cached_login() | ENDED))
        (keystead.home / ".aws/config").write_text(sso(center, "aws"))
        yield Login(center, "CreateToken")


def sealed(keystead: Keystead) -> Iterator[Login]:
    with IdentityCenter() as center:
        center.add_account(ACCOUNT, "Payments", roles=[ROLE])
        (keystead.home / ".aws").mkdir()
        (keystead.home / ".aws/config").write_text(sso(center, "keystead"))
        app = App(System())
        base = app.select("work").plan.base
        assert isinstance(base, Sso)
        client = AwsClient(app.system, NO_CLIENT_SETTINGS)
        cache = SsoTokenCache(base.login, app.system, client, app.logins)
        with cache.place.lock():
            cache.store(center.cached_login() | ENDED)
        yield Login(center, "CreateToken")


def of_the_console(keystead: Keystead) -> Iterator[Login]:
    with SignIn() as service:
        session = service.login_session("ada")
        path = keystead.home / f".aws/login/cache/{sha256(session.encode()).hexdigest()}.json"
        path.parent.mkdir(parents=True)
        document = service.cached_login()
        document["accessToken"] |= ENDED
        path.write_text(json.dumps(document))
        (keystead.home / ".aws/config").write_text(
            f"[profile work]\nlogin_session = {session}\nregion = eu-west-1\n"
        )
        yield Login(service, "CreateOAuth2Token")


@pytest.fixture(params=[in_cli_cache, sealed, of_the_console])
def login(request: pytest.FixtureRequest, keystead: Keystead) -> Iterator[Login]:
    make: Callable[[Keystead], Iterator[Login]] = request.param
    yield from make(keystead)


def test_many_processes_refresh_once(login: Login) -> None:
    count = amount(short=20, full=50)
    assert login.processes("together", count) == [" ".join(["0"] * count)]
    assert login.refreshes == 1
    login.require_whole()


def test_processes_killed_at_any_system_call_lose_no_login(login: Login) -> None:
    # A process may be killed before it has the answer: the service allows to ask again for what
    # nobody has used yet. Sending a token again after that would end the login.
    login.service.is_strict = False
    login.is_refreshed_at_each_use()
    step = amount(short=7, full=1)
    *killed, last = login.processes("kill", 0, 100_000, step)
    assert set(killed) == {"killed 0"}
    assert last == "0 0"
    assert len(killed) * step > 100
    assert login.service.logins[0].received > len(killed)  # each of them was stored
    login.require_whole()
