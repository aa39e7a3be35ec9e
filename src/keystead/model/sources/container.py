"""The endpoint of the container: ECS, EKS pod identities, ``keystead serve``."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.model.sources.kind import CredentialSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
VARIABLES = (RELATIVE, FULL)


class Container(CredentialSource):
    """The endpoint that the environment names, by itself or by ``credential_source``."""

    kind = "container"
    setting_value = "EcsContainer"
    origin = "the container"
    is_chained = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """The one that the environment sets up."""
        return cls(profile="") if any(map(environ.get, VARIABLES)) else None

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        return "the container's endpoint"
