"""Where a store meets the resolver and a delivery: the capabilities, one method each.

Both spellings of the command line and the library's functions come here; none of them prints.
An `App` lives as long as its process or shell, so an unlocked store stays unlocked in it and an
MFA code is used once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from keystead.agent.client import Agent
from keystead.app.selection import Selection
from keystead.audit.log import AuditLog, Grant
from keystead.delivery import permission
from keystead.delivery.sdk_credentials import SessionSource
from keystead.errors import FileProblem, KeysteadError, ProfileNotFound
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.exported import MARKER, holds_exported_credentials, working_environment
from keystead.model.plan import Plan
from keystead.model.plan_json import CachedSessions
from keystead.model.profile import Profile
from keystead.model.role_options import RoleOptions
from keystead.model.session import USUAL, Session
from keystead.prompts import log_warning
from keystead.resolve.aws import client as aws
from keystead.resolve.mfa import MfaCodes
from keystead.resolve.resolver import ProfileCredentials, Resolver
from keystead.stores.base import ProfileStore
from keystead.stores.chain import StoreChain
from keystead.stores.encrypted.store import EncryptedStore
from keystead.stores.sessions import SessionCache
from keystead.stores.shared import SharedStore
from keystead.stores.used_mfa_codes import UsedMfaCodes
from keystead.system import System
from keystead.system.executable import Executable
from keystead.system.file_versions import FileVersion, change_token
from keystead.text.dialect import FileKind
from keystead.undo.history import Generation, UndoHistory

if TYPE_CHECKING:
    from keystead.lint.runner import Report
    from keystead.model.explain.answer import Explanation

Location = str | os.PathLike[str] | None
"""A path for the shared file there alone, None for all stores in search order."""


class App:
    """keystead over one `System`; ``warn`` is told what a person should know and nothing fails of.

    Whoever gets credentials from here is told of in the audit log: ``way`` says how they were
    handed over (a command's name, ``session``, ``library``, ``cmdlet``), ``to`` is the process
    that gets them, None this one, and ``program`` what that is about to run, None what it runs.
    """

    def __init__(
        self, system: System | None = None, warn: Callable[[str], None] = log_warning
    ) -> None:
        system = system or System()
        self.system = replace(system, prompts=replace(system.prompts, warn=warn))
        environ = self.system.environ
        if MARKER in environ:
            own = working_environment(environ)
            self.system = replace(self.system, environ=own, exported=environ)
        self.warn = warn
        self._has_warned = False

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of this process, with what keystead set in it."""
        return self.system.exported or self.system.environ

    @cached_property
    def encrypted(self) -> EncryptedStore:
        """The encrypted store; once unlocked it stays so for this process."""
        return EncryptedStore(self.system, keeper=self.agent)

    @cached_property
    def agent(self) -> Agent:
        """The agent, which may not be there."""
        return Agent(self.system)

    @property
    def generations(self) -> UndoHistory:
        """What the last changes of all files replaced."""
        return self.encrypted.generations

    def undo(self, name: str | None, location: Location = None, *, force: bool) -> Generation:
        """Restores the files of a change, None: the last one. Raises as `UndoHistory.restore`."""
        at = self.system.folders.expand(os.fspath(location)) if location else None
        change = self.generations.find(name, at)
        self.generations.restore(change, self.system.clock(), force=force)
        if self.encrypted.path in change.paths:
            self.encrypted.protectors.restored()
        return change

    def clear_cache(self) -> int:
        """Forgets all cached sessions, here and in the agent; how many there were."""
        number = self.sessions.clear()
        self.agent.forget()
        return number

    @cached_property
    def mfa_codes(self) -> MfaCodes:
        """The MFA codes of this process."""
        return MfaCodes(self.system, UsedMfaCodes(self.system))

    @cached_property
    def sessions(self) -> SessionCache:
        """The temporary credentials that were got before, by any process."""
        return self.encrypted.sessions()

    @cached_property
    def audit(self) -> AuditLog:
        """Who was handed which credentials."""
        return AuditLog(self.system)

    def granted(self, grant: Grant) -> None:
        """Notes that credentials were handed over; that it cannot is a warning."""
        try:
            self.audit.record(grant)
        except FileProblem as error:
            self.warn(f"the audit log has no line of this: {error}")

    def chain(self, location: Location = None, system: System | None = None) -> StoreChain:
        """The stores to search and save in, as ``system`` sees them: by default the app's."""
        if location is None:
            self._warn_of_missing_files()
        return StoreChain(location, system=system or self.system, encrypted=self.encrypted)

    def _warn_of_missing_files(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            for missing in self.system.folders.missing_files():
                self.warn(str(missing))

    def store(self, name: str) -> ProfileStore:
        """The store ``encrypted`` or ``shared``."""
        return self.encrypted if name == "encrypted" else SharedStore.default(self.system)

    def advise(
        self, store: ProfileStore, name: str, given: Iterable[str], location: Location = None
    ) -> None:
        """Warns of what may not have been meant when the profile was saved in ``store``.

        ``given`` are the settings that were saved; in a dry run they are seen as saved too.
        """
        from keystead.botocore_session import region_names
        from keystead.model.advice import advice
        from keystead.model.validation import is_identifier

        try:
            profile, chain = store.find(name), self.chain(location)
            names = {other.name for other in chain.profiles()}
        except KeysteadError:
            return  # it was saved; whoever uses it is told
        dotnet = store.type_name != EncryptedStore.type_name or self.system.dpapi is not None
        if store.type_name != EncryptedStore.type_name and not is_identifier(name):
            hides = ", and to the .NET SDK it hides the section above it" if "=" in name else ""
            self.warn(f"profile `{name}`: not all SDKs read this name{hides}")
        for text in advice(
            profile, given, chain, regions=region_names(), names=names, for_dotnet=dotnet
        ):
            self.warn(f"profile `{name}`: {text}")

    def lint(
        self, location: Location = None, config: Location = None, credentials: Location = None
    ) -> Report:
        """What is wrong in the shared files, or in those at ``location``.

        ``config`` and ``credentials`` name one file in place of the usual one. Where none is
        named, a source profile may also be in the encrypted store.
        """
        from keystead.lint.runner import lint_files

        at = os.fspath(location) if location else None
        store = SharedStore.at(self.system, at) if at else SharedStore.default(self.system)
        paths = dict(zip((FileKind.CREDENTIALS, FileKind.CONFIG), store.paths, strict=True))
        named = {FileKind.CREDENTIALS} if at else set()
        for kind, path in ((FileKind.CONFIG, config), (FileKind.CREDENTIALS, credentials)):
            if path:
                paths[kind] = self.system.folders.expand(os.fspath(path))
                named.add(kind)

        def elsewhere() -> list[Profile]:
            return [] if named else self.encrypted.profiles()

        return lint_files(self.system, paths, named=named, elsewhere=elsewhere)

    def explain(self, name: str | None = None, location: Location = None) -> Explanation:
        """Which source of credentials and region wins, which lose and why. Opens nothing.

        Raises `ProfileNotFound` when there is no profile ``name``.
        """
        from keystead.model.explain import explain
        from keystead.model.explain.search import Facts, names

        environ = self._system_of(name, location).environ
        chain = self.chain(location)
        if name is not None:
            chain.find(name)
        found: list[dict[str, Profile]] = [
            {
                wanted: profile
                for wanted in names(environ, name)
                if (profile := _found(store, wanted))
            }
            for store in chain.stores
        ]
        encrypted, shared = found if len(found) > 1 else ({}, found[0])
        windows = self.system.dpapi is not None
        facts = Facts(environ, encrypted, shared, name, bool(location), windows)
        return explain(facts, chain)

    def select(
        self,
        name: str | None = None,
        location: Location = None,
        options: RoleOptions | None = None,
        region: str | None = None,
        *,
        in_session: bool = False,
    ) -> Selection:
        """The profile and what its calls are made with; None: what the default search comes to.

        ``options`` take precedence over the profile's own, for the last role, and ``region`` over
        that of the environment and the profile. ``in_session``: as an endpoint hands credentials
        out, with a session of a user's own keys in place of these.
        """
        if location is None:
            self._warn_of_missing_files()
        system = self._system_of(name, location)
        return Selection(
            system,
            self.chain(location, system),
            self.mfa_codes,
            self.sessions,
            name,
            options,
            region,
            in_session=in_session,
        )

    def _system_of(self, name: str | None, location: Location) -> System:
        """What a search looks at. Where it ends with credentials that keystead set in the
        environment, all that it set with them belongs to them.
        """
        if name is None and not location and holds_exported_credentials(self.environ):
            return replace(self.system, environ=self.environ)
        return self.system

    def resolver(self, location: Location = None) -> Resolver:
        """A resolver that looks profiles up at ``location``."""
        return self.select(None, location).resolver

    def plan(
        self,
        name: str | None = None,
        location: Location = None,
        options: RoleOptions | None = None,
        *,
        in_session: bool = False,
    ) -> Plan:
        """What would be done for the profile's credentials; nothing is done.

        ``options`` go before the profile's own, for the last role. ``in_session``: as an endpoint
        hands them out, in place of a user's own keys a session of them.
        """
        return self.select(name, location, options, in_session=in_session).plan

    def cached(self, plan: Plan, location: Location = None) -> CachedSessions:
        """What the cache has for a plan, where that can be seen without asking anybody."""
        if plan.base.profile:
            store = self.chain(location).find(plan.base.profile).store_type_name
            if store == EncryptedStore.type_name and not self.encrypted.opens_unasked():
                return ()
        return self.resolver(location).cached(plan)

    def profile_credentials(
        self,
        name: str | None,
        location: Location = None,
        region: str | None = None,
        options: RoleOptions | None = None,
        *,
        granted: Callable[[str | None, Credentials], None],
        program: Executable | None = None,
        in_session: bool = False,
    ) -> ProfileCredentials:
        """The credentials of a profile, got when they are first needed and renewed in time.

        ``name`` None: those that the default search comes to. ``granted`` is told of the first
        ones that are retrieved and of each new ones, behind the profile's name. ``program`` is who
        they are for, where it is not who started this process; ``in_session`` as for `plan`.
        Raises `UseRefused` where a rule of the profile, or of one on the way, keeps it from that.
        """
        selected = self.select(name, location, options, region, in_session=in_session)
        plan = selected.plan
        for profile in self._on_the_way(plan, location):
            if permission.has_rule(profile):
                permission.require(profile, program or self.system.user(), self.system)
            for note in profile.notes:
                self.warn(note)
        told = partial(granted, plan.profile or None)
        return ProfileCredentials(self.system, selected.resolver, plan, told)

    def _on_the_way(self, plan: Plan, location: Location = None) -> list[Profile]:
        """The profiles that a plan leads through."""
        chain = self.chain(location)
        return [chain.find(name) for name in plan.profiles]

    def granting(
        self, way: str, to: int | None = None, program: Executable | None = None
    ) -> Callable[[str | None, Credentials], None]:
        """What notes that credentials of a profile (None: of none) were handed over."""

        def granted(name: str | None, found: Credentials) -> None:
            self.granted(Grant.to(to or os.getpid(), program, name, way, found))

        return granted

    def credentials(
        self,
        name: str | None = None,
        location: Location = None,
        options: RoleOptions | None = None,
        *,
        way: str = "library",
        to: int | None = None,
        program: Executable | None = None,
    ) -> Credentials:
        """Credentials of the profile, or of the default search when no name is given.

        ``options`` go before the profile's own, for the last role; ``program`` as for
        `profile_credentials`.
        """
        granted = self.granting(way, to, program)
        provider = self.profile_credentials(
            name, location, options=options, granted=granted, program=program
        )
        return provider.retrieve()

    def prewarm_agent(
        self,
        plan: Plan,
        credentials: Credentials,
        output: str,
        files: Mapping[str, FileVersion | None],
    ) -> None:
        """Has the agent hold what ``keystead process`` prints, where that serves again.

        ``files`` are those that the plan was made from, as they were before.
        """
        renew_at: float | None = None
        try:
            if any(permission.has_rule(p) or p.notes for p in self._on_the_way(plan)):
                return  # each use is asked for, or warned of
            kept = self.cached(plan) if credentials.expires_at else ()
        except KeysteadError:
            return  # something changed meanwhile
        if credentials.expires_at is not None:
            session = kept[-1] if kept else None
            if session is None or session.credentials != credentials:
                session = Session(credentials, credentials.expires_at - USUAL)
            by_person = bool(plan.mfa_serials) and plan.user_session is None
            renew_at = session.renew_at(by_person=by_person).timestamp()
        elif plan.steps or plan.base.kind != "static":
            return  # nobody knows for how long they serve
        self.agent.keep(plan.profile, output, files, renew_at, credentials)

    def watch(self, location: Location = None) -> Callable[[], Hashable]:
        """What gives another value whenever a file that profiles come from has changed."""
        return partial(change_token, self.chain(location).paths)

    def source(
        self,
        name: str | None = None,
        location: Location = None,
        region: str | None = None,
        options: RoleOptions | None = None,
    ) -> SessionSource:
        """What a session of an SDK is made of; arguments as for `credentials`."""
        selected = self.select(name, location, options, region)
        profile = selected.plan.profile or None
        granted = self.granting("session")
        return SessionSource(
            open_provider=lambda: (
                self.profile_credentials(name, location, region, options, granted=granted).retrieve
            ),
            version=self.watch(location),
            profile=profile,
            profile_names=lambda: [found.name for found in self.chain(location).profiles()],
            client_settings=selected.client_settings,
            other_settings=selected.other_settings,
            clock=self.system.clock,
        )

    def call(
        self,
        service: str,
        operation: str,
        parameters: dict[str, Any],
        *,
        credentials: Credentials,
        client_settings: ClientSettings,
        endpoint_url: str | None = None,
    ) -> dict[str, Any]:
        """The answer of one AWS operation; see `keystead.resolve.aws.call`."""
        return aws.call(
            service,
            operation,
            parameters,
            credentials=credentials,
            client_settings=client_settings,
            endpoint_url=endpoint_url,
            system=self.system,
        )


def _found(store: ProfileStore, name: str) -> Profile | None:
    try:
        return store.find(name)
    except ProfileNotFound:
        return None
