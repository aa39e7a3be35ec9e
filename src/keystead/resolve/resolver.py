"""From the name of a profile to credentials: makes its plan, settles names, and has it done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from keystead.errors import FileProblem, ProfileInvalid
from keystead.model.calls import Call, base_call, role_calls
from keystead.model.credentials import Credentials
from keystead.model.mfa import MFA_PROCESS, mfa_answer
from keystead.model.one_line import require_region_on_one_line
from keystead.model.plan import Plan, make_plan, plan_in_session
from keystead.model.plan_json import Kept
from keystead.model.profile import ProfileSource
from keystead.model.role_options import RoleOptions
from keystead.model.search import default_plan, environment_profile
from keystead.model.session import Session
from keystead.resolve.cache_key import flight_key, key_inputs, session_keys
from keystead.resolve.chain_executor import ALONE_SECONDS, Sessions, Walk, session_of
from keystead.resolve.mfa import MfaCodes
from keystead.resolve.providers.bases import (
    Place,
    base_credentials,
    identity,
    input_files,
    is_local,
    program_of,
)
from keystead.system import System

if TYPE_CHECKING:
    from keystead.resolve.program import Program

_EPOCH_TICKS = 621_355_968_000_000_000
"""Ticks of 100 ns from 0001-01-01, where .NET begins to count, to 1970-01-01."""


def session_name(now: datetime) -> str:
    """A role session name for profiles that set none: ``keystead-`` and .NET ticks of ``now``."""
    since_epoch = now.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return f"keystead-{_EPOCH_TICKS + since_epoch // timedelta(microseconds=1) * 10}"


class Resolver:
    """Turns plans into credentials.

    ``source`` is where profiles are looked up, ``codes`` the process's MFA codes, ``sessions`` the
    ones got before. ``region`` takes precedence over the environment's and the profile's.
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

    def plan(
        self, name: str | None, options: RoleOptions | None = None, *, in_session: bool = False
    ) -> Plan:
        """The plan for the profile, with the names of its role sessions settled.

        ``name`` None: what the default search comes to. ``options`` go before those of the
        profile, for the last role. ``in_session``: in place of a user's own keys a session of them.
        """
        environ = self._system.environ
        if name is None:
            made = default_plan(environ, self._source)
        else:
            made = make_plan(name, self._source)
        made = made.asked_for(options or RoleOptions())
        settings = made.client_settings.with_variables(environ)
        if self._region:
            settings = replace(settings, region=self._region)
        require_region_on_one_line(settings.region)
        made = replace(made, client_settings=settings)
        if in_session:
            made = plan_in_session(made, self._source)
        return made.named(session_name(self._system.clock()))

    def calls(self, plan: Plan) -> list[Call]:
        """The calls that the plan comes to when nothing is kept, in order."""
        first = base_call(plan)
        return [*([first] if first else ()), *role_calls(plan)]

    def run(self, plan: Plan) -> Session:
        """Credentials by ``plan``, from the cache where it has some that live on for a while.

        Raises `ProviderError` when STS refuses, `InteractionRequired` when a code is due and
        nobody can be asked, `StoreUnavailable` when the keys are in a store that stays locked.
        """
        for name in plan.profiles:
            self._confirm(name)
        place = self._place(plan)
        for program in self._programs(plan, place):
            program.require_no_ring(self._system)
        first = identity(place, plan)
        base = None if first else self._base(plan, place)
        if base and not plan.steps and not plan.user_session:
            return base
        return self._walk(plan, place, first, base).session()

    def kept(self, plan: Plan) -> Kept:
        """What the cache has for base, MFA session and steps; empty where nothing is cached, or
        where that is not known without running a program or asking an endpoint.

        Opens the keys of the base; raises as `run` does.
        """
        place = self._place(plan)
        try:
            first = identity(place, plan)
        except (ProfileInvalid, FileProblem):
            return ()  # a token file cannot be read just now
        if not first and not (is_local(plan.base) and (plan.steps or plan.user_session)):
            return ()
        base = None if first else self._base(plan, place)
        walk = self._walk(plan, place, first, base)
        return [walk.kept(number) for number in range(len(walk.keys))]

    def input_files(self, plan: Plan) -> list[Path] | None:
        """The files that the credentials depend on: see `bases.input_files`."""
        return input_files(self._place(plan))

    def _base(self, plan: Plan, place: Place) -> Session:
        """The credentials of a base that is not cached.

        A program runs once for all requests that are the same and come while it runs.
        """
        if plan.base.kind != "process":
            return session_of(base_credentials(place), self._system)
        began = self._system.clock()
        flights = self._sessions.flights
        key = flight_key(plan, program_of(place).inputs(self._system))
        with flights.alone(key, ALONE_SECONDS):
            found = flights.get(key)
            if found and found.made >= began and self._is_told_right(found):
                return found
            made = session_of(base_credentials(place), self._system)
            flights.put(key, made)
            return made

    def _is_told_right(self, session: Session) -> bool:
        return session.told_right(self._system.clock(), self._system.uptime())

    def _walk(self, plan: Plan, place: Place, first: str | None, base: Session | None) -> Walk:
        called = role_calls(plan)
        stands_for_base = first or (key_inputs(base.credentials) if base else "")
        keys = session_keys(plan, stands_for_base, called, self._system.environ)
        return Walk(plan, place, base, called, keys, self._codes, self._sessions, self._source)

    def _programs(self, plan: Plan, place: Place) -> Iterator[Program]:
        """The user's programs that the plan may run."""
        if plan.base.kind == "process":
            yield program_of(place)
        for asking in (plan.user_session, *plan.steps):
            if asking and asking.mfa_answer == MFA_PROCESS:
                answer = mfa_answer((self._source.find(asking.profile), place.profile))
                if answer:
                    yield program_of(place._replace(profile=answer[0]), MFA_PROCESS)

    def _place(self, plan: Plan) -> Place:
        name = plan.base.profile
        environ = self._system.environ
        profile = self._source.find(name) if name else environment_profile(environ)
        return Place(plan.base, profile, self._system, plan.client_settings)

    def _confirm(self, name: str) -> None:
        """Has the store prove a profile: a planted role would otherwise be assumed unchecked.

        A profile that is made of parameters alone is in no store.
        """
        profile = self._source.find(name)
        if profile.confirm is not None:
            profile.confirm()


class ProfileCredentials:
    """The credentials of one plan for as long as somebody needs them: renewed before they end.

    ``granted`` is told of the first ones that are retrieved and of each new ones. Thread-safe:
    however many threads ask at once, one of them renews.
    """

    def __init__(
        self,
        system: System,
        resolver: Resolver,
        plan: Plan,
        granted: Callable[[Credentials], None],
    ) -> None:
        self._system = system
        self._resolver = resolver
        self.plan = plan
        self._granted = granted
        self._lock = Lock()
        self._kept: Session | None = None

    def input_files(self) -> list[Path] | None:
        """The files, in addition to those that profiles are in, that the credentials depend on.

        None where that cannot be said.
        """
        return self._resolver.input_files(self.plan)

    def retrieve(self) -> Credentials:
        """Credentials that live on for a while. Raises what `Resolver.run` raises."""
        with self._lock:
            if self._kept is None or not self._serves(self._kept):
                before, self._kept = self._kept, self._resolver.run(self.plan)
                if before is None or before.credentials != self._kept.credentials:
                    self._granted(self._kept.credentials)
            return self._kept.credentials

    def _serves(self, kept: Session) -> bool:
        now = self._system.clock()
        return not kept.lasts or (kept.told_right(now, self._system.uptime()) and kept.serves(now))
