"""Roles on real emulators over HTTP: what is sent, who signs it, what is enforced."""

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devtools.emulators import Emulator, furnish
from keystead.errors import InteractionRequired, ProviderError
from keystead.model.client_settings import NO_CLIENT_SETTINGS
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.mfa import MfaCodes
from keystead.resolve.resolver import ProfileCredentials, Resolver
from keystead.stores.base import register
from keystead.stores.encrypted.store import EncryptedStore
from keystead.stores.shared import SharedStore
from keystead.stores.used_mfa_codes import UsedMfaCodes
from keystead.system import System, Terminal
from tests.canaries import ACCESS_KEY_ID, MFA_CODE, SECRET_KEY
from tests.passing import Passing

MFA_SERIAL = "arn:aws:iam::123456789012:mfa/user"


class NoTerminal(Terminal):
    """A machine without a terminal."""

    def available(self) -> bool:
        return False


def system(**environ: str) -> System:
    return System(environ={**os.environ, **environ}, terminal=NoTerminal())


def store_of(where: System, **profiles: dict[str, str]) -> SharedStore:
    store = SharedStore.open(where)
    for name, settings in profiles.items():
        register(store, Profile(name, settings))
    return store


def resolver_of(where: System, store: SharedStore) -> Resolver:
    codes = MfaCodes(where, UsedMfaCodes(where))
    encrypted = EncryptedStore(where)
    return Resolver(where, store.snapshot(), lambda: codes, encrypted.sessions, encrypted.logins)


def resolve(where: System, store: SharedStore, name: str) -> Credentials:
    resolver = resolver_of(where, store)
    return resolver.run(resolver.plan(name)).credentials


def arn(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}


def role(name: str, source: str, **more: str) -> dict[str, str]:
    return {"role_arn": arn(name), "source_profile": source, **more}


def identity(where: System, credentials: Credentials) -> str:
    return call(where, "sts", "GetCallerIdentity", credentials)["Arn"]


def call(where: System, service: str, operation: str, credentials: Credentials) -> dict[str, Any]:
    settings = NO_CLIENT_SETTINGS.with_variables(where.environ)
    return AwsClient(where, settings, credentials).call(service, operation, {})


def test_role_is_assumed(moto: Emulator, home: Path) -> None:
    where = system()
    store = store_of(where, base=KEYS, admin=role("admin", "base"))
    credentials = resolve(where, store, "admin")
    (call,) = moto.recorder.calls
    assert (call.service, call.operation, call.access_key_id) == (
        "sts",
        "AssumeRole",
        ACCESS_KEY_ID,
    )
    assert call.parameters.keys() == {"RoleArn", "RoleSessionName"}
    assert re.fullmatch(r"keystead-6\d{17}", call.parameters["RoleSessionName"])
    assert credentials.access_key_id.startswith("ASIA")
    assert credentials.source == f"profile base > {arn('admin')}"
    assert ":assumed-role/admin/keystead-" in identity(where, credentials)
    assert moto.recorder.calls[-1].access_key_id == credentials.access_key_id


def test_two_roles_are_assumed_starting_at_the_source(moto: Emulator, home: Path) -> None:
    where = system()
    store = store_of(
        where,
        base=KEYS,
        middle=role("middle", "base"),
        end=role("end", "middle", region="eu-west-1"),
    )
    resolve(where, store, "end")
    first, second = moto.recorder.calls
    assert (first.parameters["RoleArn"], first.access_key_id) == (arn("middle"), ACCESS_KEY_ID)
    assert second.parameters["RoleArn"] == arn("end")
    assert second.access_key_id.startswith("ASIA")
    assert not first.has_session_token
    assert second.has_session_token


def test_every_setting_of_a_role_is_sent(moto: Emulator, home: Path) -> None:
    where = system(KEYSTEAD_MFA_CODE=MFA_CODE)
    settings = {
        "external_id": "partner-7",
        "mfa_serial": MFA_SERIAL,
        "role_session_name": "me@example",
        "duration_seconds": "1800",
    }
    credentials = resolve(where, store_of(where, base=KEYS, p=role("p", "base", **settings)), "p")
    first, second = (dict(call.parameters) for call in moto.recorder.calls)
    assert first == {"SerialNumber": MFA_SERIAL, "TokenCode": MFA_CODE}
    assert second == {
        "RoleArn": arn("p"),
        "RoleSessionName": "me@example",
        "ExternalId": "partner-7",
        "DurationSeconds": "1800",
    }
    lifetime = credentials.expires_at - where.clock()
    assert timedelta(minutes=29) < lifetime < timedelta(minutes=31)


def test_mfa_code_is_used_once(moto: Emulator, home: Path) -> None:
    where = system(KEYSTEAD_MFA_CODE=MFA_CODE)
    store = store_of(
        where,
        base=KEYS,
        middle=role("middle", "base", mfa_serial=MFA_SERIAL),
        end=role("end", "middle", mfa_serial=f"{MFA_SERIAL}-of-another-account"),
    )
    with pytest.raises(InteractionRequired) as caught:
        resolve(where, store, "end")
    assert "KEYSTEAD_MFA_CODE" in caught.value.hint
    assert [call.operation for call in moto.recorder.calls] == ["GetSessionToken", "AssumeRole"]


