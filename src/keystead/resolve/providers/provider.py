"""The base class of providers, which retrieve the credentials of a `CredentialSource`."""

from __future__ import annotations

from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.model.sources.kind import CredentialSource
from keystead.system import System
from keystead.system.path import Path
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from keystead.resolve.aws.client import AwsClient
    from keystead.resolve.sso.cache import TokenCache
    from keystead.resolve.sso.place import SealedPlaces


class ProviderContext(NamedTuple):
    """The profile that names a source, the outside world, how calls are made, and sealed logins.

    Where the environment alone names it, ``profile`` has no name and what the environment sets.
    """

    profile: Profile
    system: System
    client_settings: ClientSettings
    logins: Callable[[], SealedPlaces]


class Provider:
    """Retrieves the credentials of ``source``.

    A new kind has to write `retrieve`. The defaults of the others are those of a source that is
    read again for each use and depends on nothing but the profile's settings.
    """

    def __init__(self, source: CredentialSource, context: ProviderContext) -> None:
        self.source = source
        self.context = context
        self.profile, self.system, self.client_settings, _ = context

    @property
    def client(self) -> AwsClient:
        """What calls AWS by the settings in effect, unsigned."""
        from keystead.resolve.aws.client import AwsClient

        return AwsClient(self.system, self.client_settings)

    def retrieve(self) -> Credentials:
        """The credentials. Raises what its module says."""
        raise NotImplementedError

    def identity(self) -> list[object] | None:
        """What tells these credentials from others of a source like it, where that is known
        before they are there; None: their key id tells.

        It is part of the name under which sessions are cached: with too little in it, one profile
        gets the session of another. A source that is cached has one.
        """
        return None

    def login(self) -> TokenCache[Any] | None:
        """The login of a person that it uses; None where it uses none."""
        return None

    def input_files(self) -> list[Path] | None:
        """The files, in addition to those of profiles, that the credentials depend on.

        None where that cannot be said, so that another process may find others. The agent answers
        from memory while none of them changes; of a file that is missing here it sees no change.
        """
        login = self.login()
        return [] if login is None else [login.places.shared.path, login.places.sealed.path]

    def flight_inputs(self) -> list[object] | None:
        """All that the credentials depend on, where requests at one time share them; else None.

        For what is slow, or bothers a person, when each of many requests does it: a program.
        """
        return None

    def require_no_ring(self) -> None:
        """Raises `ProfileCycle` where retrieving them would start itself again.

        For a source that starts a program, which may itself ask keystead.
        """
