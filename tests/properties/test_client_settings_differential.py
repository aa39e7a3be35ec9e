"""A profile's requests go to the same host over every channel of keystead: where boto3 sends them
with the profile.

Each world is a pair of shared files and an environment, made from a seed: all settings that say
where requests go or how, in the profile, its source, `default`, a services section and variables.
The judge is botocore with the profile.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions
import botocore.session
import pytest
from botocore.loaders import create_loader

from keystead.app import App
from keystead.app.program import prepare, variables_alone
from keystead.delivery import wire
from keystead.delivery.sdk_credentials import core_session
from keystead.errors import KeysteadError, ProfileInvalid
from keystead.model.client_settings import SETTINGS
from keystead.model.credentials import Credentials
from keystead.resolve.aws.client import AwsClient
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.effort import amount

pytestmark = pytest.mark.posix("an environment without what Windows itself needs")

KEYS = Credentials(ACCESS_KEY_ID, SECRET_KEY, source="a test")
LOADER = create_loader()

OPERATIONS: Mapping[str, tuple[str, dict[str, str]]] = {
    "sts": ("get_caller_identity", {}),
    "s3": ("get_object", {"Bucket": "bucket", "Key": "key"}),
    "logs": ("describe_log_groups", {}),
}
"""What is called of each service; the second has many settings, the third an id of its own."""

IN_PLACE_OF_SECTIONS = {"AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}
REGIONS = ("eu-west-1", "us-east-1", "us-gov-west-1", "cn-north-1")
URLS = ("http://one.example", "https://two.example:8443/path", "http://127.0.0.1:4566")
SWITCH = ("true", "false", "True")
VALUES: Mapping[str, tuple[str, ...]] = {
    "use_fips_endpoint": SWITCH,
    "use_dualstack_endpoint": SWITCH,
    "sts_regional_endpoints": ("legacy", "regional"),
    "ca_bundle": ("/ca/one.pem", "/ca/two.pem"),
    "retry_mode": ("legacy", "standard", "adaptive"),
    "max_attempts": ("1", "3", "7"),
    "defaults_mode": ("legacy", "standard", "in-region"),
    "s3_use_arn_region": SWITCH,
    "s3_us_east_1_regional_endpoint": ("legacy", "regional"),
    "disable_host_prefix_injection": SWITCH,
    "request_checksum_calculation": ("when_required", "when_supported"),
    "tcp_keepalive": SWITCH,
}
BLOCKS = {
    "addressing_style": ("path", "virtual"),
    "use_dualstack_endpoint": SWITCH,
    "use_accelerate_endpoint": SWITCH,
    "us_east_1_regional_endpoint": ("legacy", "regional"),
    "max_concurrent_requests": ("5",),
}


def settings_of(chance: random.Random, often: float) -> dict[str, Any]:
    """Settings of one profile, each there with that probability."""

    def now(factor: float = 1.0) -> bool:
        return chance.random() < often * factor

    found: dict[str, Any] = {"region": chance.choice(REGIONS)} if now(2) else {}
    found |= {name: chance.choice(values) for name, values in VALUES.items() if now(0.5)}
    if now():
        found["endpoint_url"] = chance.choice(URLS)
    if now():
        found["services"] = chance.choice(("one", "two", "two", "missing"))
    if now(0.7):
        found["ignore_configured_endpoint_urls"] = chance.choice(SWITCH)
    block = {name: chance.choice(values) for name, values in BLOCKS.items() if now(0.5)}
    return found | ({"s3": block} if block and now(1.5) else {})


def section(title: str, values: Mapping[str, Any]) -> str:
    lines = [f"[{title}]"]
    for name, value in values.items():
        if isinstance(value, dict):
            lines += [f"{name} =", *(f"  {inner} = {text}" for inner, text in value.items())]
        else:
            lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"


def world(seed: int, folder: Path) -> dict[str, str]:
    """The environment of a world whose files are written to ``folder``."""
    chance = random.Random(seed)
    config = section("default", settings_of(chance, 0.3)) if chance.random() < 0.8 else ""
    config += section("profile p", settings_of(chance, 0.4))
    config += section("profile role", {"role_arn": ROLE, "source_profile": "source"})
    config += "".join(
        f"{name} = {value}\n"
        for name, value in settings_of(chance, 0.4).items()
        if isinstance(value, str)
    )
    config += section("profile source", settings_of(chance, 0.4))
    config += section("services one", {"s3": {"endpoint_url": URLS[0]}})
    of_logs = {"cloudwatch_logs": {"endpoint_url": URLS[1]}, "sts": {"endpoint_url": URLS[2]}}
    config += section("services two", of_logs)
    keys = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
    credentials = section("p", keys) + section("source", keys)
    if chance.random() < 0.2:
        credentials += section("default", {**keys, "region": chance.choice(REGIONS)})
    (folder / "config").write_text(config)
    (folder / "credentials").touch(mode=0o600)
    (folder / "credentials").write_text(credentials)
    environ = {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "KEYSTEAD_HOME": str(folder / "keystead"),
        "HOME": str(folder),
        "USERPROFILE": str(folder),
    }
    if chance.random() < 0.3:
        environ["AWS_DEFAULT_REGION"] = chance.choice(REGIONS)
    for name, values in VALUES.items():
        variable = next(row.variable for row in SETTINGS if row.name == name)
        if variable and chance.random() < 0.08:
            environ[variable] = chance.choice(values)
    for variable in ("", "_S3", "_CLOUDWATCH_LOGS"):
        if chance.random() < 0.12:
            environ[f"AWS_ENDPOINT_URL{variable}"] = chance.choice(URLS)
    if chance.random() < 0.1:
        environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = chance.choice(SWITCH)
    return environ


ROLE = "arn:aws:iam::123456789012:role/one"
Seen = dict[str, Any]


@contextmanager
def environment(environ: Mapping[str, str]) -> Iterator[None]:
    """botocore reads the environment of its process."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Sent(Exception):
    """A request was about to be sent."""