@pytest.mark.parametrize(
    "code", ["12345", "1234567", "abcdef", "12 456", "\u0661\u0662\u0663\u0664\u0665\u0666"]
)
def test_malformed_mfa_code_is_not_sent(moto: Emulator, home: Path, code: str) -> None:
    where = system(KEYSTEAD_MFA_CODE=code)
    store = store_of(where, base=KEYS, p=role("p", "base", mfa_serial=MFA_SERIAL))
    with pytest.raises(InteractionRequired):
        resolve(where, store, "p")
    assert moto.recorder.calls == []


def test_credentials_are_renewed_before_expiry(moto: Emulator, home: Path) -> None:
    passing = Passing()
    moto.recorder.clock = passing.clock
    where = System(clock=passing.clock, uptime=passing.uptime, terminal=NoTerminal())
    store = store_of(where, base=KEYS, p=role("p", "base"))
    resolver = resolver_of(where, store)
    provider = ProfileCredentials(where, resolver, resolver.plan("p"), lambda _: None)
    first = provider.retrieve()
    passing.ahead = timedelta(minutes=49)
    assert provider.retrieve() is first
    passing.ahead = timedelta(minutes=51)
    second = provider.retrieve()
    assert second.access_key_id != first.access_key_id
    passing.ahead = timedelta(hours=9)
    assert provider.retrieve() is not second
    names = {call.parameters["RoleSessionName"] for call in moto.recorder.calls}
    assert len(names) == 1  # the role session name is generated once and reused for refreshes


def test_a_short_session_is_not_renewed_at_every_call(moto: Emulator, home: Path) -> None:
    where = system()
    store = store_of(where, base=KEYS, p=role("p", "base", duration_seconds="900"))
    resolver = resolver_of(where, store)
    provider = ProfileCredentials(where, resolver, resolver.plan("p"), lambda _: None)
    assert provider.retrieve() is provider.retrieve()
    assert len(moto.recorder.calls) == 1


# What follows is enforced by ministack: signatures, trust policies, external ids, session tokens.


def strict_world(stack: Emulator, where: System, *, external_id: str | None = None) -> SharedStore:
    world = furnish(stack)
    if external_id:
        user = f"arn:aws:iam::{world.role_arn.split(':')[4]}:user/my_source_user"
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": user},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
                }
            ],
        }
        stack.client("iam").update_assume_role_policy(
            RoleName="role-i-want-to-assume", PolicyDocument=json.dumps(trust)
        )
    keys = {
        "aws_access_key_id": world.access_key_id,
        "aws_secret_access_key": world.secret_access_key,
    }
    return store_of(where, base=keys, p={"role_arn": world.role_arn, "source_profile": "base"})


def change(store: SharedStore, name: str, **settings: str) -> None:
    store.change(name, lambda _: settings)


def test_a_role_may_do_what_its_policy_says(ministack: Emulator, home: Path) -> None:
    where = system()
    credentials = resolve(where, strict_world(ministack, where), "p")
    answer = call(where, "s3", "ListBuckets", credentials)
    assert len(answer["Buckets"]) == 2
    with pytest.raises(ProviderError):
        call(where, "iam", "ListUsers", credentials)


@pytest.mark.parametrize(
    ("given", "works"), [("right-id", True), ("wrong-id", False), (None, False)]
)
def test_external_id_is_sent(
    ministack: Emulator, home: Path, given: str | None, works: bool
) -> None:
    where = system()
    store = strict_world(ministack, where, external_id="right-id")
    if given:
        change(store, "p", external_id=given)
    if works:
        assert resolve(where, store, "p").session_token
        return
    with pytest.raises(ProviderError) as caught:
        resolve(where, store, "p")
    assert "AccessDenied" in caught.value.message
    assert "external_id" in caught.value.hint


def test_a_wrong_secret_key_is_refused_and_not_shown(ministack: Emulator, home: Path) -> None:
    where = system()
    store = strict_world(ministack, where)
    change(store, "base", aws_secret_access_key=SECRET_KEY)
    with pytest.raises(ProviderError) as caught:
        resolve(where, store, "p")
    assert SECRET_KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.hint


def test_a_role_that_does_not_trust_the_user(ministack: Emulator, home: Path) -> None:
    where = system()
    store = strict_world(ministack, where)
    change(store, "p", role_arn="arn:aws:iam::000000000000:role/somebody-elses")
    with pytest.raises(ProviderError):
        resolve(where, store, "p")


def test_a_wrong_session_token_is_refused(ministack: Emulator, home: Path) -> None:
    where = system()
    credentials = resolve(where, strict_world(ministack, where), "p")
    broken = Credentials(credentials.access_key_id, credentials.secret_access_key, "wrong")
    with pytest.raises(ProviderError):
        identity(where, broken)


def test_unreachable_sts(home: Path) -> None:
    where = system(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_REGION="eu-west-1")
    store = store_of(where, base=KEYS, p=role("p", "base"))
    with pytest.raises(ProviderError) as caught:
        resolve(where, store, "p")
    assert "could not be called" in caught.value.message
    assert "network" in caught.value.hint


def test_file_that_botocore_refuses_does_not_matter(moto: Emulator, home: Path) -> None:
    where = system(AWS_PROFILE="not-there")
    store = store_of(where, base=KEYS, p=role("p", "base"))
    with (home / ".aws" / "config").open("a") as file:
        file.write("[default]\nregion = eu-west-1\nregion = eu-west-2\n[default]\n")
    assert resolve(where, store, "p").session_token
