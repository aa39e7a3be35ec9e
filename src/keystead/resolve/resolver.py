"""From the name of a profile to credentials: makes its plan, with session names, and runs it."""

from __future__ import annotations

from _thread import allocate_lock  # `threading` takes longer to load than this
from collections.abc import Callable, Iterator

from keystead.errors import FileProblem, KeysteadError, ProfileInvalid, ProviderError
from keystead.model.calls import Call, base_call, role_calls
from keystead.model.credentials import Credentials
from keystead.model.mfa import MFA_PROCESS, mfa_answer
from keystead.model.one_line import require_region_on_one_line
from keystead.model.plan import Plan, default_plan, make_plan, plan_in_session
from keystead.model.profile import Profile, ProfileSource
from keystead.model.role_options import RoleOptions
from keystead.model.session import Session
from keystead.resolve.providers import provider_of, retrieve, session_of
from keystead.resolve.providers.provider import ProviderContext
from keystead.system import System
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from keystead.model.plan_json import CachedSessions
    from keystead.resolve.chain_executor import ChainExecutor, Sessions
    from keystead.resolve.mfa import MfaCodes
    from keystead.resolve.program import Program
    from keystead.resolve.sso.place import SealedPlaces
    from keystead.system.path import Path

_EPOCH_TICKS = 621_355_968_000_000_000
"""Ticks of 100 ns from 0001-01-01, the epoch of .NET, to 1970-01-01."""


def session_name(now: datetime) -> str:
    """A role session name for profiles that set none: ``keystead-`` and .NET ticks of ``now``."""
    from datetime import UTC, datetime, timedelta

    since_epoch = now.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return f"keystead-{_EPOCH_TICKS + since_epoch // timedelta(microseconds=1) * 10}"


