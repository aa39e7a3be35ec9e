"""Keys in the environment."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import ProfileInvalid
from keystead.model.sources.kind import CredentialSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
TOKEN_VARIABLE = "AWS_SESSION_TOKEN"  # noqa: S105  # a variable's name


class Environment(CredentialSource):
    """The keys in the environment, by themselves or by ``credential_source`` of ``profile``."""

    kind = "environment"
    setting_value = "Environment"
    origin = "the environment"
    is_local = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self | None:
        """The one that the environment sets up. Raises `ProfileInvalid` for half a pair."""
        return cls(profile="") if has_keys(environ) else None

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        return "keys in the environment"


def has_keys(environ: Mapping[str, str]) -> bool:
    """Whether the environment has keys. Raises `ProfileInvalid` for half a pair."""
    given = [name for name in VARIABLES if environ.get(name)]
    if len(given) == 1:
        missing = next(name for name in VARIABLES if name not in given)
        raise ProfileInvalid(
            f"the environment has `{given[0]}` without `{missing}`",
            id="environment-incomplete",
            hint="set or unset both",
        )
    return bool(given)
