"""The container endpoint: what is sent where, what is accepted, and the error otherwise."""

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devtools.service import Reply, serving
from keystead.errors import KeysteadError, NotConfigured, ProfileInvalid, ProviderError
from keystead.model.client_settings import NO_CLIENT_SETTINGS
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.model.sources.container import Container
from keystead.resolve.providers import container
from keystead.resolve.providers.container import ContainerProvider
from keystead.resolve.providers.provider import ProviderContext
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECOND_SECRET_KEY, SECRET_KEY, SESSION_TOKEN, leaks

GOOD = {
    "AccessKeyId": ACCESS_KEY_ID,
    "SecretAccessKey": SECRET_KEY,
    "Token": SESSION_TOKEN,
    "Expiration": "2099-01-02T03:04:05Z",
    "AccountId": "123456789012",
}


def system(waits: list[float] | None = None, **variables: str) -> System:
    named = {f"AWS_CONTAINER_{name}": value for name, value in variables.items()}
    return System({**os.environ, **named}, sleep=(waits if waits is not None else []).append)


def container_credentials(system: System) -> Credentials:
    context = ProviderContext(
        Profile("", {}), system, NO_CLIENT_SETTINGS, EncryptedStore(system).logins
    )
    return ContainerProvider(Container(profile=""), context).retrieve()


def failure(kind: type[KeysteadError], asked: System) -> KeysteadError:
    with pytest.raises(kind) as caught:
        container_credentials(asked)
    assert not leaks(f"{caught.value} {caught.value.hint} {caught.value!r}")
    return caught.value


def test_without_a_variable_there_is_no_endpoint() -> None:
    failure(NotConfigured, system())
    failure(NotConfigured, system(CREDENTIALS_FULL_URI="", AUTHORIZATION_TOKEN=SECRET_KEY))


@pytest.mark.parametrize("path", ["", "/", "/v2/creds/?id=a%20b&x=/"])
def test_the_endpoint_gives_credentials(path: str) -> None:
    with serving(lambda _: Reply(200, GOOD)) as service:
        found = container_credentials(system(CREDENTIALS_FULL_URI=service.url + path))
    assert (found.access_key_id, found.secret_access_key) == (ACCESS_KEY_ID, SECRET_KEY)
    assert (found.session_token, found.account_id) == (SESSION_TOKEN, "123456789012")
    assert found.expires_at == datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    (request,) = service.requests
    assert str(request) == f"GET {path.split('?', maxsplit=1)[0] or '/'}"
    assert request.query == ({"id": "a b", "x": "/"} if "?" in path else {})
    assert "authorization" not in request.headers


def test_botocore_sends_and_gets_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.credentials import ContainerProvider

    token = tmp_path / "token"
    token.write_text("Basic file")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic variable")
    with serving(lambda _: Reply(200, GOOD)) as service:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", service.url + "/creds?a=1")
        for file in (None, str(token)):
            if file:
                monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
            theirs = ContainerProvider().load().get_frozen_credentials()
            ours = container_credentials(System())
            assert (ours.access_key_id, ours.secret_access_key) == theirs[:2]
            assert (ours.session_token, ours.account_id) == theirs[2:]
    asked = [
        (str(request), request.query, request.headers["authorization"], request.headers["accept"])
        for request in service.requests
    ]
    assert asked[0::2] == asked[1::2]
    assert [entry[2] for entry in asked[0::2]] == ["Basic variable", "Basic file"]


def test_the_token_file_is_read_each_time(tmp_path: Path) -> None:
    token = tmp_path / "token"
    with serving(lambda _: Reply(200, GOOD)) as service:
        asked = system(CREDENTIALS_FULL_URI=service.url, AUTHORIZATION_TOKEN_FILE=str(token))
        for text in ("one", "two"):
            token.write_text(text)
            container_credentials(asked)
    assert [request.headers["authorization"] for request in service.requests] == ["one", "two"]


@pytest.mark.parametrize("text", [f"{SECRET_KEY}\n", f"{SECRET_KEY}\r\nX-A: b", "é", "x" * 70_000])
def test_a_token_that_cannot_be_sent_is_refused(tmp_path: Path, text: str) -> None:
    token = tmp_path / "token"
    token.write_bytes(text.encode())
    with serving(lambda _: Reply(200, GOOD)) as service:
        address = {"CREDENTIALS_FULL_URI": service.url}
        error = failure(ProfileInvalid, system(**address, AUTHORIZATION_TOKEN_FILE=str(token)))
        assert error.where is not None
        assert error.where.file == str(token)
        if len(text) < 1000:
            failure(ProfileInvalid, system(**address, AUTHORIZATION_TOKEN=text))
    assert service.requests == []


