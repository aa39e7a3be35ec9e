"""A value that no text form shows: not ``str``, not ``repr``, not a format, not a pickle.

The only way to its content is `Secret.reveal`, which is easy to search a codebase for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

MASK = "********"


class NotPickled:
    """A class whose objects no pickle holds: it would have their secrets in clear text."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled, since it holds a secret")


class Secret(NotPickled):
    """Holds a secret, or the way to open it.

    ``Secret("text")`` holds the text. ``Secret(open)`` with a function without arguments opens it
    when somebody reveals it, so that a profile can be read, listed and planned with while the
    store it lives in stays locked. ``str``, ``repr`` and formats mask it; pickling and hashing are
    refused. ``shown`` stands for it in texts: that of a longer text has its harmless parts
    readable.

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
        """The secret itself.

        Raises whatever opening the store raises: `keystead.StoreUnavailable` on a wrong
        passphrase, `keystead.InteractionRequired` where nobody can be asked for one.
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
    """The plain text of ``value``, whether or not it is kept as a `Secret`."""
    return value.reveal() if isinstance(value, Secret) else value


def redact(text: str, *secrets: str | None) -> str:
    """``text`` with each of the given secrets masked, for words that come from elsewhere."""
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
    """A name that somebody typed, in backticks; ``otherwise`` where it could be a secret key."""
    return otherwise if holds_key(name) else f"`{name}`"


def reads_as_name(text: str) -> bool:
    """Whether an unknown setting or option may be repeated: words in lower case, nothing else."""
    import re

    name = re.fullmatch(r"-[A-Za-z]|-{0,2}[a-z]+(?:[._-][a-z0-9]+)*", text)
    return name is not None and not holds_key(text)