def request_of(client: Any, operation: str, parameters: Mapping[str, str]) -> str:
    """Where the request goes that a client would send, without sending it."""
    urls: list[str] = []

    def sent(request: Any, **_: object) -> None:
        urls.append(request.url)
        raise _Sent

    client.meta.events.register("before-send", sent)
    with suppress(_Sent):
        getattr(client, operation)(**parameters)
    parts = urlsplit(urls[0])
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def seen(make: Callable[[str], Any]) -> Seen:
    """Where the requests of a channel go, with which certificates, and how often they are tried."""
    found: Seen = {}
    for service, (operation, parameters) in OPERATIONS.items():
        try:
            client = make(service)
            config = client.meta.config
            found[service] = (
                request_of(client, operation, parameters),
                client._endpoint.http_session._verify,
                config.retries,
                config.request_checksum_calculation,
                config.inject_host_prefix,
            )
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            found[service] = type(error).__name__
    return found


def of_session(session: Any, **keys: str) -> Seen:
    session.register_component("data_loader", LOADER)
    return seen(lambda service: session.create_client(service, **keys))


def by_botocore(environ: Mapping[str, str], profile: str | None) -> Seen:
    with environment(environ):
        return of_session(botocore.session.Session(profile=profile))


def of_program(environ: Mapping[str, str]) -> Seen:
    """What a program with boto3 sends that has this environment."""
    return by_botocore(environ, None)


@pytest.fixture(params=range(amount(short=12, full=500)))
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    return world(request.param, tmp_path)


def test_every_channel_sends_requests_where_botocore_does_with_the_profile(
    environ: dict[str, str],
) -> None:
    judge = by_botocore(environ, "p")
    app = App(System(environ=environ))
    selected = app.select("p")
    try:
        settings = selected.client_settings
    except ProfileInvalid:
        # Refused whatever variables say; botocore looks for the section when it needs it.
        assert "InvalidConfigError" in judge.values() or IN_PLACE_OF_SECTIONS & environ.keys()
        return
    given = wire.variables(KEYS)
    prepared = prepare(app, selected, given, hide_files=False)
    assert of_program(prepared.environment) == judge, "exec"
    hidden = prepare(app, selected, given, hide_files=True)
    assert of_program(hidden.environment) == judge, "exec --hide-files"
    for made in (prepared, hidden):
        if made.at_end:
            made.at_end()
    with suppress(ProfileInvalid):
        alone = wire.child_environment(environ, {**given, **variables_alone(selected)})
        assert of_program(alone) == judge, "env"
    with environment(environ):
        core = core_session(botocore.session.Session, app.select("p").session_source())
        keys = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
        assert of_session(core, **keys) == judge, "session"
        own = seen(lambda service: AwsClient(System(), settings).botocore_client(service))
    # keystead signs for a region where botocore refuses, and has its own patience where none is set.
    for service, found in judge.items():
        if found != "NoRegionError":
            assert own[service] == found or own[service][:2] == found[:2], "cmdlets and whoami"
            if settings.get("max_attempts") and isinstance(found, tuple):
                assert own[service][2]["total_max_attempts"] == found[2]["total_max_attempts"]


def test_settings_exported_for_another_profile_change_no_request(
    environ: dict[str, str],
) -> None:
    judge = by_botocore(environ, "p")
    app = App(System(environ=environ))
    try:
        given = {**wire.variables(KEYS), **app.select("source").for_program().variables}
        before = wire.child_environment(environ, given)
        nested = App(System(environ=before))
        prepared = prepare(nested, nested.select("p"), wire.variables(KEYS), hide_files=False)
    except ProfileInvalid:
        return
    assert of_program(prepared.environment) == judge
    if prepared.at_end:
        prepared.at_end()
    with environment(before):
        core = core_session(botocore.session.Session, nested.select("p").session_source())
        keys = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
        assert of_session(core, **keys) == judge


def test_a_role_is_assumed_where_botocore_assumes_it(environ: dict[str, str]) -> None:
    urls: list[str] = []

    def sent(request: Any, **_: object) -> None:
        urls.append(request.url)
        raise _Sent

    with environment(environ):
        session = botocore.session.Session(profile="role")
        session.register_component("data_loader", LOADER)
        session.get_component("event_emitter").register("before-send.sts.AssumeRole", sent)
        refused = None
        try:
            session.create_client("logs").describe_log_groups()
        except (botocore.exceptions.BotoCoreError, ValueError, _Sent) as error:
            refused = error
    app = App(System(environ=environ))
    try:
        [call] = app.select("role").calls
    except (KeysteadError, ValueError):
        assert not urls or "services = missing" in Path(environ["AWS_CONFIG_FILE"]).read_text()
        return
    if isinstance(refused, botocore.exceptions.NoRegionError):
        return  # the client after the role has none
    parts = urlsplit(urls[0])
    assert call.endpoint_url is not None
    assert urls[0].startswith(call.endpoint_url) or f"{parts.scheme}://{parts.netloc}" == (
        call.endpoint_url
    )