def test_a_token_file_that_is_not_there(tmp_path: Path) -> None:
    asked = system(CREDENTIALS_FULL_URI="http://127.0.0.1:1", AUTHORIZATION_TOKEN_FILE="/no/token")
    assert str(failure(ProfileInvalid, asked)).startswith("/no/token: the file in AWS_CONTAINER_")


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections would have gone: tests may not leave the loopback."""
    found: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *_rest: object, **_more: object) -> None:
        found.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    return found


@pytest.mark.parametrize(
    ("variables", "host", "port"),
    [
        ({"CREDENTIALS_RELATIVE_URI": "/creds"}, "169.254.170.2", 80),
        (
            {"CREDENTIALS_RELATIVE_URI": "/creds", "CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"},
            "169.254.170.2",
            80,
        ),
        ({"CREDENTIALS_FULL_URI": "http://169.254.170.2/creds"}, "169.254.170.2", 80),
        ({"CREDENTIALS_FULL_URI": "http://169.254.170.23/creds"}, "169.254.170.23", 80),
        ({"CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/creds"}, "fd00:ec2::23", 80),
        ({"CREDENTIALS_FULL_URI": "https://192.0.2.7/creds"}, "192.0.2.7", 443),
    ],
)
def test_allowed_addresses(
    dialled: list[tuple[str, int]], variables: dict[str, str], host: str, port: int
) -> None:
    failure(ProviderError, system(**variables))
    assert set(dialled) == {(host, port)}


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.7/creds",
        "http://example.com/",
        "http://169.254.169.254/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@192.0.2.7/",
        f"http://user:{SECRET_KEY}@127.0.0.1/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "127.0.0.1/creds",
        "http:///creds",
        "http://127.0.0.1:port/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX-A: b",
        "http://[::1/",
    ],
)
def test_other_addresses_are_refused_without_a_request(
    dialled: list[tuple[str, int]], url: str
) -> None:
    failure(ProfileInvalid, system(CREDENTIALS_FULL_URI=url))
    assert dialled == []


@pytest.mark.parametrize("path", ["@192.0.2.7/", ".example.com/", "creds", "/a b"])
def test_a_relative_address_stays_at_its_host(path: str) -> None:
    failure(ProfileInvalid, system(CREDENTIALS_RELATIVE_URI=path))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(200, ""), "it is empty"),
        (Reply(200, f"<p>{SECRET_KEY}</p>"), "it is not JSON"),
        (Reply(200, {**GOOD, "SecretAccessKey": None}), "it has no `SecretAccessKey`"),
        (Reply(200, {**GOOD, "Token": f"{SESSION_TOKEN}\r\n"}), "control character in `Token`"),
        (Reply(200, {**GOOD, "Expiration": "soon"}), "not an ISO 8601 time"),
        (Reply(200, {**GOOD, "Expiration": "2020-01-01T00:00:00Z"}), "that have expired"),
        (Reply(200, " " * 300_000), "the answer is too large"),
        (Reply(403, {"code": "Denied", "message": SECRET_KEY}), "answered with status 403"),
        (Reply(302, "", {"Location": "http://127.0.0.1:1/"}), "answered with status 302"),
    ],
)
def test_malformed_response_is_reported_without_quoting_it(reply: Reply, said: str) -> None:
    with serving(lambda _: reply) as service:
        asked = system(CREDENTIALS_FULL_URI=service.url, AUTHORIZATION_TOKEN=SECOND_SECRET_KEY)
        error = failure(ProviderError, asked)
    place = service.url.removeprefix("http://")
    assert str(error).startswith(f"the container endpoint at {place} ")
    assert said in str(error)


def test_credentials_without_expiry_are_accepted() -> None:
    with serving(lambda _: Reply(200, {**GOOD, "Expiration": None, "Token": None})) as service:
        found = container_credentials(system(CREDENTIALS_FULL_URI=service.url))
    assert (found.session_token, found.expires_at) == (None, None)


def test_recovering_endpoint_is_retried() -> None:
    replies = [Reply(500), Reply(503, SECRET_KEY), Reply(200, GOOD)]
    waits: list[float] = []
    with serving(lambda _: replies.pop(0)) as service:
        found = container_credentials(system(waits, CREDENTIALS_FULL_URI=service.url))
    assert found.access_key_id == ACCESS_KEY_ID
    assert waits == [1.0, 1.0]


def test_failing_endpoint_is_given_up() -> None:
    with serving(lambda _: Reply(503, SECRET_KEY)) as service:
        error = failure(ProviderError, system(CREDENTIALS_FULL_URI=service.url))
    assert "answered with status 503" in str(error)
    assert len(service.requests) == container.ATTEMPTS


def test_unreachable_address() -> None:
    waits: list[float] = []
    error = failure(ProviderError, system(waits, CREDENTIALS_FULL_URI="http://127.0.0.1:1/creds"))
    assert str(error) == (
        "the container endpoint at 127.0.0.1:1 could not be reached: connection refused"
    )
    assert len(waits) == container.ATTEMPTS - 1


def test_silent_endpoint_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "TIME_LIMIT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        error = failure(ProviderError, system(CREDENTIALS_FULL_URI=url))
    assert str(error).endswith("could not be reached: timed out")


def test_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    with serving(lambda _: Reply(200, json.dumps(GOOD))) as service:
        container_credentials(system(CREDENTIALS_FULL_URI=service.url))
