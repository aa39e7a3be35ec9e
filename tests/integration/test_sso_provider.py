"""Single sign-on with the AWS CLI's login: its cache is read, renewed once, and shared."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devtools.service import IdentityCenter, Reply, Request, Service, milliseconds, serving
from keystead.errors import FileProblem, InteractionRequired, KeysteadError, ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.endpoints import Endpoints
from keystead.model.sources.sso import Sso
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.sso.credentials import role_credentials
from keystead.resolve.sso.oidc import SsoTokenCache
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import Files, System
from tests.canaries import ACCESS_KEY_ID, SECOND_SECRET_KEY, SECRET_KEY, SESSION_TOKEN, leaks
from tests.conftest import Keystead
from tests.faults import Fault
from tests.modes import PRIVATE_FILE, mode

START_URL = "https://example.awsapps.com/start"
SESSION = "corp"
ACCOUNT, ROLE = "123456789012", "Reader"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ENDS = NOW + timedelta(hours=1)

# Tokens are secrets: canaries take their places.
ACCESS_TOKEN = "one" + SESSION_TOKEN.replace("=", "")
NEW_TOKEN = "two" + SESSION_TOKEN.replace("=", "")
REFRESH_TOKEN = SECOND_SECRET_KEY

ROLE_CREDENTIALS = {
    "accessKeyId": ACCESS_KEY_ID,
    "secretAccessKey": SECRET_KEY,
    "sessionToken": SESSION_TOKEN,
    "expiration": milliseconds(ENDS),
}


def z(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def center() -> IdentityCenter:
    return IdentityCenter(
        ACCOUNT,
        ROLE,
        ROLE_CREDENTIALS,
        tokens={ACCESS_TOKEN},
        client=("client-id", SECRET_KEY),
        refresh_token=REFRESH_TOKEN,
        next_tokens=(NEW_TOKEN, "next" + REFRESH_TOKEN),
    )


class Cache:
    """The AWS CLI's cache in the test's home."""

    def __init__(self, keystead: Keystead) -> None:
        self._keystead = keystead
        self.folder = keystead.home / ".aws" / "sso" / "cache"

    def path(self, key: str = SESSION) -> Path:
        return self.folder / f"{hashlib.sha1(key.encode()).hexdigest()}.json"

    def put(self, content: object, key: str = SESSION) -> Path:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        path.chmod(0o600)
        self._keystead.plain.add(path)  # the AWS CLI stores them in this form
        return path

    def login(self, ends: datetime, key: str = SESSION, **more: object) -> Path:
        document = {
            "startUrl": START_URL,
            "region": "eu-west-1",
            "accessToken": ACCESS_TOKEN,
            "expiresAt": z(ends),
            "clientId": "client-id",
            "clientSecret": SECRET_KEY,
            "registrationExpiresAt": z(NOW + timedelta(days=60)),
            "refreshToken": REFRESH_TOKEN,
            **more,
        }
        return self.put({name: value for name, value in document.items() if value}, key)


@pytest.fixture
def cache(keystead: Keystead) -> Cache:
    return Cache(keystead)


def source(session_name: str | None = SESSION) -> Sso:
    return Sso(
        profile="work",
        sso_session=session_name,
        sso_start_url=START_URL,
        sso_account_id=ACCOUNT,
        sso_role_name=ROLE,
        region="eu-west-1",
    )


def ask(
    service: Service, session_name: str | None = SESSION, files: Files | None = None
) -> Credentials:
    system = System(clock=lambda: NOW, files=files or Files())
    settings = ClientSettings(endpoints=Endpoints(service.url))
    return retrieve(system, AwsClient(system, settings), session_name)


def retrieve(system: System, client: AwsClient, session_name: str | None = SESSION) -> Credentials:
    base = source(session_name)
    login = SsoTokenCache(base.login, system, client, EncryptedStore(system).logins())
    return role_credentials(base, login, client)


def failure(
    kind: type[KeysteadError], service: Service, session_name: str | None = SESSION
) -> KeysteadError:
    with pytest.raises(kind) as caught:
        ask(service, session_name)
    assert not leaks(f"{caught.value} {caught.value.hint} {caught.value!r}")
    return caught.value


GET = "GET /federation/credentials"
RENEW = "POST /token"


@pytest.mark.parametrize(("session_name", "key"), [(SESSION, SESSION), (None, START_URL)])
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%SUTC"])
def test_login_gives_role_credentials(
    cache: Cache, session_name: str | None, key: str, form: str
) -> None:
    cache.login(NOW, key, expiresAt=(NOW + timedelta(hours=8)).strftime(form))
    with serving(center(), lambda: NOW) as service:
        found = ask(service, session_name)
    assert found == Credentials(
        ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, ENDS, ACCOUNT, f"sso {ACCOUNT} {ROLE}"
    )
    assert service.calls == [GET]
    assert "authorization" not in service.requests[0].headers


@pytest.mark.parametrize(
    "settings",
    [
        f"sso_session = {SESSION}\n",
        f"sso_start_url = {START_URL}\nsso_region = eu-west-1\n",
    ],
)
def test_botocore_sends_and_gets_the_same(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    from botocore.session import Session
    from botocore.tokens import SSOTokenProvider

    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    for key in (SESSION, START_URL):
        cache.login(soon, key)
    config = tmp_path / "config"
    config.write_text(
        f"[profile p]\n{settings}sso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n"
        f"[sso-session {SESSION}]\nsso_start_url = {START_URL}\nsso_region = eu-west-1\n"
    )
    # botocore looks for its home when it is loaded, so the test sets it.
    monkeypatch.setattr(SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", str(cache.folder))
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(cache.folder))
    answers = center()
    answers.role_credentials = {**ROLE_CREDENTIALS, "expiration": milliseconds(soon)}
    with serving(answers, lambda: NOW) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        variables = {"config_file": (None, None, str(config), None)}
        theirs = Session(session_vars=variables, profile="p").get_credentials()
        frozen = theirs.get_frozen_credentials()
        ours = ask(service, SESSION if "sso_session" in settings else None)
    assert (ours.access_key_id, ours.secret_access_key, ours.session_token) == frozen[:3]
    assert ours.expires_at == theirs._expiry_time == soon
    asked = [(r.path, r.query, r.headers["x-amz-sso_bearer_token"]) for r in service.requests]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("left", [timedelta(minutes=-1), timedelta(0), timedelta(minutes=14)])
def test_token_near_expiry_is_renewed_and_saved(cache: Cache, left: timedelta) -> None:
    path = cache.login(NOW + left, team="kept")
    before = json.loads(path.read_text())
    path.chmod(0o644)
    with serving(center(), lambda: NOW) as service:
        assert ask(service).access_key_id == ACCESS_KEY_ID
        assert ask(service).access_key_id == ACCESS_KEY_ID
    assert service.calls == [RENEW, GET, GET]
    assert service.requests[-1].headers["x-amz-sso_bearer_token"] == NEW_TOKEN
    after = json.loads(path.read_text())
    assert list(after) == list(before)
    assert after == {
        **before,
        "accessToken": NEW_TOKEN,
        "expiresAt": z(NOW + timedelta(hours=1)),
        "refreshToken": "next" + REFRESH_TOKEN,
    }
    assert mode(path) == PRIVATE_FILE


def test_botocore_reads_and_renews_what_was_renewed_here(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.session import Session
    from botocore.tokens import SSOTokenProvider
    from botocore.utils import JSONFileCache

    cache.login(NOW)
    config = tmp_path / "config"
    config.write_text(
        f"[profile p]\nsso_session = {SESSION}\n"
        f"[sso-session {SESSION}]\nsso_start_url = {START_URL}\nsso_region = eu-west-1\n"
    )
    answers = center()
    with serving(answers, lambda: NOW) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
        ask(service)
        answers.next_tokens = (ACCESS_TOKEN, "third")
        session = Session(
            session_vars={"config_file": (None, None, str(config), None)}, profile="p"
        )
        later = NOW + timedelta(hours=2)
        provider = SSOTokenProvider(
            session, cache=JSONFileCache(str(cache.folder)), time_fetcher=lambda: later
        )
        assert provider.load_token().get_frozen_token().token == ACCESS_TOKEN
    assert service.calls == [RENEW, GET, RENEW]


def test_many_processes_renew_once(cache: Cache) -> None:
    cache.login(
        datetime.now(UTC) - timedelta(hours=1), registrationExpiresAt="2099-01-01T00:00:00Z"
    )
    program = (
        "from keystead.model.client_settings import NO_CLIENT_SETTINGS\n"
        "from keystead.resolve.aws.client import AwsClient\n"
        "from keystead.system import System\n"
        "from tests.integration.test_sso_provider import retrieve\n"
        "system = System()\n"
        "client = AwsClient(system, NO_CLIENT_SETTINGS.with_variables(system.environ))\n"
        "print(retrieve(system, client))\n"
    )
    with serving(center(), lambda: NOW) as service:
        environ = {**os.environ, "AWS_ENDPOINT_URL": service.url}
        started = [
            subprocess.Popen(
                [sys.executable, "-c", program], env=environ, stdout=subprocess.PIPE, text=True
            )
            for _ in range(6)
        ]
        shown = {child.communicate(timeout=120)[0] for child in started}
    assert shown == {f"{ACCESS_KEY_ID} ********\n"}
    assert service.calls.count(RENEW) == 1
    assert service.calls.count(GET) == 6


@pytest.mark.parametrize("code", ["InvalidGrantException", "InternalServerException"])
def test_failed_renewal_is_not_an_error_before_expiry(cache: Cache, code: str) -> None:
    path = cache.login(NOW + timedelta(minutes=5))
    before = path.read_bytes()
    whole = center()

    def answer(request: Request) -> Reply:
        if str(request) == RENEW:
            return Reply(400, {"message": REFRESH_TOKEN}, {"x-amzn-ErrorType": code})
        return whole(request)

    with serving(answer, lambda: NOW) as service:
        assert ask(service).access_key_id == ACCESS_KEY_ID
    assert service.calls == [RENEW, GET]
    assert path.read_bytes() == before


def test_nothing_is_renewed_where_the_new_token_cannot_be_saved(cache: Cache) -> None:
    class Full(Fault):
        def __getattr__(self, name: str) -> Callable[..., object]:
            self.at = len(self.seen) if name == "write" else -1
            return super().__getattr__(name)

    path = cache.login(NOW + timedelta(minutes=5))
    full = Files(Full(-1, OSError(28, "No space left on device")))  # type: ignore[arg-type]
    with serving(center(), lambda: NOW) as service:
        assert ask(service, files=full).access_key_id == ACCESS_KEY_ID
        assert service.calls == [GET]
        cache.login(ENDED)
        with pytest.raises(FileProblem, match="cannot be written: no space left on device"):
            ask(service, files=full)
    assert service.calls == [GET]
    assert [each.name for each in path.parent.iterdir() if each.suffix == ".tmp"] == []


ENDED = NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    "login",
    [
        {"refreshToken": None},
        {"clientId": None},
        {"clientSecret": None},
        {"registrationExpiresAt": None},
        {"registrationExpiresAt": z(ENDED)},
        {"registrationExpiresAt": "soon"},
    ],
)
def test_expired_login_without_renewal_needs_a_login(
    cache: Cache, login: dict[str, object]
) -> None:
    path = cache.login(ENDED, **login)
    with serving(center(), lambda: NOW) as service:
        error = failure(InteractionRequired, service)
    assert str(error) == f"{path}: log-in required: the SSO login to `corp` has ended"
    assert error.hint == "run `keystead login work`"
    assert service.calls == []


def test_refused_renewal_needs_a_login(cache: Cache) -> None:
    cache.login(ENDED, refreshToken="used before")
    with serving(center(), lambda: NOW) as service:
        error = failure(InteractionRequired, service)
    assert str(error).endswith("has ended")
    assert service.calls == [RENEW]


def test_the_legacy_form_is_not_renewed(cache: Cache) -> None:
    cache.login(ENDED, START_URL)
    with serving(center(), lambda: NOW) as service:
        error = failure(InteractionRequired, service, None)
    assert error.hint == "run `keystead login work`"
    assert service.calls == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        f'{{"accessToken": "{SESSION_TOKEN}"}}',
        {"accessToken": ACCESS_TOKEN, "expiresAt": "soon"},
        {"accessToken": ACCESS_TOKEN, "expiresAt": 4102444800},
        {"accessToken": f"{ACCESS_TOKEN}\r\nX-A: b", "expiresAt": "2099-01-01T00:00:00Z"},
        {"accessToken": 5, "expiresAt": "2099-01-01T00:00:00Z"},
    ],
)
def test_unreadable_cache_needs_a_login(cache: Cache, content: object) -> None:
    cache.put(content)
    with serving(center(), lambda: NOW) as service:
        assert str(failure(InteractionRequired, service)).endswith("cannot be read")
    assert service.calls == []


def test_without_a_login_it_is_an_error(cache: Cache) -> None:
    with serving(center(), lambda: NOW) as service:
        assert str(failure(InteractionRequired, service)).endswith("was not made yet")
    assert not cache.folder.exists()


def test_revoked_token_needs_a_login(cache: Cache) -> None:
    cache.login(NOW + timedelta(hours=8))
    answers = center()
    answers.tokens = set()
    with serving(answers, lambda: NOW) as service:
        assert str(failure(InteractionRequired, service)).endswith("is no longer valid")


def test_role_that_is_not_assigned_is_refused_by_the_service(cache: Cache) -> None:
    cache.login(NOW + timedelta(hours=8))
    answers = center()
    answers.role_name = "Admin"
    with serving(answers, lambda: NOW) as service:
        error = failure(ProviderError, service)
    assert isinstance(error, ProviderError)
    assert error.code == "ForbiddenException"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>",
        {"roleCredentials": {}},
        {"roleCredentials": {**ROLE_CREDENTIALS, "secretAccessKey": None}},
        {"roleCredentials": {**ROLE_CREDENTIALS, "sessionToken": None}},
        {"roleCredentials": {**ROLE_CREDENTIALS, "sessionToken": "a\nb"}},
        {"roleCredentials": {**ROLE_CREDENTIALS, "expiration": 10**30}},
        {"roleCredentials": {**ROLE_CREDENTIALS, "expiration": SECRET_KEY}},
    ],
)
def test_malformed_response_is_reported_without_quoting_it(cache: Cache, answer: object) -> None:
    cache.login(NOW + timedelta(hours=8))
    with serving(lambda _: Reply(200, answer)) as service:
        error = failure(ProviderError, service)
    assert str(error).startswith("sso ")


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>",
        {},
        {"accessToken": "a\nb", "expiresIn": 5},
        {"accessToken": NEW_TOKEN},
        {"accessToken": NEW_TOKEN, "expiresIn": 10**15},
    ],
)
def test_malformed_renewal_is_reported_without_quoting_it(cache: Cache, answer: object) -> None:
    path = cache.login(ENDED)
    before = path.read_bytes()
    with serving(lambda _: Reply(200, answer)) as service:
        error = failure(ProviderError, service)
    assert str(error).startswith("sso-oidc ")
    assert path.read_bytes() == before
