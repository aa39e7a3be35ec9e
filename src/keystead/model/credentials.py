"""Credentials: the keys that sign requests, with their expiry."""

from __future__ import annotations

from datetime import datetime, timedelta

from keystead.errors import ProfileInvalid
from keystead.secret import MASK, NotPickled
from keystead.value import Value, field


class Credentials(NotPickled, Value):
    """Keys that sign AWS requests. Frozen: a refresh makes a new value.

    ``session_token`` and ``expires_at`` are None for keys that do not expire; the time of expiry
    has its time zone. ``account_id`` is None where it is not known. ``source`` says where the keys
    came from, such as ``profile dev > arn:aws:iam::123456789012:role/admin``. ``str`` and ``repr``
    mask the secrets, and pickling is refused, since a pickle would hold them in clear text:
    give another process the profile's name.

    >>> found = keystead.credentials("dev")
    >>> found.access_key_id
    'AKIAIOSFODNN7EXAMPLE'
    >>> print(found)
    AKIAIOSFODNN7EXAMPLE ********
    >>> found.session_token is None, found.expires_at is None
    (True, True)
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    account_id: str | None = None
    source: str = ""

    def __post_init__(self) -> None:
        """Refuses what no request, shell or file can carry. Raises `ProfileInvalid`."""
        from keystead.model.validation import has_control

        for what, value in (
            ("access key id", self.access_key_id),
            ("secret access key", self.secret_access_key),
            ("session token", self.session_token or ""),
        ):
            if has_control(value):
                raise ProfileInvalid(
                    f"the {what} ({self.source}) contains a line break or control character",
                    id="invalid-setting-value",
                    hint="it may have been copied from a file with Windows line endings",
                )

    def __str__(self) -> str:
        return f"{self.access_key_id} {MASK}"

    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, _memo: object) -> Credentials:
        return self

    def fresh(self, now: datetime, window: timedelta = timedelta(0)) -> bool:
        """Whether the keys stay valid for more than ``window`` after ``now``."""
        return self.expires_at is None or now + window < self.expires_at
