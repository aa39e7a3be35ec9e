"""What the program of ``credential_process`` prints."""

from __future__ import annotations

from functools import cached_property

from keystead.model.credentials import Credentials
from keystead.model.sources.process import SETTING, Process
from keystead.resolve.credentials_json import BadDocument, read_credentials, read_object
from keystead.resolve.program import Program
from keystead.resolve.providers.provider import Provider
from keystead.system.path import Path

VERSION = 1


class ProcessProvider(Provider):
    """A program of the user's."""

    source: Process

    @cached_property
    def program(self) -> Program:
        """The program that the profile names."""
        return Program(SETTING, self.profile)

    def retrieve(self) -> Credentials:
        """The credentials that the program prints: one JSON object of at most 1 MiB with
        ``Version`` 1, ``AccessKeyId``, ``SecretAccessKey``, and perhaps ``SessionToken``,
        ``Expiration`` (ISO 8601) and ``AccountId``.

        Raises `ProviderError` for a program that prints something else, without a byte of it, and
        what running it raises.
        """
        try:
            credentials = _read(self.program.output(self.system), self.program.name)
        except BadDocument as error:
            raise self.program.refused(
                f"printed something that cannot be used: it {error}",
                "see the AWS documentation of credential_process for the form",
            ) from None
        if not credentials.fresh(self.system.clock()):
            raise self.program.refused(
                "returned credentials that have expired", "check this machine's clock"
            )
        return credentials

    def identity(self) -> list[object] | None:
        """As `Provider.identity`."""
        return self.program.cached_inputs(self.system) if self.source.is_cached else None

    def input_files(self) -> list[Path] | None:
        """As `Provider.input_files`."""
        return self.program.files() if self.source.is_cached else None

    def flight_inputs(self) -> list[object]:
        """As `Provider.flight_inputs`."""
        return self.program.inputs(self.system)

    def require_no_ring(self) -> None:
        """As `Provider.require_no_ring`."""
        self.program.require_no_ring(self.system)


def _read(output: bytes, name: str) -> Credentials:
    document = read_object(output)
    version = document.get("Version")
    if version is None:
        raise BadDocument("has no `Version`")
    if type(version) is not int or version != VERSION:
        raise BadDocument(f"has another `Version` than {VERSION}")
    return read_credentials(document, "SessionToken", source=f"credential_process {name}")
