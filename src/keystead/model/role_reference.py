"""Names of permission sets that need no profile: ``session/account/role``.

Each part is percent-encoded where it holds a ``/`` or a ``%``. The account is its id, or its name.
"""

from __future__ import annotations

from keystead.model.profile import Profile
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

REGION_RULES = "populate_region"
"""The setting of an sso-session with the rules for regions of accounts."""
_PARTS = 3
_DIGITS = 12


class RoleReference(NamedTuple):
    """The permission set ``role`` in ``account``, reached by the login of an sso-session."""

    session: str
    account: str
    role: str

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """The reference that ``name`` has the form of; None for any other name."""
        parts = name.split("/", _PARTS)
        if len(parts) != _PARTS or not all(parts):
            return None
        return cls(*map(decoded, parts))

    @property
    def has_account_id(self) -> bool:
        """Whether the account is an id; no account can be reached by a name of that form."""
        return is_account_id(self.account)

    def __str__(self) -> str:
        return "/".join(map(encoded, self))

    def profile(self, name: str, region: str | None = None) -> Profile:
        """The profile that ``name``, a spelling of this reference, means."""
        settings = {
            "sso_session": self.session,
            "sso_account_id": self.account,
            "sso_role_name": self.role,
        }
        return Profile(name, {**settings, **({"region": region} if region else {})})


def is_account_id(text: str) -> bool:
    """Whether ``text`` has the form of an account's id."""
    return len(text) == _DIGITS and text.isascii() and text.isdigit()


def decoded(part: str) -> str:
    """A part of a reference, without its percent-encoding."""
    if "%" not in part:
        return part
    import re

    def text(run: re.Match[str]) -> str:
        return bytes.fromhex(run[0].replace("%", "")).decode(errors="replace")

    return re.sub("(?:%[0-9A-Fa-f]{2})+", text, part)


def encoded(part: str) -> str:
    """A part of a reference: ``%``, ``/``, blanks and unprintable characters percent-encoded."""
    if part.isprintable() and not ("%" in part or "/" in part or " " in part):
        return part
    return "".join(
        char if char not in "%/ " and char.isprintable() else percent_encoded(char) for char in part
    )


def percent_encoded(text: str) -> str:
    """All of ``text`` percent-encoded."""
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="replace"))
