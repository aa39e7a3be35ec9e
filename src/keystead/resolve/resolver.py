"""Does what a plan says: takes the keys of its base, then one AssumeRole call for each step.

Sessions that were got before serve again, and of all who ask for one at once a single one calls.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Protocol

from keystead.errors import ProviderError
from keystead.model.credentials import Credentials
from keystead.model.plan import AssumeRoleStep, Plan, make_plan
from keystead.model.profile import ProfileSource
from keystead.model.rules import has_control
from keystead.model.session import Session
from keystead.resolve import aws
from keystead.resolve.bases import KEPT, Place, base_credentials, identity
from keystead.resolve.mfa import MfaCodes
from keystead.resolve.sessionkey import session_keys
from keystead.system import System

_EPOCH_TICKS = 621_355_968_000_000_000
"""Ticks of 100 ns from 0001-01-01, where .NET begins to count, to 1970-01-01."""

_WINDOW = timedelta(minutes=10)
"""How long before its end a session is renewed, as botocore's mandatory window."""


def session_name(now: datetime) -> str:
    """A role session name for profiles that set none: ``keystead-`` and .NET ticks of ``now``."""
    since_epoch = now.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return f"keystead-{_EPOCH_TICKS + since_epoch // timedelta(microseconds=1) * 10}"


class Sessions(Protocol):
    """Where sessions are kept, by names that `session_keys` gives."""

    def get(self, key: str) -> Session | None:
        """The session; it may have ended."""
        ...

    def put(self, key: str, session: Session) -> None:
        """Keeps it, where that can be done."""
        ...

    def drop(self, key: str) -> None:
        """Forgets it."""
        ...

    def alone(self, key: str) -> AbstractContextManager[None]:
        """Keeps others from getting that session meanwhile."""
        ...


