"""The operations of keystead, for commands, cmdlets and the library; none of them prints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property

from keystead.errors import FileProblem, KeysteadError
from keystead.model.role_reference import REGION_RULES
from keystead.model.variables import MARKER
from keystead.prompts import log_warning
from keystead.stores.base import ProfileStore
from keystead.stores.chain import ChainSnapshot, StoreChain
from keystead.stores.registry import STORES
from keystead.stores.shared import SharedStore
from keystead.stores.shared_snapshot import KINDS
from keystead.system import System
from keystead.text.dialect import FileKind
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.agent.client import Agent
    from keystead.app.selection import Location, Selection
    from keystead.audit.grantee import Grantee
    from keystead.audit.log import AuditLog
    from keystead.identity_center.directory import Directory
    from keystead.lint.runner import Report
    from keystead.model.client_settings import ClientSettings
    from keystead.model.credentials import Credentials
    from keystead.model.profile import Profile, ProfileSource
    from keystead.model.role_options import RoleOptions
    from keystead.model.role_reference import RoleReference
    from keystead.resolve.aws.client import AwsClient
    from keystead.resolve.mfa import MfaCodes
    from keystead.stores.encrypted.store import EncryptedStore
    from keystead.stores.logins import SealedLogins
    from keystead.stores.sessions import SessionCache
    from keystead.undo.history import Generation, UndoHistory


class App:
    """The operations on one `System`; ``warn`` is called with warnings.

    It is used for the whole process or shell, so a store stays unlocked, and each MFA code is used
    once. Credentials of a profile are retrieved by a `Selection`.
    """

    def __init__(
        self, system: System | None = None, warn: Callable[[str], None] = log_warning
    ) -> None:
        system = system or System()
        self.system = replace(system, prompts=replace(system.prompts, warn=warn))
        environ = self.system.environ
        if MARKER in environ:
            from keystead.model.exported import working_environment

            own = working_environment(environ)
            self.system = replace(self.system, environ=own, exported=environ)
        self.warn = warn
        self._has_warned = False

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment, including the variables that keystead set."""
        return self.system.exported or self.system.environ

    @cached_property
    def stores(self) -> list[ProfileStore]:
        """The stores in search order."""
        return [row.open(self.system, _KeysInAgent(self)) for row in STORES]

    @cached_property
    def encrypted(self) -> EncryptedStore:
        """The encrypted store."""
        return self.store("encrypted")  # type: ignore[return-value]  # by its name

    @cached_property
    def shared(self) -> SharedStore:
        """The shared files of the user."""
        return self.store("shared")  # type: ignore[return-value]  # by its name

    @cached_property
    def agent(self) -> Agent:
        """The client of the agent."""
        from keystead.agent.client import Agent

        return Agent(self.system)

    @property
    def undo_history(self) -> UndoHistory:
        """The undo copies of all files."""
        return self.encrypted.undo_history

    def undo(self, name: str | None, location: Location = None, *, force: bool) -> Generation:
        """Reverts the change ``name``, by default the last. Raises as `UndoHistory.restore`."""
        at = self.system.folders.expand(os.fspath(location)) if location else None
        change = self.undo_history.find(name, at)
        self.undo_history.restore(change, self.system.clock(), force=force)
        if self.encrypted.path in change.paths:
            self.encrypted.protectors.restored()
        return change

    def clear_cache(self) -> int:
        """Removes all cached sessions, also in the agent; returns how many there were."""
        number = self.sessions.clear()
        self.agent.forget()
        return number

    @cached_property
    def mfa_codes(self) -> MfaCodes:
        """The MFA codes of this process."""
        from keystead.resolve.mfa import MfaCodes
        from keystead.stores.used_mfa_codes import UsedMfaCodes

        return MfaCodes(self.system, UsedMfaCodes(self.system))

    @cached_property
    def sessions(self) -> SessionCache:
        """The cache of temporary credentials."""
        return self.encrypted.sessions()

    @cached_property
    def logins(self) -> SealedLogins:
        """The sealed logins."""
        return self.encrypted.logins()

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log."""
        from keystead.audit.log import AuditLog

        return AuditLog(self.system)

    def record_grant(self, profile: str | None, credentials: Credentials, grantee: Grantee) -> None:
        """Records a grant of credentials; warns on an error."""
        try:
            self.audit.record(profile, credentials, grantee)
        except FileProblem as error:
            self.warn(f"the audit log could not be written: {error}")

    def chain(self, location: Location = None, system: System | None = None) -> StoreChain:
        """The stores to search and save in, for the environment of ``system``."""
        if location is None:
            self._warn_of_missing_files()
        own = system or self.system
        stores = [store.in_environment(own) for store in self.stores]
        return StoreChain(location, system=own, stores=stores, reach=self.reach)

    def reach(self, name: str, reference: RoleReference, source: ProfileSource) -> Profile:
        """The profile that ``name``, which has the form of a reference, means.

        Raises `ProfileNotFound`, and as `Directory.account` where accounts have to be listed.
        """
        if reference.has_account_id and not source.sso_session(reference.session).get(REGION_RULES):
            return reference.profile(name)
        from keystead.identity_center.reach import reach

        return reach(self.directory(reference.session, source), name, reference, source)

    def directory(self, session: str, source: ProfileSource) -> Directory:
        """The accounts behind the login of an sso-session. Raises `ProfileInvalid`."""
        from keystead.identity_center.directory import Directory
        from keystead.model.client_settings import NO_CLIENT_SETTINGS
        from keystead.model.sso_login import SsoLogin

        login = SsoLogin.of_session(session, source.sso_session(session))
        client = self.client(NO_CLIENT_SETTINGS.with_variables(self.system.environ), None)
        return Directory(self.system, client, session, login, lambda: self.logins)

    def _warn_of_missing_files(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            for missing in self.system.folders.missing_files():
                self.warn(str(missing))

    def store(self, name: str) -> ProfileStore:
        """The store of that name in `STORES`."""
        names = [row.name for row in STORES]
        return self.stores[names.index(name)]

    def advise(
        self, store: ProfileStore, name: str, given: Iterable[str], location: Location = None
    ) -> None:
        """Warns of possible mistakes in the settings ``given`` of a profile saved in ``store``."""
        from keystead.botocore_session import region_names
        from keystead.model.advice import advice
        from keystead.model.validation import is_identifier

        if store.read_by_sdks and not is_identifier(name):
            hides = ", and for the .NET SDK it hides the section above it" if "=" in name else ""
            self.warn(f"profile `{name}`: not all SDKs read this name{hides}")
        snapshot = self.chain(location).snapshot()
        with suppress(KeysteadError):  # it was saved; its use reports the error
            for text in advice(
                store.find(name),
                given,
                snapshot,
                regions=region_names(),
                names=lambda: [other.name for other in snapshot.profiles()],
                for_dotnet=store.read_by_dotnet,
            ):
                self.warn(f"profile `{name}`: {text}")

    def lint(
        self, location: Location = None, config: Location = None, credentials: Location = None
    ) -> Report:
        """The problems of the shared files, or of those at ``location``.

        ``config`` and ``credentials`` replace one of the files. Without any of these, source
        profiles may be in other stores.
        """
        from keystead.lint.runner import lint_files
        from keystead.lint.subject import OtherStore

        store, folders = self.shared, self.system.folders
        if location:
            store = SharedStore.at(self.system, os.fspath(location))
        paths = dict(zip(KINDS, store.paths, strict=True))
        given = {FileKind.CONFIG: config, FileKind.CREDENTIALS: credentials}
        named = {kind: folders.expand(os.fspath(path)) for kind, path in given.items() if path}
        if named:
            store = SharedStore(self.system, *(named.get(kind, paths[kind]) for kind in KINDS))
        if location:
            named.setdefault(FileKind.CREDENTIALS, store.paths[0])

        def elsewhere() -> list[OtherStore]:
            others = [] if named else [s for s in self.stores if s is not self.shared]
            return [OtherStore(s.title, s.profiles(), s.ignores_case) for s in others]

        return lint_files(self.system, store.snapshot(), named=named, elsewhere=elsewhere)

    def select(
        self,
        name: str | None = None,
        location: Location = None,
        options: RoleOptions | None = None,
        region: str | None = None,
        *,
        in_session: bool = False,
    ) -> Selection:
        """The profile, or the result of the default search; see `Selection`."""
        from keystead.app.selection import Selection

        return Selection(self, name, location, options, region, in_session=in_session)

    def snapshot(self, location: Location = None) -> ChainSnapshot:
        """The current profiles."""
        return self.chain(location).snapshot()

    def client(
        self,
        client_settings: ClientSettings,
        credentials: Credentials | None,
        endpoint_url: str | None = None,
    ) -> AwsClient:
        """What calls AWS with these settings and credentials."""
        from keystead.resolve.aws.client import AwsClient

        return AwsClient(self.system, client_settings, credentials, endpoint_url)


class _KeysInAgent:
    """The agent as the keeper of opened keys; its client is imported when there is one."""

    def __init__(self, app: App) -> None:
        self._app = app

    def key(self, store_id: str) -> tuple[str, bytes] | None:
        return self._app.agent.key(store_id)

    def keep_key(self, store_id: str, record: str, raw: bytes, *, start: bool) -> None:
        self._app.agent.keep_key(store_id, record, raw, start=start)
