"""Runs a plan: the credentials of its base, then one call to STS after the other.

Cached sessions are reused, and concurrent requests for a session make one call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from keystead.errors import InteractionRequired, KeysteadError, ProviderError, WrongMfaCode
from keystead.model.assume_role import AssumeRoleStep
from keystead.model.calls import Call
from keystead.model.credentials import Credentials
from keystead.model.plan import Plan
from keystead.model.plan_json import due_serials
from keystead.model.profile import ProfileSource
from keystead.model.role_options import request_members
from keystead.model.session import Session
from keystead.model.session_token_call import SessionTokenCall
from keystead.model.sources.process import Process
from keystead.resolve.providers import retrieve, session_of
from keystead.resolve.providers.provider import ProviderContext
from keystead.value import NamedTuple, Protocol, Value, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any

    from keystead.resolve.mfa import MfaCodes

ALONE_SECONDS = 150.0
"""How long to wait for a process that gets the same session: longer than all attempts of a call."""

ASKING_SECONDS = 600.0
"""The same, where a person may be looking for a telephone."""

_RECENT = timedelta(minutes=15)
"""An MFA session younger than this is what no role can refuse for its age."""

_REFUSED = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Error codes of STS for credentials that are no longer valid, or not yet."""


_PLAIN_KEYS = "without --session the long-term keys themselves are handed out"


class Sessions(Protocol):
    """Where sessions are cached, by names that `session_keys` gives."""

    def get(self, key: str) -> Session | None:
        """The session; it may have ended."""

    def put(self, key: str, session: Session) -> None:
        """Caches it, where that is possible."""

    def drop(self, key: str) -> None:
        """Removes it."""

    def alone(self, key: str, seconds: float) -> AbstractContextManager[bool]:
        """Holds the lock on getting that session; waits so long for the process that has it.

        False: that process has cached one, and the lock is not held.
        """

    @property
    def flights(self) -> Sessions:
        """Where what a program prints waits for those who have asked for the same meanwhile."""


class _Got(NamedTuple):
    session: Session
    was_cached: bool


