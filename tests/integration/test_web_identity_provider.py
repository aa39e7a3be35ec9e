"""Roles with web identity: an unsigned STS call with the token from a file."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from devtools.emulators import Emulator
from devtools.service import Reply, serving
from keystead.errors import KeysteadError, ProfileInvalid, ProviderError
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.model.sources.web_identity import WebIdentity
from keystead.resolve.providers.provider import ProviderContext
from keystead.resolve.providers.web_identity import WebIdentityProvider
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks

ROLE = "arn:aws:iam::123456789012:role/web"
# A token is a secret as well: the canary takes its place.
TOKEN = SESSION_TOKEN


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


def ask(file: Path, duration_seconds: int | None = None, **environ: str) -> Credentials:
    system = System({**os.environ, **environ})
    source = WebIdentity(
        profile="p", role_arn=ROLE, role_session_name="nightly", duration_seconds=duration_seconds
    )
    profile = Profile("p", {"web_identity_token_file": str(file)})
    settings = ClientSettings("eu-west-1").with_variables(system.environ)
    return WebIdentityProvider(
        source, ProviderContext(profile, system, settings, EncryptedStore(system).logins)
    ).retrieve()


def failure(kind: type[KeysteadError], file: Path, **environ: str) -> KeysteadError:
    with pytest.raises(kind) as caught:
        ask(file, **environ)
    assert not leaks(f"{caught.value} {caught.value.hint} {caught.value!r}")
    return caught.value


def test_sts_gives_credentials_for_a_token(moto: Emulator, token_file: Path) -> None:
    before = datetime.now(UTC)
    found = ask(token_file, 900)
    assert found.access_key_id.startswith("ASIA")
    assert found.secret_access_key
    assert found.session_token
    assert found.expires_at is not None
    assert timedelta(0) < found.expires_at - before < timedelta(seconds=960)
    assert found.account_id == "123456789012"
    assert found.source == f"web identity > {ROLE}"
    (call,) = moto.recorder.calls
    assert (call.operation, call.access_key_id) == ("AssumeRoleWithWebIdentity", "")
    assert call.parameters == {
        "RoleArn": ROLE,
        "RoleSessionName": "nightly",
        "DurationSeconds": "900",
    }


ANSWER = f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{ACCESS_KEY_ID}</AccessKeyId>
<SecretAccessKey>{SECRET_KEY}</SecretAccessKey><SessionToken>{SESSION_TOKEN}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>
<Arn>arn:aws:sts::123456789012:assumed-role/web/nightly</Arn></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


def test_botocore_sends_and_gets_the_same(
    token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.session import Session

    with serving(lambda _: Reply(200, ANSWER)) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url)
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "nightly")
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token_file))
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        theirs = Session().get_credentials().get_frozen_credentials()
        ours = ask(token_file)
    assert (ours.access_key_id, ours.secret_access_key, ours.session_token) == theirs[:3]
    forms = [parse_qs(request.body.decode()) for request in service.requests]
    # botocore sends the file as it is, line break and all.
    assert forms[0].pop("WebIdentityToken") == [f"{TOKEN}\n"]
    assert forms[1].pop("WebIdentityToken") == [TOKEN]
    assert forms[0] == forms[1]
    assert all("authorization" not in request.headers for request in service.requests)


def test_the_file_is_read_each_time(token_file: Path) -> None:
    with serving(lambda _: Reply(200, ANSWER)) as service:
        for text in ("first", "second"):
            token_file.write_text(text)
            ask(token_file, AWS_ENDPOINT_URL=service.url)
    tokens = [parse_qs(r.body.decode())["WebIdentityToken"][0] for r in service.requests]
    assert tokens == ["first", "second"]


def test_keys_in_the_environment_sign_nothing(token_file: Path) -> None:
    with serving(lambda _: Reply(200, ANSWER)) as service:
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        ask(token_file, AWS_ENDPOINT_URL=service.url, **keys)
    assert "authorization" not in service.requests[0].headers


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (f"{TOKEN}\n{TOKEN}".encode(), "does not hold a web identity token"),
        (b"\x00\xff", "does not hold a web identity token"),
        (TOKEN.encode() * 1000, "does not hold a web identity token"),
    ],
)
def test_a_file_without_a_token_is_named(
    moto: Emulator, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    error = failure(ProfileInvalid, file)
    assert str(error).startswith(f"{file}: ")
    assert said in str(error)
    assert moto.recorder.calls == []


def test_refusal_is_reported_without_the_token(token_file: Path) -> None:
    refusal = (
        "<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
        f"<Message>not good: {TOKEN}</Message></Error></ErrorResponse>"
    )
    with serving(lambda _: Reply(400, refusal)) as service:
        error = failure(ProviderError, token_file, AWS_ENDPOINT_URL=service.url)
    assert isinstance(error, ProviderError)
    assert error.code == "InvalidIdentityToken"
    assert str(error) == (
        "sts refused AssumeRoleWithWebIdentity: InvalidIdentityToken: not good: ********"
    )


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>sign in</html>",
        ANSWER.replace(SECRET_KEY, ""),
        ANSWER.replace(SESSION_TOKEN, ""),
        ANSWER.replace(SESSION_TOKEN, "a\nb"),
        ANSWER.replace("<Expiration>2099-01-01T00:00:00Z</Expiration>", ""),
        ANSWER.replace("2099-01-01T00:00:00Z", "soon"),
    ],
)
def test_malformed_response_is_reported_without_quoting_it(token_file: Path, answer: str) -> None:
    with serving(lambda _: Reply(200, answer)) as service:
        error = failure(ProviderError, token_file, AWS_ENDPOINT_URL=service.url)
    assert str(error).startswith("sts ")