class Resolver:
    """Turns plans into credentials.

    ``source`` is where profiles are looked up; ``codes`` returns the process's MFA codes,
    ``sessions`` the ones got before, ``logins`` the sealed logins. ``region`` takes precedence
    over the environment's and the profile's.
    """

    def __init__(  # what a run needs, by its place
        self,
        system: System,
        source: ProfileSource,
        codes: Callable[[], MfaCodes],
        sessions: Callable[[], Sessions],
        logins: Callable[[], SealedPlaces],
        *,
        region: str | None = None,
    ) -> None:
        self._system = system
        self._source = source
        self._codes = codes
        self._sessions = sessions
        self._logins = logins
        self._region = region

    def plan(
        self, name: str | None, options: RoleOptions | None = None, *, in_session: bool = False
    ) -> Plan:
        """The plan for the profile, with the names of its role sessions settled.

        ``name`` None: what the default search finds. ``options`` take precedence over those
        of the profile, for the last role. ``in_session``: a session in place of a
        user's own keys.
        """
        environ = self._system.environ
        if name is None:
            plan = default_plan(environ, self._source)
        else:
            plan = make_plan(name, self._source)
        plan = plan.with_options(options or RoleOptions())
        settings = plan.client_settings.with_variables(environ)
        if self._region:
            settings = replace(settings, region=self._region)
        require_region_on_one_line(settings.region)
        plan = replace(plan, client_settings=settings)
        if in_session:
            plan = plan_in_session(plan, self._source)
        return plan.with_session_name(session_name(self._system.clock()))

    def calls(self, plan: Plan) -> list[Call]:
        """The calls of the plan when nothing is cached, in order."""
        first = base_call(plan)
        return [*([first] if first else ()), *role_calls(plan)]

    def run(self, plan: Plan) -> Session:
        """Credentials by ``plan``, from the cache where it has some that live on for a while.

        Raises `ProviderError` when STS refuses, `InteractionRequired` when a code is due and
        nobody can be asked, `StoreUnavailable` when the keys are in a store that stays locked.
        """
        for name in plan.profiles:
            self._confirm(name)
        context = self._context(plan)
        provider_of(plan.base, context).require_no_ring()
        for program in self._mfa_programs(plan, context.profile):
            program.require_no_ring(self._system)
        first = self._identity(plan, context)
        base = None if first else self._base(plan, context)
        if base and not plan.steps and not plan.user_session:
            return base
        return self._executor(plan, context, first, base).session()

    def cached(self, plan: Plan) -> CachedSessions:
        """What the cache has for base, MFA session and steps; empty where nothing is cached, or
        where that is not known without running a program or asking an endpoint.

        Opens the keys of the base; raises as `run` does.
        """
        context = self._context(plan)
        try:
            first = self._identity(plan, context)
        except (ProfileInvalid, FileProblem):
            return ()  # a token file cannot be read just now
        if not first and not (plan.base.is_local and (plan.steps or plan.user_session)):
            return ()
        base = None if first else self._base(plan, context)
        executor = self._executor(plan, context, first, base)
        return [executor.cached(number) for number in range(len(executor.keys))]

    def input_files(self, plan: Plan) -> list[Path] | None:
        """The files, in addition to those of profiles, that the credentials depend on; None where
        that cannot be said, so that another process may find others.
        """
        files = provider_of(plan.base, self._context(plan)).input_files()
        return None if files is None or not all(file.is_absolute() for file in files) else files

    def _identity(self, plan: Plan, context: ProviderContext) -> str | None:
        """What identifies the base in the names of sessions, where that is known before its
        credentials are; None: their key id does.
        """
        found = provider_of(plan.base, context).identity()
        if found is None:
            return None
        from keystead.resolve.cache_key import base_inputs

        # Where it is called counts, not the region of the profile, of which others may be.
        return base_inputs(plan, *found, *(base_call(plan) or ()))

    def _base(self, plan: Plan, context: ProviderContext) -> Session:
        """The credentials of a base that is not cached, shared by requests at one time."""
        inputs = provider_of(plan.base, context).flight_inputs()
        if inputs is None:
            return session_of(retrieve(plan.base, context), self._system)
        from keystead.resolve.cache_key import flight_key
        from keystead.resolve.chain_executor import ALONE_SECONDS

        began = self._system.clock()
        flights = self._sessions().flights
        key = flight_key(plan, inputs)
        with flights.alone(key, ALONE_SECONDS) as is_turn:
            found = flights.get(key)
            if found and found.made >= began and self._clock_consistent(found):
                return found
            if not is_turn:
                return self._base(plan, context)
            made = session_of(retrieve(plan.base, context), self._system)
            flights.put(key, made)
            return made

    def _clock_consistent(self, session: Session) -> bool:
        return session.clock_consistent(self._system.clock(), self._system.uptime())

    def _executor(
        self, plan: Plan, context: ProviderContext, first: str | None, base: Session | None
    ) -> ChainExecutor:
        from keystead.resolve.cache_key import key_inputs, session_keys
        from keystead.resolve.chain_executor import ChainExecutor

        called = role_calls(plan)
        base_identity = first or (key_inputs(base.credentials) if base else "")
        keys = session_keys(plan, base_identity, called, self._system.environ)
        began = self._system.clock()
        return ChainExecutor(
            plan, context, base, called, keys, self._codes, self._sessions(), self._source, began
        )

    def _mfa_programs(self, plan: Plan, base: Profile) -> Iterator[Program]:
        """The user's programs that may be run for MFA codes."""
        for asking in (plan.user_session, *plan.steps):
            if asking and asking.mfa_answer == MFA_PROCESS:
                answer = mfa_answer((self._source.find(asking.profile), base))
                if answer:
                    from keystead.resolve.program import Program

                    yield Program(MFA_PROCESS, answer[0])

    def _context(self, plan: Plan) -> ProviderContext:
        name = plan.base.profile
        profile = self._source.find(name) if name else Profile(name, {})
        return ProviderContext(profile, self._system, plan.client_settings, self._logins)

    def _confirm(self, name: str) -> None:
        """Has the store prove a profile: a planted role would otherwise be assumed unchecked.

        A profile that is made of parameters alone is in no store.
        """
        profile = self._source.find(name)
        if profile.confirm is not None:
            profile.confirm()


class ProfileCredentials:
    """The credentials of one plan for as long as somebody needs them: renewed before they end.

    ``granted`` is called with the first credentials and with each new ones; ``explained`` returns
    the error to raise for one of a provider. Thread-safe: however many threads ask at once, one of
    them renews.
    """

    def __init__(
        self,
        system: System,
        resolver: Resolver,
        plan: Plan,
        granted: Callable[[Credentials], None],
        explained: Callable[[ProviderError], KeysteadError] = lambda error: error,
    ) -> None:
        self._system = system
        self._resolver = resolver
        self.plan = plan
        self._granted = granted
        self._explained = explained
        self._lock = allocate_lock()
        self._cached: Session | None = None

    def input_files(self) -> list[Path] | None:
        """The files, in addition to those that profiles are in, that the credentials depend on.

        None where that cannot be said.
        """
        return self._resolver.input_files(self.plan)

    def retrieve(self) -> Credentials:
        """Credentials that live on for a while. Raises what `Resolver.run` raises."""
        with self._lock:
            if self._cached is None or not self._serves(self._cached):
                before, self._cached = self._cached, self._run()
                if before is None or before.credentials != self._cached.credentials:
                    self._granted(self._cached.credentials)
            return self._cached.credentials

    def _run(self) -> Session:
        try:
            return self._resolver.run(self.plan)
        except ProviderError as error:
            explained = self._explained(error)
            if explained is error:
                raise
            raise explained from None

    def _serves(self, cached: Session) -> bool:
        now = self._system.clock()
        return not cached.has_expiry or (
            cached.clock_consistent(now, self._system.uptime()) and cached.serves(now)
        )
