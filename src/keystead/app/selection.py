"""One profile and what its calls are made with, from one reading of the files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from keystead.audit.grantee import Grantee
from keystead.delivery import permission
from keystead.delivery.sdk_credentials import SessionSource
from keystead.errors import KeysteadError, Origin, ProfileInvalid, ProfileNotFound
from keystead.model.calls import Call
from keystead.model.client_settings import (
    NO_CLIENT_SETTINGS,
    OF_CLIENTS,
    ClientSettings,
    client_settings,
)
from keystead.model.credentials import Credentials
from keystead.model.endpoints import NO_ADDRESS, Endpoints
from keystead.model.exported import holds_exported_credentials
from keystead.model.plan import Plan
from keystead.model.plan_json import CachedSessions
from keystead.model.profile import Profile
from keystead.model.program_settings import ProgramSettings, program_settings
from keystead.model.role_options import RoleOptions
from keystead.model.search import default_profile, nothing_configured, settings_profile
from keystead.model.settings import DECIDING
from keystead.model.sources.process import Process
from keystead.resolve.resolver import ProfileCredentials, Resolver
from keystead.secret import Secret
from keystead.stores.base import StoreSnapshot
from keystead.stores.chain import ChainSnapshot, StoreChain
from keystead.stores.default_readings import DefaultReadings
from keystead.stores.shared_snapshot import SharedSnapshot
from keystead.system import System
from keystead.system.file_versions import ChangeToken

if TYPE_CHECKING:
    from keystead.app import App
    from keystead.model.explain.answer import Explanation

Location = str | os.PathLike[str] | None
"""A path for the shared file there alone, None for all stores in search order."""


@dataclass(frozen=True)
class Selection:
    """A profile by its name, or what the default search finds where ``wanted`` is None.

    ``location`` names the shared file that is searched alone. ``options`` take precedence over the
    profile's, for the last role, and ``wanted_region`` over that of the environment and the
    profile. With ``in_session`` a session of a user's own keys is retrieved in place of these, as
    an endpoint hands them out.

    All of it comes from one snapshot of the stores. Each property raises what finding its value
    raises.
    """

    app: App = field(repr=False)
    wanted: str | None = None
    location: Location = None
    options: RoleOptions | None = None
    wanted_region: str | None = None
    in_session: bool = False

    def renewed(self) -> Selection:
        """The same choice from a new snapshot."""
        return replace(self)

    @cached_property
    def system(self) -> System:
        """What the search looks at. Where it ends with credentials that keystead set in the
        environment, all that it set with them belongs to them.
        """
        app = self.app
        if self.wanted is None and not self.location and holds_exported_credentials(app.environ):
            return replace(app.system, environ=app.environ)
        return app.system

    @cached_property
    def chain(self) -> StoreChain:
        """The stores that are searched."""
        return self.app.chain(self.location, self.system)

    @cached_property
    def profiles(self) -> ChainSnapshot:
        """What they hold."""
        return self.chain.snapshot()

    def change_token(self) -> ChangeToken:
        """What is another value after each change of a store that is searched."""
        return self.chain.change_token()

    @cached_property
    def name(self) -> str | None:
        """The name of the profile; None for the default search. At a location, where nothing but
        profiles is searched, that of the one in effect.
        """
        if self.wanted is not None or self.chain.location is None:
            return self.wanted
        profile = default_profile(self.system.environ, self.profiles)
        if profile is None:
            raise nothing_configured()
        return profile.name

    @cached_property
    def profile(self) -> Profile | None:
        """The profile that says how requests go: the one that is named, else the one that the
        default search looks at; None where that does not exist.
        """
        if self.wanted is not None:
            return self.profiles.find(self.wanted)
        return settings_profile(self.system.environ, self.profiles)

    @cached_property
    def client_settings(self) -> ClientSettings:
        """What clients are made with: the variables' settings, else the profile's."""
        profile = self.profile
        own = client_settings(profile, self.profiles) if profile else NO_CLIENT_SETTINGS
        found = own.with_variables(self.system.environ)
        return replace(found, region=self.wanted_region) if self.wanted_region else found

    @property
    def other_settings(self) -> Mapping[str, str | Mapping[str, str]]:
        """What the profile sets for programs to read that is not about credentials."""
        given = self.profile.settings if self.profile else {}
        return {
            name: value
            for name, value in given.items()
            if name not in DECIDING and not isinstance(value, Secret) and name not in OF_CLIENTS
        }

    def for_program(self) -> ProgramSettings:
        """What a program that is given the credentials needs, to send requests by the settings."""
        return program_settings(self.client_settings, self._defaults(), self.system.environ)

    def without_files(self) -> ProgramSettings:
        """The same for a program that sees none of the user's shared files."""
        return program_settings(self.client_settings, (), self.system.environ)

    def place(self, setting: str) -> Origin | None:
        """Where the profile sets it, else where ``default`` does."""
        own = self.profile.origins.get(setting) if self.profile else None
        return own or self.default_readings.where(setting)

    @cached_property
    def default_readings(self) -> DefaultReadings:
        """What programs may read for ``default`` in the user's shared files."""
        parts = [] if self.chain.location else [part for _, part in self.profiles.parts]
        found = next((part for part in parts if isinstance(part, SharedSnapshot)), None)
        return DefaultReadings(found or self.app.shared.snapshot())

    def _defaults(self) -> Iterator[ClientSettings]:
        for profile in self.default_readings.profiles():
            try:
                yield client_settings(profile, self.default_readings.snapshot)
            except KeysteadError:  # no such services section: a program has no address to call
                rest = {key: value for key, value in profile.settings.items() if key != "services"}
                found = client_settings(Profile(profile.name, rest), self.default_readings.snapshot)
                yield replace(found, endpoints=NO_ADDRESS)

    @property
    def region(self) -> str | None:
        """The region in effect."""
        return self.client_settings.region

    @property
    def addresses(self) -> Endpoints:
        """The addresses that are configured."""
        return self.client_settings.endpoints

    @cached_property
    def resolver(self) -> Resolver:
        """What gets credentials with these profiles and settings."""
        return Resolver(
            self.system,
            self.profiles,
            self.app.mfa_codes,
            self.app.sessions,
            self.wanted_region,
        )

    @cached_property
    def plan(self) -> Plan:
        """What would be done for the credentials; nothing is done."""
        made = self.resolver.plan(self.name, self.options, in_session=self.in_session)
        if isinstance(made.base, Process) and self.chain.location is None:
            # With a location the helper searches elsewhere.
            from keystead.model.helper_ring import require_no_ring

            require_no_ring(made, self.profiles)
        return made

    @cached_property
    def calls(self) -> list[Call]:
        """The calls to AWS of the plan when nothing is cached, in order, each with its address."""
        from keystead.resolve.aws.client import AwsClient

        settings = self.plan.client_settings

        def addressed(call: Call) -> Call:
            # STS has an address for who sets no region; the others are called where it says.
            own = settings if call.service == "sts" else replace(settings, region=call.region)
            try:
                url = AwsClient(self.system, own).address(call.service, call.operation)
                return call._replace(endpoint_url=url)
            except ValueError as error:
                why = str(error).rstrip(".")
                raise ProfileInvalid(
                    f"{call.service} has no address with these settings: {why}",
                    id="invalid-address",
                    hint="check the region and the profile's other settings of clients",
                    where=self.profile.where("region") if self.profile else None,
                ) from None

        return [addressed(call) for call in self.resolver.calls(self.plan)]

    @property
    def profiles_used(self) -> list[Profile]:
        """The profiles that the plan leads through."""
        return [self.profiles.find(name) for name in self.plan.profiles]

    @cached_property
    def cached(self) -> CachedSessions:
        """What the cache has for the plan, where that can be seen without asking anybody."""
        base = self.plan.base.profile
        if base and not self.profiles.locate(base)[0].opens_unasked():
            return ()
        return self.resolver.cached(self.plan)

    @cached_property
    def explanation(self) -> Explanation:
        """Which source of credentials and region wins, which lose and why. Opens nothing.

        Raises `ProfileNotFound` when there is no profile of the wanted name.
        """
        from keystead.model.explain import explain
        from keystead.model.explain.search import Facts, StoreFacts, names

        environ, name = self.system.environ, self.wanted
        if name is not None:
            self.profiles.find(name)
        stores = [
            StoreFacts(
                store.title,
                {each: p for each in names(environ, name) if (p := _found(part, each))},
                store.read_by_sdks,
                store.read_by_dotnet,
            )
            for store, part in self.profiles.parts
        ]
        return explain(Facts(environ, stores, name, bool(self.location)), self.profiles)

    def provider(self, grantee: Grantee | None) -> ProfileCredentials:
        """The credentials, retrieved when they are first needed and renewed in time.

        The first ones, and each new ones, are recorded in the audit log as the ``grantee``'s; with
        None the caller records them. Raises `UseRefused` where a rule of the profile, or of one on
        the way, forbids the use.
        """
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

        return ProfileCredentials(app.system, self.resolver, plan, record)

    def credentials(self, grantee: Grantee) -> Credentials:
        """The credentials, handed to ``grantee``. Raises as `provider`, and as retrieving does."""
        return self.provider(grantee).retrieve()

    def session_source(self) -> SessionSource:
        """What a session of an SDK is made of; it looks at the stores again after each change."""
        return SessionSource(
            open_provider=lambda: self.renewed().provider(Grantee("session")).retrieve,
            version=self.change_token,
            profile=self.plan.profile or None,
            profile_names=lambda: [found.name for found in self.chain.profiles()],
            client_settings=self.client_settings,
            other_settings=self.other_settings,
            clock=self.app.system.clock,
        )


def _found(part: StoreSnapshot, name: str) -> Profile | None:
    try:
        return part.find(name)
    except ProfileNotFound:
        return None
