"""Wrong clocks, throttling and outages: retries where they help, and never expired keys."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from devtools.service import Reply, Request, Service, serving
from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.errors import ProviderError
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY
from tests.effort import amount

ROLE = "arn:aws:iam::123456789012:role/"
FILES = f"""[base]
aws_access_key_id = {ACCESS_KEY_ID}
aws_secret_access_key = {SECRET_KEY}
[one]
role_arn = {ROLE}one
source_profile = base
region = eu-west-1
[two]
role_arn = {ROLE}two
source_profile = one
region = eu-west-1
"""
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SKEW_ALLOWED = timedelta(minutes=5)
LIFE = timedelta(hours=1)


@pytest.fixture(autouse=True)
def files(write_credentials: Callable[[str], Path]) -> None:
    write_credentials(FILES)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore retries at once, as its pauses would be real seconds."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


class Sts:
    """An STS with a separate clock: it refuses requests by date, and expired keys."""

    def __init__(self) -> None:
        self.now = START
        self.ends: dict[str, datetime] = {}
        self.answers: list[Reply] = []
        """What it says before anything else, such as that it is throttled."""
        self.down = False

    def __call__(self, request: Request) -> Reply:
        if self.down:
            return Reply(503)
        if self.answers:
            return self.answers.pop(0)
        sent = datetime.strptime(request.headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        off = sent - self.now
        if abs(off) > SKEW_ALLOWED:
            when = "expired" if off < timedelta(0) else "not yet current"
            return refusal("SignatureDoesNotMatch", f"Signature {when}: {sent:%Y%m%dT%H%M%SZ}")
        token = request.headers.get("x-amz-security-token")
        if token and self.ends[token] <= self.now:
            return refusal("ExpiredToken", "The security token included in the request is expired")
        number = len(self.ends)
        asked = parse_qs(request.body.decode())
        life = timedelta(seconds=int(asked.get("DurationSeconds", ["3600"])[0]))
        self.ends[f"token-{number}"] = self.now + life
        ends = f"{self.now + life:%Y-%m-%dT%H:%M:%SZ}"
        keys = (
            f"<AccessKeyId>ASIA{number:016}</AccessKeyId><SecretAccessKey>secret-{number:020}"
            f"</SecretAccessKey><SessionToken>token-{number}</SessionToken>"
            f"<Expiration>{ends}</Expiration>"
        )
        result = f"<AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult>"
        return Reply(200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>")


def refusal(code: str, message: str, status: int = 403) -> Reply:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, f"<ErrorResponse>{error}</ErrorResponse>")


class Machine:
    """A machine whose clock is ``off`` from the true time, which is that of STS."""

    def __init__(self, sts: Sts, service: Service) -> None:
        self.sts = sts
        self.service = service
        self.off = timedelta(0)

    def app(self) -> App:
        """A new process on it."""
        return App(
            System(
                {**os.environ, "AWS_ENDPOINT_URL": self.service.url},
                clock=lambda: self.sts.now + self.off,
                uptime=lambda: (self.sts.now - START).total_seconds() + 1000,
                sleep=lambda _: None,
            )
        )

    def ends(self, token: str | None) -> datetime:
        """When the keys with that token really expire."""
        return self.sts.ends[token or ""]


@contextmanager
def machine() -> Iterator[Machine]:
    sts = Sts()
    with serving(sts, lambda: sts.now) as service:
        yield Machine(sts, service)


@pytest.mark.parametrize("hours", [-30, -2, 2, 30])
def test_wrong_local_clock_is_corrected(hours: int) -> None:
    with machine() as one:
        one.off = timedelta(hours=hours)
        found = one.app().select("two").credentials(Grantee("test"))
        # The expiry is by this machine's clock, with which other programs compare it.
        assert found.expires_at == START + LIFE + one.off
        assert len(one.service.requests) == 3  # one was refused
        assert one.app().select("two").credentials(Grantee("test")) == found
        assert len(one.service.requests) == 3


def test_correcting_the_clock_invalidates_cached_sessions() -> None:
    with machine() as one:
        one.off = timedelta(hours=2)
        first = one.app().select("one").credentials(Grantee("test"))
        one.off = timedelta(0)
        one.sts.now += timedelta(minutes=90)
        assert one.app().select("one").credentials(Grantee("test")) != first


def test_clock_that_jumps_invalidates_cached_sessions() -> None:
    with machine() as one:
        first = one.app().select("one").credentials(Grantee("test"))
        one.off = -timedelta(hours=2)
        one.sts.now += timedelta(minutes=90)  # ended, though the clock says half an hour is left
        second = one.app().select("one").credentials(Grantee("test"))
        assert second != first
        assert one.ends(second.session_token) > one.sts.now


def test_small_clock_offset_is_tolerated() -> None:
    with machine() as one:
        one.off = timedelta(seconds=40)
        assert one.app().select("one").credentials(Grantee("test")).expires_at == START + LIFE
        assert len(one.service.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        refusal("Throttling", "Rate exceeded", 400),
        refusal("RequestLimitExceeded", "Request limit exceeded", 503),
        Reply(500),
        Reply(502),
        Reply(503),
    ],
)
def test_throttled_and_failing_requests_are_retried(answer: Reply) -> None:
    with machine() as one:
        one.sts.answers = [answer] * 2
        assert one.app().select("one").credentials(Grantee("test")).session_token == "token-0"
        assert len(one.service.requests) == 3


def test_retries_have_a_limit() -> None:
    with machine() as one:
        one.sts.answers = [refusal("Throttling", "Rate exceeded", 400)] * 9
        with pytest.raises(ProviderError, match="Throttling"):
            one.app().select("one").credentials(Grantee("test"))
        assert len(one.service.requests) == 4


def test_refused_requests_are_not_retried() -> None:
    with machine() as one:
        one.sts.answers = [refusal("AccessDenied", "not authorized")] * 2
        with pytest.raises(ProviderError, match="AccessDenied"):
            one.app().select("one").credentials(Grantee("test"))
        assert len(one.service.requests) == 1


def test_refused_cached_session_is_dropped_once() -> None:
    with machine() as one:
        one.app().select("one").credentials(Grantee("test"))
        one.sts.ends["token-0"] = one.sts.now  # an administrator took it back
        assert one.app().select("two").credentials(Grantee("test")).session_token == "token-2"
        assert len(one.service.requests) == 4
        assert one.app().select("one").credentials(Grantee("test")).session_token == "token-1"


@pytest.mark.parametrize("seed", range(amount(short=1, full=5)))
def test_sessions_are_valid_through_a_whole_day(seed: int) -> None:
    """Steps of minutes, with outages, throttling and a clock that is changed at times.

    Keys are valid for at least five minutes when they are given out; while STS is up no request
    fails; and STS is called at most once for each expired session.
    """
    rng = random.Random(seed)
    with machine() as one:
        held = one.app().select("two").provider(None)
        asked = 0
        until_up = START
        while one.sts.now < START + timedelta(days=1):
            one.sts.now += timedelta(minutes=rng.choice((1, 3, 7, 12)))
            if rng.random() < 0.02:
                one.off = timedelta(minutes=rng.choice((0, 0, -200, -20, 20, 200)))
            if rng.random() < 0.015:
                until_up = one.sts.now + timedelta(minutes=rng.choice((1, 10, 30)))
            one.sts.down = one.sts.now < until_up
            one.sts.answers = [refusal("Throttling", "Rate exceeded", 400)] * rng.choice(
                (0, 0, 0, 1)
            )
            for ask in (
                lambda: one.app().select("two").credentials(Grantee("test")),
                held.retrieve,
            ):
                try:
                    found = ask()
                except ProviderError:
                    assert one.sts.down
                    continue
                asked += 1
                assert one.ends(found.session_token) > one.sts.now + SKEW_ALLOWED
    assert asked > 300
    assert len(one.sts.ends) < 120  # two roles, each about every three quarters of an hour
