"""The base class of providers, which retrieve the credentials of a `CredentialSource`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.profile import Profile
from keystead.model.sources.kind import CredentialSource
from keystead.system import System

if TYPE_CHECKING:
    from keystead.resolve.aws.client import AwsClient

S = TypeVar("S", bound=CredentialSource)


class ProviderContext(NamedTuple):
    """The profile that names a source, the outside world and how calls are made.

    Where the environment alone names it, ``profile`` has no name and what the environment sets.
    """

    profile: Profile
    system: System
    client_settings: ClientSettings


class Provider(Generic[S]):
    """Retrieves the credentials of ``source``."""

    def __init__(self, source: S, context: ProviderContext) -> None:
        self.source = source
        self.context = context
        self.profile, self.system, self.client_settings = context

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
        """
        return None

    def input_files(self) -> list[Path] | None:
        """The files, in addition to those of profiles, that the credentials depend on.

        None where that cannot be said, so that another process may find others.
        """
        return []

    def flight_inputs(self) -> list[object] | None:
        """All that the credentials depend on, where requests at one time share them; else None."""
        return None

    def require_no_ring(self) -> None:
        """Raises `ProfileCycle` where retrieving them would start itself again."""
