"""Single sign-on with the AWS CLI's login: its cache is read, renewed once, and shared."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devtools.service import Reply, Request, Service, serving
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
from keystead.testing import IdentityCenter
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
REFRESH_TOKEN = "one" + SECOND_SECRET_KEY

ROLE_CREDENTIALS = {
    "accessKeyId": ACCESS_KEY_ID,
    "secretAccessKey": SECRET_KEY,
    "sessionToken": SESSION_TOKEN,
    "expiration": int(ENDS.timestamp() * 1000),
}


def z(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def secrets() -> Callable[[str], str]:
    """Makes the secrets of a service: canaries, of which tokens begin with their number."""
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        canary = {
            "accessToken": SESSION_TOKEN.replace("=", ""),
            "refreshToken": SECOND_SECRET_KEY,
        }.get(name)
        if canary is None:
            return str(ROLE_CREDENTIALS.get(name, SECRET_KEY))
        return ("one", "two", "three")[made.count(name) - 1] + canary

    return make


@pytest.fixture
def center() -> Iterator[IdentityCenter]:
    with IdentityCenter(start_url=START_URL, clock=lambda: NOW, make_secret=secrets()) as center:
        center.add_account(ACCOUNT, "Payments", roles=[ROLE])
        yield center


def operations(center: IdentityCenter) -> list[str]:
    return [call.operation for call in center.requests]


class Cache:
    """The AWS CLI's cache in the test's home."""

    def __init__(self, keystead: Keystead, center: IdentityCenter) -> None:
        self._keystead = keystead
        self._center = center
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
        document = {**self._center.cached_login(), "expiresAt": z(ends), **more}
        return self.put({name: value for name, value in document.items() if value}, key)


@pytest.fixture
def cache(keystead: Keystead, center: IdentityCenter) -> Cache:
    return Cache(keystead, center)


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
    service: IdentityCenter | Service,
    session_name: str | None = SESSION,
    files: Files | None = None,
) -> Credentials:
    system = System(clock=lambda: NOW, files=files or Files())
    settings = ClientSettings(endpoints=Endpoints(service.url))
    return retrieve(system, AwsClient(system, settings), session_name)


def retrieve(system: System, client: AwsClient, session_name: str | None = SESSION) -> Credentials:
    base = source(session_name)
    login = SsoTokenCache(base.login, system, client, EncryptedStore(system).logins())
    return role_credentials(base, login, client)


def failure(
    kind: type[KeysteadError],
    service: IdentityCenter | Service,
    session_name: str | None = SESSION,
) -> KeysteadError:
    with pytest.raises(kind) as caught:
        ask(service, session_name)
    assert not leaks(f"{caught.value} {caught.value.hint} {caught.value!r}")
    return caught.value


GET = "GetRoleCredentials"
RENEW = "CreateToken"


@pytest.mark.parametrize(("session_name", "key"), [(SESSION, SESSION), (None, START_URL)])
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%SUTC"])
def test_login_gives_role_credentials(
    cache: Cache, session_name: str | None, key: str, form: str, center: IdentityCenter
) -> None:
    cache.login(NOW, key, expiresAt=(NOW + timedelta(hours=8)).strftime(form))
    found = ask(center, session_name)
    assert found == Credentials(
        ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, ENDS, ACCOUNT, f"sso {ACCOUNT} {ROLE}"
    )
    assert operations(center) == [GET]


@pytest.mark.parametrize(
    "settings",
    [
        f"sso_session = {SESSION}\n",
        f"sso_start_url = {START_URL}\nsso_region = eu-west-1\n",
    ],
)
def test_botocore_sends_and_gets_the_same(
    cache: Cache,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    center: IdentityCenter,
) -> None:
    from botocore.session import Session
    from botocore.tokens import SSOTokenProvider

    now = datetime.now(UTC).replace(microsecond=0)
    soon = now + timedelta(hours=1)
    center.clock = lambda: now
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
    monkeypatch.setenv("AWS_ENDPOINT_URL", center.url)
    variables = {"config_file": (None, None, str(config), None)}
    theirs = Session(session_vars=variables, profile="p").get_credentials()
    frozen = theirs.get_frozen_credentials()
    ours = ask(center, SESSION if "sso_session" in settings else None)
    assert (ours.access_key_id, ours.secret_access_key, ours.session_token) == frozen[:3]
    assert theirs._expiry_time == soon
    assert ours.expires_at == ENDS  # by the clock of this machine, which the test sets
    assert operations(center) == [GET, GET]
    assert center.requests[0].parameters == center.requests[1].parameters


@pytest.mark.parametrize("left", [timedelta(minutes=-1), timedelta(0), timedelta(minutes=14)])
def test_token_near_expiry_is_renewed_and_saved(
    cache: Cache, left: timedelta, center: IdentityCenter
) -> None:
    path = cache.login(NOW + left, team="kept")
    before = json.loads(path.read_text())
    path.chmod(0o644)
    assert ask(center).access_key_id == ACCESS_KEY_ID
    assert ask(center).access_key_id == ACCESS_KEY_ID
    assert operations(center) == [RENEW, GET, GET]
    after = json.loads(path.read_text())
    assert list(after) == list(before)
    assert after == {
        **before,
        "accessToken": NEW_TOKEN,
        "expiresAt": z(NOW + timedelta(hours=1)),
        "refreshToken": "two" + SECOND_SECRET_KEY,
    }
    assert mode(path) == PRIVATE_FILE


def test_botocore_reads_and_renews_what_was_renewed_here(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, center: IdentityCenter
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
    monkeypatch.setenv("AWS_ENDPOINT_URL", center.url)
    ask(center)
    session = Session(session_vars={"config_file": (None, None, str(config), None)}, profile="p")
    later = NOW + timedelta(hours=2)
    provider = SSOTokenProvider(
        session, cache=JSONFileCache(str(cache.folder)), time_fetcher=lambda: later
    )
    assert provider.load_token().get_frozen_token().token.startswith("three")
    assert operations(center) == [RENEW, GET, RENEW]


@pytest.mark.parametrize("code", ["InvalidGrantException", "InternalServerException"])
def test_failed_renewal_is_not_an_error_before_expiry(cache: Cache, code: str) -> None:
    path = cache.login(NOW + timedelta(minutes=5))
    before = path.read_bytes()

    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return Reply(400, {"message": REFRESH_TOKEN}, {"x-amzn-ErrorType": code})
        return Reply(200, {"roleCredentials": ROLE_CREDENTIALS})

    with serving(answer, lambda: NOW) as service:
        assert ask(service).access_key_id == ACCESS_KEY_ID
    assert service.calls == ["POST /token", "GET /federation/credentials"]
    assert path.read_bytes() == before


def test_nothing_is_renewed_where_the_new_token_cannot_be_saved(
    cache: Cache, center: IdentityCenter
) -> None:
    class Full(Fault):
        def __getattr__(self, name: str) -> Callable[..., object]:
            self.at = len(self.seen) if name == "write" else -1
            return super().__getattr__(name)

    path = cache.login(NOW + timedelta(minutes=5))
    full = Files(Full(-1, OSError(28, "No space left on device")))  # type: ignore[arg-type]
    assert ask(center, files=full).access_key_id == ACCESS_KEY_ID
    assert operations(center) == [GET]
    cache.login(ENDED)
    with pytest.raises(FileProblem, match="cannot be written: no space left on device"):
        ask(center, files=full)
    assert operations(center) == [GET]
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
    cache: Cache, login: dict[str, object], center: IdentityCenter
) -> None:
    path = cache.login(ENDED, **login)
    error = failure(InteractionRequired, center)
    assert str(error) == f"{path}: log-in required: the SSO login to `corp` has ended"
    assert error.hint == "run `keystead login work`"
    assert operations(center) == []


def test_refused_renewal_needs_a_login(cache: Cache, center: IdentityCenter) -> None:
    cache.login(ENDED, refreshToken="used before")
    error = failure(InteractionRequired, center)
    assert str(error).endswith("has ended")
    assert operations(center) == [RENEW]


def test_the_legacy_form_is_not_renewed(cache: Cache, center: IdentityCenter) -> None:
    cache.login(ENDED, START_URL)
    error = failure(InteractionRequired, center, None)
    assert error.hint == "run `keystead login work`"
    assert operations(center) == []


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
def test_unreadable_cache_needs_a_login(
    cache: Cache, content: object, center: IdentityCenter
) -> None:
    cache.put(content)
    assert "cannot be read: the file" in str(failure(InteractionRequired, center))
    assert operations(center) == []


def test_without_a_login_it_is_an_error(cache: Cache, center: IdentityCenter) -> None:
    assert str(failure(InteractionRequired, center)).endswith("was not made yet")
    assert not cache.folder.exists()


def test_revoked_token_needs_a_login(cache: Cache, center: IdentityCenter) -> None:
    cache.login(NOW + timedelta(hours=8))
    center.logins[0].ended = "expired"
    error = failure(InteractionRequired, center)
    assert str(error).endswith("has ended")
    assert error.hint and error.hint.startswith("run `keystead login")
    ended = json.loads(cache.path().read_text())["expiresAt"]
    assert ended <= z(NOW), "else `login` would find it valid"


def test_refused_token_is_renewed_before_its_end(cache: Cache, center: IdentityCenter) -> None:
    cache.login(NOW + timedelta(hours=8))
    center.faults.next("GetRoleCredentials", "UnauthorizedException")
    assert ask(center).session_token
    assert operations(center) == ["GetRoleCredentials", "CreateToken", "GetRoleCredentials"]


def test_token_that_is_refused_after_each_renewal_needs_a_login(
    cache: Cache, center: IdentityCenter
) -> None:
    cache.login(NOW + timedelta(hours=8))
    center.faults.next("GetRoleCredentials", "UnauthorizedException", "UnauthorizedException")
    assert str(failure(InteractionRequired, center)).endswith("is no longer valid")
    assert operations(center).count("GetRoleCredentials") == 2


def test_role_that_is_not_assigned_is_refused_by_the_service(
    cache: Cache, center: IdentityCenter
) -> None:
    cache.login(NOW + timedelta(hours=8))
    center.add_account(ACCOUNT, "Payments", roles=["Admin"])
    error = failure(ProviderError, center)
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
    assert "authorization" not in service.requests[0].headers


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
