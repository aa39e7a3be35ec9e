"""The role of an EC2 instance, from its metadata service."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.model.sources.kind import CredentialSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

DISABLED = "AWS_EC2_METADATA_DISABLED"


class Ec2(CredentialSource):
    """The metadata service, as the last place of a search or by ``credential_source``."""

    kind = "ec2"
    setting_value = "Ec2InstanceMetadata"
    origin = "the EC2 instance"
    is_chained = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """It, unless the environment disables it."""
        return None if environ.get(DISABLED, "").lower() == "true" else cls(profile="")

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        return "the EC2 metadata service"
