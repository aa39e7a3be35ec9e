"""Until when a login is valid, as its document says. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.outside import parse_moment, text_in
from keystead.value import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, Self


class LoginState(NamedTuple):
    """The end of the token, and whether there is another one that renews it without a person."""

    expires_at: datetime
    is_renewed: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self | None:
        """The state of a document of the AWS CLI: ``expiresAt`` is at its top or, of a console's
        login, with the keys. None where there is none.
        """
        token = document.get("accessToken")
        place = token if isinstance(token, Mapping) else document
        try:
            # Older versions of the AWS CLI write ``UTC`` at the end.
            ends = parse_moment(text_in(place.get("expiresAt")).removesuffix("UTC"))
        except ValueError:
            return None
        return cls(ends, isinstance(document.get("refreshToken"), str))

    @classmethod
    def in_head(cls, head: Mapping[str, Any]) -> Self | None:
        """What `head` wrote; None where there is none."""
        try:
            return cls(parse_moment(text_in(head.get("expires_at"))), head.get("renewed") is True)
        except ValueError:
            return None

    def head(self) -> dict[str, object]:
        """The members for the unencrypted part of a sealed document."""
        return {"expires_at": self.expires_at.isoformat(), "renewed": self.is_renewed}
