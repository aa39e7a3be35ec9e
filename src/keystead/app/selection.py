"""One profile and the settings of its calls, from one snapshot of the stores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property

from keystead.errors import (
    InteractionRequired,
    KeysteadError,
    Origin,
    ProfileInvalid,
    ProfileNotFound,
    ProviderError,
)
from keystead.model.client_settings import (
    NO_CLIENT_SETTINGS,
    OF_CLIENTS,
    ClientSettings,
    client_settings,
)
from keystead.model.endpoints import NO_ADDRESS, Endpoints
from keystead.model.profile import Profile, ProfileSource
from keystead.model.role_reference import RoleReference
from keystead.model.search import default_profile, nothing_configured, settings_profile
from keystead.model.settings import DECIDING
from keystead.model.sources.process import Process
from keystead.secret import Secret
from keystead.stores.chain import ChainSnapshot, StoreChain
from keystead.stores.shared_snapshot import SharedSnapshot
from keystead.system import System
from keystead.value import Value, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.app import App
    from keystead.audit.grantee import Grantee
    from keystead.delivery.sdk_credentials import SessionSource
    from keystead.model.calls import Call
    from keystead.model.credentials import Credentials
    from keystead.model.explain.answer import Explanation
    from keystead.model.plan import Plan
    from keystead.model.plan_json import CachedSessions
    from keystead.model.program_settings import ProgramSettings
    from keystead.model.role_options import RoleOptions
    from keystead.resolve.resolver import ProfileCredentials, Resolver
    from keystead.stores.default_readings import DefaultReadings
    from keystead.system.file_versions import ChangeToken

Location = str | os.PathLike[str] | None
"""The path of a shared file to search alone; None for all stores."""


class Selection(Value):
    """The profile ``wanted``, or the result of the default search for None.

    ``options`` take precedence over the profile's, for the last role, and ``wanted_region`` over
    the region of environment and profile. With ``in_session``, long-term keys are replaced by a
    session from STS. Properties are computed lazily, from one snapshot of the stores.
    """

    app: App = field(repr=False)
    wanted: str | None = None
    location: Location = None
    options: RoleOptions | None = None
    wanted_region: str | None = None
    in_session: bool = False

    def renewed(self) -> Selection:
        """The same selection from a new snapshot."""
        return replace(self)

    @cached_property
    def system(self) -> System:
        """The environment of the search. If it finds credentials that keystead set in it, the other
        variables that keystead set are included.
        """
        app = self.app
        if self.wanted is not None or self.location:
            return app.system
        from keystead.model.exported import holds_exported_credentials

        if holds_exported_credentials(app.environ):
            return replace(app.system, environ=app.environ)
        return app.system

    @cached_property
    def chain(self) -> StoreChain:
        """The stores that are searched."""
        return self.app.chain(self.location, self.system)

    @cached_property
    def profiles(self) -> ChainSnapshot:
        """Their content."""
        return self.chain.snapshot()

    def change_token(self) -> ChangeToken:
        """A value that differs after each change of a searched store."""
        return self.chain.change_token()

    @cached_property
    def name(self) -> str | None:
        """The name of the profile; None for the default search without a location."""
        if self.wanted is not None or self.chain.location is None:
            return self.wanted
        profile = default_profile(self.system.environ, self.profiles)
        if profile is None:
            raise nothing_configured()
        return profile.name

    @cached_property
    def profile(self) -> Profile | None:
        """The profile with the client settings: the named one, else that of the default search,
        if it exists.
        """
        if self.wanted is not None:
            return self.profiles.find(self.wanted)
        return settings_profile(self.system.environ, self.profiles)

    @cached_property
    def client_settings(self) -> ClientSettings:
        """The settings of clients: those of variables, else of the profile."""
        profile = self.profile
        own = client_settings(profile, self.profiles) if profile else NO_CLIENT_SETTINGS
        found = own.with_variables(self.system.environ)
        return replace(found, region=self.wanted_region) if self.wanted_region else found

    @property
    def other_settings(self) -> Mapping[str, str | Mapping[str, str]]:
        """The settings of the profile for programs that do not concern credentials."""
        given = self.profile.settings if self.profile else {}
        return {
            name: value
            for name, value in given.items()
            if name not in DECIDING and not isinstance(value, Secret) and name not in OF_CLIENTS
        }

    def for_program(self) -> ProgramSettings:
        """The settings that a program needs together with the credentials."""
        from keystead.model.program_settings import program_settings

        return program_settings(self.client_settings, self._defaults(), self.system.environ)

    def without_files(self) -> ProgramSettings:
        """`for_program` for a program that does not see the user's shared files."""
        from keystead.model.program_settings import program_settings

        return program_settings(self.client_settings, (), self.system.environ)

    def place(self, setting: str) -> Origin | None:
        """Where the profile, else ``default``, sets it."""
        own = self.profile.origins.get(setting) if self.profile else None
        return own or self.default_readings.where(setting)

    @cached_property
    def default_readings(self) -> DefaultReadings:
        """The readings of ``default`` in the user's shared files."""
        from keystead.stores.default_readings import DefaultReadings

        parts = [] if self.chain.location else [part for _, part in self.profiles.parts]
        found = next((part for part in parts if isinstance(part, SharedSnapshot)), None)
        return DefaultReadings(found or self.app.shared.snapshot())

    def _defaults(self) -> Iterator[ClientSettings]:
        for profile in self.default_readings.profiles():
            try:
                yield client_settings(profile, self.default_readings.snapshot)
            except KeysteadError:  # a missing services section
                rest = {key: value for key, value in profile.settings.items() if key != "services"}
                found = client_settings(Profile(profile.name, rest), self.default_readings.snapshot)
                yield replace(found, endpoints=NO_ADDRESS)

    @property
    def region(self) -> str | None:
        """The region in effect."""
        return self.client_settings.region

    @property
    def addresses(self) -> Endpoints:
        """The configured endpoint URLs."""
        return self.client_settings.endpoints

    @cached_property
    def resolver(self) -> Resolver:
        """The resolver for these profiles and settings."""
        from keystead.resolve.resolver import Resolver

        return Resolver(
            self.system,
            self.profiles,
            lambda: self.app.mfa_codes,
            lambda: self.app.sessions,
            lambda: self.app.logins,
            region=self.wanted_region,
        )

    @cached_property
    def plan(self) -> Plan:
        """The plan of retrieving the credentials."""
        made = self.resolver.plan(self.name, self.options, in_session=self.in_session)
        if isinstance(made.base, Process) and self.chain.location is None:
            # With a location, the helper searches other files.
            from keystead.model.helper_ring import require_no_ring

            require_no_ring(made, self.profiles)
        return made

    @cached_property
    def calls(self) -> list[Call]:
        """The calls to AWS of the plan without a cache, in order, with their endpoint URLs."""
        from keystead.resolve.aws.client import AwsClient

        settings = self.plan.client_settings

        def addressed(call: Call) -> Call:
            # STS has a global endpoint; other services are called in the region of the call.
            own = settings if call.service == "sts" else replace(settings, region=call.region)
            try:
                url = AwsClient(self.system, own).address(call.service, call.operation)
                return call._replace(endpoint_url=url)
            except ValueError as error:
                why = str(error).rstrip(".")
                raise ProfileInvalid(
                    f"{call.service} has no endpoint with these settings: {why}",
                    id="invalid-address",
                    hint="check the region and the other client settings of the profile",
                    where=self.profile.where("region") if self.profile else None,
                ) from None

        return [addressed(call) for call in self.resolver.calls(self.plan)]

    @property
    def profiles_used(self) -> list[Profile]:
        """The profiles that the plan uses."""
        return [self.profiles.find(name) for name in self.plan.profiles]

    @cached_property
    def cached(self) -> CachedSessions:
        """The cached sessions of the plan, if they can be read without a prompt."""
        base = self.plan.base.profile
        if base and not self.profiles.opens_unasked(base):
            return ()
        return self.resolver.cached(self.plan)

    @cached_property
    def explanation(self) -> Explanation:
        """Which sources of credentials and region are used, and why others are not.

        Opens nothing. Raises `ProfileNotFound`.
        """
        from keystead.model.explain import explain
        from keystead.model.explain.search import Facts, StoreFacts, names

        environ, name = self.system.environ, self.wanted
        if name is not None:
            self.profiles.find(name)

        def found(source: ProfileSource) -> dict[str, Profile]:
            return {each: p for each in names(environ, name) if (p := _found(source, each))}

        stores = [
            StoreFacts(store.title, found(part), store.read_by_sdks, store.read_by_dotnet)
            for store, part in self.profiles.parts
        ]
        reached = {each: p for each, p in found(self.profiles).items() if not p.store_type_name}
        if reached:
            stores.append(StoreFacts("accounts that logins reach", reached))
        return explain(Facts(environ, stores, name, bool(self.location)), self.profiles)

    def provider(self, grantee: Grantee | None) -> ProfileCredentials:
        """The credentials, retrieved lazily and renewed in time.

        New ones are recorded in the audit log for ``grantee``; with None the caller records them.
        Raises `UseRefused` where a rule of a used profile forbids the use.
        """
        from keystead.delivery import permission
        from keystead.resolve.resolver import ProfileCredentials

        plan, app = self.plan, self.app
        for profile in self.profiles_used:
            if permission.has_rule(profile):
                program = grantee.program if grantee else None
                permission.require(profile, program or app.system.user(), app.system)
            for note in profile.notes:
                app.warn(note)

        def record(found: Credentials) -> None:
            if grantee:
                app.record_grant(plan.profile or None, found, grantee)

        return ProfileCredentials(app.system, self.resolver, plan, record, self._explained)

    def _explained(self, error: ProviderError) -> KeysteadError:
        """The error to raise: another one where the base is a role that is not there."""
        name = self.plan.base.profile
        reference = RoleReference.parse(name)
        if reference is None or self.profiles.find(name).store_type_name:
            return error
        from keystead.identity_center.reach import refused

        return refused(self.app.directory(reference.session, self.profiles), reference, error)

    def credentials(self, grantee: Grantee) -> Credentials:
        """The credentials, for ``grantee``. Raises as `provider` and `retrieved`."""
        return self.retrieved(self.provider(grantee))

    def retrieved(self, provider: ProfileCredentials) -> Credentials:
        """The credentials that ``provider``, the one of this selection, retrieves.

        With ``login = auto`` it asks on a terminal to sign in where that is needed. Raises as
        `ProfileCredentials.retrieve`.
        """
        try:
            return provider.retrieve()
        except InteractionRequired as error:
            if error.id != "login-required":
                raise
            from keystead.app.automatic_sign_in import sign_in_or_raise

            sign_in_or_raise(self, error)
        return provider.retrieve()

    def session_source(self) -> SessionSource:
        """The source for a session of an SDK; it reads the stores again after each change."""
        from keystead.audit.grantee import Grantee
        from keystead.delivery.sdk_credentials import SessionSource

        return SessionSource(
            open_provider=lambda: self.renewed().provider(Grantee("session")).retrieve,
            version=self.change_token,
            profile=self.plan.profile or None,
            profile_names=lambda: [found.name for found in self.chain.profiles()],
            client_settings=self.client_settings,
            other_settings=self.other_settings,
            clock=self.app.system.clock,
        )


def _found(source: ProfileSource, name: str) -> Profile | None:
    try:
        return source.find(name)
    except ProfileNotFound:
        return None