class Resolver:
    """Turns plans into credentials.

    ``source`` is where profiles are looked up, ``region`` what is in effect for steps whose
    profile sets none, ``codes`` the process's MFA codes, ``sessions`` the ones got before.
    """

    def __init__(
        self,
        system: System,
        source: ProfileSource,
        codes: MfaCodes,
        sessions: Sessions,
        region: str | None = None,
    ) -> None:
        self._system = system
        self._source = source
        self._codes = codes
        self._sessions = sessions
        self._region = region

    def plan(self, name: str) -> Plan:
        """The plan for the profile, with the names of its role sessions settled."""
        return make_plan(name, self._source).named(session_name(self._system.clock()))

    def run(self, plan: Plan) -> Credentials:
        """Credentials by ``plan``, from the cache where it has some that live on for a while.

        Raises `ProviderError` when STS refuses, `InteractionRequired` when a code is due and
        nobody can be asked, `StoreUnavailable` when the keys are in a store that stays locked.
        """
        for name in dict.fromkeys((*(step.profile for step in plan.steps), plan.base.profile)):
            self._confirm(name)
        if not plan.steps and plan.base.kind not in KEPT:
            return self._base(plan)
        keys = self._keys(plan)
        kept = self._sessions.get(keys[-1])
        if kept and self._will_do(kept, plan):
            return kept.credentials
        with self._sessions.alone(keys[-1]):
            kept = self._sessions.get(keys[-1])  # perhaps somebody got it while we waited
            if kept and self._will_do(kept, plan):
                return kept.credentials
            try:
                return self._walk(plan, keys)
            except ProviderError:
                if kept and kept.serves(self._system.clock()):
                    return kept.credentials  # renewing early is a wish, not a need
                raise

    def cached(self, plan: Plan) -> Session | None:
        """What the cache has for the plan. Opens the keys of its base; raises as `run` does."""
        if not plan.steps and plan.base.kind not in KEPT:
            return None
        return self._sessions.get(self._keys(plan)[-1])

    def _base(self, plan: Plan) -> Credentials:
        return base_credentials(self._place(plan))

    def _place(self, plan: Plan) -> Place:
        profile = self._source.find(plan.base.profile)
        return Place(plan.base, profile, self._system, self._region)

    def _will_do(self, session: Session, plan: Plan) -> bool:
        """Whether to hand it out without trying for a new one: not for the sake of a prompt."""
        now = self._system.clock()
        return session.serves(now) if plan.mfa_serials else session.fresh(now)

    def _keys(self, plan: Plan) -> list[str]:
        """The names of the sessions: the base's, then one for each step."""
        regions = [step.region or self._region for step in plan.steps]
        endpoint = aws.configured_endpoint("sts", self._system.environ)
        return session_keys(plan, identity(self._place(plan), plan), regions, endpoint)

    def _walk(self, plan: Plan, keys: list[str]) -> Credentials:
        """All steps, from the last session on the way that serves."""
        done, credentials = 0, None
        for number in reversed(range(len(keys) - 1)):
            kept = self._sessions.get(keys[number])
            if kept and kept.serves(self._system.clock()):
                done, credentials = number, kept.credentials
                break
        if credentials is None:
            return self._steps(plan, 0, self._started(plan, keys), keys)
        try:
            return self._steps(plan, done, credentials, keys)
        except ProviderError as error:
            if error.code is None:
                raise
            self._sessions.drop(keys[done])  # it may be what STS refused
            return self._steps(plan, 0, self._started(plan, keys), keys)

    def _started(self, plan: Plan, keys: list[str]) -> Credentials:
        made = self._system.clock()
        credentials = self._base(plan)
        if plan.base.kind in KEPT and credentials.expires_at is not None:
            self._sessions.put(keys[0], Session(credentials, made))
        return credentials

    def _steps(
        self, plan: Plan, done: int, credentials: Credentials, keys: list[str]
    ) -> Credentials:
        for step, key in list(zip(plan.steps, keys[1:], strict=True))[done:]:
            made = self._system.clock()
            credentials = self._assume(step, credentials)
            self._sessions.put(key, Session(credentials, made))
        return credentials

    def _confirm(self, name: str) -> None:
        """Has the store prove a profile: a planted role would otherwise be assumed unchecked.

        A profile that is made of parameters alone is in no store.
        """
        profile = self._source.find(name)
        if profile.confirm is not None:
            profile.confirm()

    def _assume(self, step: AssumeRoleStep, credentials: Credentials) -> Credentials:
        parameters: dict[str, Any] = {
            "RoleArn": step.role_arn,
            "RoleSessionName": step.role_session_name,
        }
        if step.external_id:
            parameters["ExternalId"] = step.external_id
        if step.duration_seconds:
            parameters["DurationSeconds"] = step.duration_seconds
        if step.mfa_serial:
            parameters["SerialNumber"] = step.mfa_serial
            parameters["TokenCode"] = self._codes.code(step.mfa_serial, step.profile)
        answer = aws.call(
            "sts",
            "AssumeRole",
            parameters,
            credentials=credentials,
            region=step.region or self._region,
            environ=self._system.environ,
        )
        return temporary_credentials(
            answer, operation="AssumeRole", source=f"{credentials.source} > {step.role_arn}"
        )


def temporary_credentials(answer: dict[str, Any], *, operation: str, source: str) -> Credentials:
    """The credentials in an answer of STS. Raises `ProviderError` when it has none of use."""
    keys = answer.get("Credentials", {})
    texts = [keys.get(name) or "" for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    ends = keys.get("Expiration")
    if not all(texts) or any(map(has_control, texts)) or not isinstance(ends, datetime):
        raise aws.unusable("sts", operation)
    key, secret, token = texts
    account = answer.get("AssumedRoleUser", {}).get("Arn", "").split(":")[4:5]
    return Credentials(
        key,
        secret,
        token,
        ends if ends.tzinfo else ends.replace(tzinfo=UTC),
        account[0] if account else None,
        source,
    )


class ProfileCredentials:
    """The credentials of one plan for as long as somebody needs them: renewed before they end.

    Thread-safe: however many threads ask at once, one of them renews.
    """

    def __init__(self, system: System, resolver: Resolver, plan: Plan) -> None:
        self._system = system
        self._resolver = resolver
        self.plan = plan
        self._lock = Lock()
        self._kept: Credentials | None = None
        self._window = _WINDOW

    def retrieve(self) -> Credentials:
        """Credentials that live on for a while. Raises what `Resolver.run` raises."""
        with self._lock:
            now = self._system.clock()
            if self._kept is None or not self._kept.fresh(now, self._window):
                self._kept = self._resolver.run(self.plan)
                if self._kept.expires_at is not None:
                    # A window longer than the session itself would renew at every call.
                    self._window = min(_WINDOW, (self._kept.expires_at - now) / 4)
            return self._kept