class ChainExecutor(Value):
    """One run of a plan, from the base (number 0) to its last step, each with its session's name.

    The user's session, where the plan has one, is number 1. ``called`` has the call of each number
    from 1 on. ``base`` are the credentials of number 0 where they are there already.
    """

    plan: Plan
    context: ProviderContext
    base: Session | None
    called: Sequence[Call]
    keys: Sequence[str]
    codes: Callable[[], MfaCodes]
    sessions: Sessions
    source: ProfileSource
    began: datetime
    used: list[tuple[str, str]] = field(default_factory=list)
    """Devices and codes of which a session came that is not cached yet."""

    def session(self) -> Session:
        """The session of the last number; none is got of what is one already."""
        if self.plan.user_session and isinstance(self.plan.base, Process):
            printed = self._get(0, renew=True).session
            if printed.credentials.session_token:
                return printed
        return self._get(len(self.keys) - 1, renew=True).session

    def cached(self, number: int) -> Session | None:
        """What the cache has, if it can be trusted to tell its end."""
        system = self.context.system
        cached = self.sessions.get(self.keys[number])
        if cached is None or not cached.clock_consistent(system.clock(), system.uptime()):
            return None
        return cached

    def _get(self, number: int, *, renew: bool, without: Session | None = None) -> _Got:
        """The session of a number, cached or got now; by one thread of one process at a time.

        ``renew``: one that is about to expire is replaced, if that prompts nobody. ``without``
        is one that is not wanted any more.
        """
        if number == 0 and self.base:
            return _Got(self.base, was_cached=False)
        if number == 0 and not self.plan.base.is_cached:
            return _Got(
                session_of(retrieve(self.plan.base, self.context), self.context.system),
                was_cached=False,
            )
        cached = self._usable(number, without)
        if cached and self._will_do(cached, renew=renew):
            return _Got(cached, was_cached=True)
        with self.sessions.alone(self.keys[number], self._patience()) as is_turn:
            cached = self._usable(number, without)  # perhaps somebody got it while we waited
            if cached and self._will_do(cached, renew=renew):
                return _Got(cached, was_cached=True)
            if not is_turn:
                return self._get(number, renew=renew, without=without)
            try:
                made = session_of(self._made(number), self.context.system)
            except KeysteadError:
                if cached:
                    return _Got(cached, was_cached=True)  # renewing early is a wish, not a need
                raise
            self.sessions.put(self.keys[number], made)
            while self.used:  # only now: who dies before has others try the code again
                self.codes().spend(*self.used.pop())
            return _Got(made, was_cached=False)

    def _usable(self, number: int, without: Session | None) -> Session | None:
        cached = self.cached(number)
        if cached is None or cached == without:
            return None
        if not cached.has_expiry:
            return cached if cached.made >= self.began else None
        return cached if cached.serves(self.context.system.clock()) else None

    def _will_do(self, cached: Session, *, renew: bool) -> bool:
        """Whether to hand it out without trying for a new one: not for the sake of a prompt."""
        now = self.context.system.clock()
        return not renew or not cached.has_expiry or cached.fresh(now) or bool(self._due(now))

    def _due(self, now: datetime) -> list[str]:
        """The devices whose codes would be asked for to get a new last session."""
        before = [self.cached(number) for number in range(len(self.keys) - 1)]
        return due_serials(self.plan, [*before, None], now)

    def _patience(self) -> float:
        return ASKING_SECONDS if self.plan.mfa_serials else ALONE_SECONDS

    def _made(self, number: int) -> Credentials:
        """What the base, or the call of that number, gives now."""
        if number == 0:
            return retrieve(self.plan.base, self.context)
        before = self._get(number - 1, renew=False)
        try:
            return self._called(number, before.session.credentials)
        except ProviderError as error:
            if not before.was_cached or isinstance(error, WrongMfaCode):
                raise
            if error.code in _REFUSED:
                self.sessions.drop(self.keys[number - 1])
            elif not (error.code == "AccessDenied" and self._is_old_mfa(number - 1, before)):
                raise
            return self._made_again(number, before.session, error)

    def _is_old_mfa(self, number: int, got: _Got) -> bool:
        """Whether a role may have refused because the code was typed too long ago."""
        is_mfa = self.plan.user_session is not None and number == 1
        return is_mfa and self.context.system.clock() - got.session.made > _RECENT

    def _made_again(self, number: int, refused: Session, error: ProviderError) -> Credentials:
        try:
            before = self._get(number - 1, renew=False, without=refused)
        except InteractionRequired:
            raise error from None
        return self._called(number, before.session.credentials)

    def _called(self, number: int, credentials: Credentials) -> Credentials:
        first, call = self.plan.user_session, self.called[number - 1]
        if first and number == 1:
            return self._user_session(first, call, credentials)
        step = self.plan.steps[number - (2 if first else 1)]
        # The session answers for its device. Further on it is a role that asks, which has none.
        serial = None if first and step.mfa_serial == first.mfa_serial else step.mfa_serial
        return self._assumed(step, serial, call, credentials)

    def _user_session(
        self, session: SessionTokenCall, call: Call, credentials: Credentials
    ) -> Credentials:
        asker = self.plan.steps[0].profile if self.plan.steps else self.plan.profile
        try:
            answer = self._asked(call, credentials, {}, session.mfa_serial, asker)
        except ProviderError as error:
            if self.plan.steps:
                raise
            raise ProviderError(
                f"cannot get a session for the long-term keys of profile `{asker}`: {error}",
                id=error.id,
                hint="; ".join(filter(None, (error.hint, _PLAIN_KEYS))),
                code=error.code,
            ) from None
        from keystead.resolve.sts_response import temporary_credentials

        source = f"{credentials.source} > {session.name}"
        return temporary_credentials(answer, call.operation, source, self.context.system)

    def _assumed(
        self, step: AssumeRoleStep, serial: str | None, call: Call, credentials: Credentials
    ) -> Credentials:
        parameters = {"RoleArn": step.role_arn, **request_members(step)}
        answer = self._asked(call, credentials, parameters, serial, step.profile)
        from keystead.resolve.sts_response import temporary_credentials

        # Where it came from, without the device of an MFA session on the way.
        start = credentials.source
        if self.plan.user_session:
            start = start.removesuffix(f" > {self.plan.user_session.name}")
        source = f"{start} > {step.role_arn}"
        return temporary_credentials(answer, call.operation, source, self.context.system)

    def _asked(
        self,
        call: Call,
        credentials: Credentials,
        parameters: dict[str, Any],
        serial: str | None,
        asker: str,
    ) -> dict[str, Any]:
        """The answer of STS, with a code of the device ``serial``, which ``asker`` is to say, if
        there is one.
        """
        from keystead.resolve.aws.client import AwsClient  # only for a call

        client = AwsClient(self.context.system, self.plan.client_settings, credentials)

        def ask_sts(code: Mapping[str, str]) -> dict[str, Any]:
            return client.call(call.service, call.operation, {**parameters, **code})

        if serial is None:
            return ask_sts({})

        def with_code(code: str) -> dict[str, Any]:
            try:
                answer = ask_sts({"SerialNumber": serial, "TokenCode": code})
            except ProviderError as error:
                if error.code:  # it came to STS, which has seen the code
                    self.codes().spend(serial, code)
                raise
            self.used.append((serial, code))
            return answer

        profiles = (self.source.find(asker), self.context.profile)
        return self.codes().use(serial, profiles, with_code)
