"""One profile and what its calls are made with, from one reading of the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from keystead.errors import KeysteadError, Origin, ProfileInvalid
from keystead.model.calls import Call
from keystead.model.client_settings import (
    NO_CLIENT_SETTINGS,
    OF_CLIENTS,
    ClientSettings,
    client_settings,
)
from keystead.model.endpoints import NO_ADDRESS, Endpoints
from keystead.model.plan import Plan
from keystead.model.profile import Profile
from keystead.model.program_settings import ProgramSettings, program_settings
from keystead.model.role_options import RoleOptions
from keystead.model.search import default_profile, nothing_configured, settings_profile
from keystead.model.settings import DECIDING
from keystead.model.sources.process import Process
from keystead.resolve.mfa import MfaCodes
from keystead.resolve.resolver import Resolver
from keystead.secret import Secret
from keystead.stores.chain import StoreChain
from keystead.stores.default_readings import DefaultReadings
from keystead.system import System

if TYPE_CHECKING:
    from keystead.resolve.chain_executor import Sessions


class Selection:
    """A profile by its name, or what the default search finds where ``name`` is None.

    ``options`` take precedence over the profile's, for the last role, and ``region`` over that of
    the environment and the profile. With ``in_session`` a session of a user's own keys is got in
    place of these. Each property raises what finding its value raises.
    """

    def __init__(  # noqa: PLR0917  # as `App.select` passes them
        self,
        system: System,
        chain: StoreChain,
        codes: MfaCodes,
        sessions: Sessions,
        name: str | None,
        options: RoleOptions | None = None,
        region: str | None = None,
        *,
        in_session: bool = False,
    ) -> None:
        self._system = system
        self._codes = codes
        self._sessions = sessions
        self._options = options
        self._region = region
        self._in_session = in_session
        self.chain = chain
        self._name = name

    @cached_property
    def name(self) -> str | None:
        """The name of the profile; None for the default search. At a location, where nothing but
        profiles is searched, that of the one in effect.
        """
        if self._name is not None or self.chain.location is None:
            return self._name
        profile = default_profile(self._system.environ, self.chain)
        if profile is None:
            raise nothing_configured()
        return profile.name

    @cached_property
    def profile(self) -> Profile | None:
        """The profile that says how requests go: the one that is named, else the one that the
        default search looks at; None where that does not exist.
        """
        if self._name is not None:
            return self.chain.find(self._name)
        return settings_profile(self._system.environ, self.chain)

    @cached_property
    def client_settings(self) -> ClientSettings:
        """What clients are made with: the variables' settings, else the profile's."""
        profile = self.profile
        own = client_settings(profile, self.chain) if profile else NO_CLIENT_SETTINGS
        found = own.with_variables(self._system.environ)
        return replace(found, region=self._region) if self._region else found

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
        return program_settings(self.client_settings, self._defaults(), self._system.environ)

    def without_files(self) -> ProgramSettings:
        """The same for a program that sees none of the user's shared files."""
        return program_settings(self.client_settings, (), self._system.environ)

    def place(self, setting: str) -> Origin | None:
        """Where the profile sets it, else where ``default`` does."""
        own = self.profile.origins.get(setting) if self.profile else None
        return own or self.default_readings.where(setting)

    @cached_property
    def default_readings(self) -> DefaultReadings:
        """What programs may read for ``default`` in the user's shared files."""
        return DefaultReadings(self._system)

    def _defaults(self) -> Iterator[ClientSettings]:
        for profile in self.default_readings.profiles():
            try:
                yield client_settings(profile, self.default_readings.store)
            except KeysteadError:  # no such services section: a program has no address to call
                rest = {key: value for key, value in profile.settings.items() if key != "services"}
                found = client_settings(Profile(profile.name, rest), self.default_readings.store)
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
        return Resolver(self._system, self.chain, self._codes, self._sessions, self._region)

    @cached_property
    def plan(self) -> Plan:
        """What would be done for the credentials; nothing is done."""
        made = self.resolver.plan(self.name, self._options, in_session=self._in_session)
        if isinstance(made.base, Process) and self.chain.location is None:
            # With a location the helper searches elsewhere.
            from keystead.model.helper_ring import require_no_ring

            require_no_ring(made, self.chain)
        return made

    @cached_property
    def calls(self) -> list[Call]:
        """The calls to AWS of the plan when nothing is cached, in order, each with its address."""
        from keystead.resolve.aws.address import address

        settings = self.plan.client_settings

        def addressed(call: Call) -> Call:
            # STS has an address for who sets no region; the others are called where it says.
            own = settings if call.service == "sts" else replace(settings, region=call.region)
            try:
                return call._replace(endpoint_url=address(call.service, call.operation, own))
            except ValueError as error:
                why = str(error).rstrip(".")
                raise ProfileInvalid(
                    f"{call.service} has no address with these settings: {why}",
                    id="invalid-address",
                    hint="check the region and the profile's other settings of clients",
                    where=self.profile.where("region") if self.profile else None,
                ) from None

        return [addressed(call) for call in self.resolver.calls(self.plan)]
