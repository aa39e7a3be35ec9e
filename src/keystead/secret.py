"""Secrets that ``str``, ``repr``, formats and pickles do not show, only `Secret.reveal`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

MASK = "********"


class NotPickled:
    """A class that refuses pickling, which would store secrets in clear text."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled, since it holds a secret")


class Secret(NotPickled):
    """A secret, or a function that returns it.

    ``Secret("text")`` holds the text. ``Secret(open)`` calls ``open()`` when it is revealed, so
    that a profile can be listed and planned while its store is locked. ``str``, ``repr`` and
    formats mask it; pickling and hashing are refused. ``shown`` replaces the mask: that of a longer
    text has its harmless parts readable.

    >>> secret = keystead.Secret("example")
    >>> print(secret)
    ********
    >>> secret.reveal()
    'example'
    """

    __slots__ = ("_content", "_shown")

    def __init__(self, content: str | Callable[[], str], *, shown: str = MASK) -> None:
        self._content = content
        self._shown = shown

    def reveal(self) -> str:
        """The secret.

        Raises what opening the store raises: `keystead.StoreUnavailable` for a wrong passphrase,
        `keystead.InteractionRequired` where no prompt is possible.
        """
        return self._content if isinstance(self._content, str) else self._content()

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return self._shown

    def __format__(self, spec: str) -> str:
        return format(self._shown, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would be a fingerprint of the secret


def reveal(value: str | Secret) -> str:
    """The plain text of ``value``."""
    return value.reveal() if isinstance(value, Secret) else value


def redact(text: str, *secrets: str | None) -> str:
    """``text`` with the given secrets masked, for messages of other programs."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text


def holds_key(text: str) -> bool:
    """Whether a run of letters in ``text`` could be a secret key, or part of a session token."""
    import re

    return re.search(r"[A-Za-z0-9/+=]{40}", text) is not None


def without_keys(text: str) -> str:
    """``text`` with `MASK` for each run that is like a secret key: both cases, digits, no word."""
    import re

    def masked(run: re.Match[str]) -> str:
        kinds = (str.isupper, str.islower, str.isdigit)
        return MASK if all(any(map(kind, run[0])) for kind in kinds) else run[0]

    return re.sub(r"[A-Za-z0-9/+=]{40,}", masked, text)


def quoted(name: str, otherwise: str) -> str:
    """A typed name in backticks; ``otherwise`` where it could be a secret key."""
    return otherwise if holds_key(name) else f"`{name}`"


def reads_as_name(text: str) -> bool:
    """Whether an unknown setting or option may be shown: words in lower case only."""
    import re

    name = re.fullmatch(r"-[A-Za-z]|-{0,2}[a-z]+(?:[._-][a-z0-9]+)*", text)
    return name is not None and not holds_key(text)
