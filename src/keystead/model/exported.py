"""What keystead itself set in an environment, and what the environment is without it. Pure.

``keystead env`` and ``exec`` set `MARKER` with the variables that they set. It names each with a
digest of its value, so that a variable that the user changes afterwards is the user's, and the
values that they replaced, except secret ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from keystead.digest import sha256
from keystead.model.settings import is_secret
from keystead.model.sources.container import FULL
from keystead.model.sources.environment import TOKEN_VARIABLE
from keystead.model.sources.environment import VARIABLES as KEY_VARIABLES
from keystead.model.variables import MARKER
from keystead.outside import parse_json
from keystead.plain_json import COMPACT, dumps
from keystead.value import Value, field

_URL_SAFE = str.maketrans("+/", "-_")


class Exported(Value):
    """``digests`` has the variables that keystead set; ``replaced`` what they, or variables that it
    took away, were before, None for a secret.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def between(cls, before: Mapping[str, str], after: Mapping[str, str]) -> Exported:
        """What keystead set where an environment becomes another one."""
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        lost = [name for name in before if name in changed or name not in after]
        return cls(
            {name: _digest(name, value) for name, value in changed.items()},
            {name: None if _is_of_keys(name) else before[name] for name in lost},
        )

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Exported:
        """What the marker in an environment says; nothing where there is none, or no valid one."""
        text = environ.get(MARKER, "").encode()
        if not text:
            return cls()
        import base64

        try:
            found = parse_json(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))
            return cls(dict(found.get("set", {})), dict(found.get("was", {})))
        except (ValueError, AttributeError, TypeError):
            return cls()

    def marker(self) -> str:
        """The value of `MARKER`: letters, digits, ``-`` and ``_``, which every shell takes."""
        import binascii

        text = dumps({"set": self.digests, "was": self.replaced}, COMPACT)
        return binascii.b2a_base64(text.encode()).decode().translate(_URL_SAFE).rstrip("=\n")


def users_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as the user set it: without what keystead set, and with what that replaced.

    A replaced secret is not known, so it stays away.
    """
    exported = Exported.of(environ)
    found = {
        name: value
        for name, value in environ.items()
        if name != MARKER and exported.digests.get(name) != _digest(name, value)
    }
    for name, value in exported.replaced.items():
        if value is not None and name not in found:
            found[name] = value
    return found


def working_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment that counts for a profile: the user's own, with the keys that are there now.

    So region, addresses and files that keystead set for one profile do not count for another one,
    while ``credential_source = Environment`` has the keys that every other program has.
    """
    keys = {name: environ[name] for name in (*KEY_VARIABLES, TOKEN_VARIABLE) if name in environ}
    return users_environment(environ) | keys


def holds_exported_credentials(environ: Mapping[str, str]) -> bool:
    """Whether the keys there, or without keys the endpoint, are those that keystead set.

    What it set with them belongs to them.
    """
    digests = Exported.of(environ).digests
    has_keys = any(environ.get(name) for name in KEY_VARIABLES)
    return all(
        digests.get(name) == _digest(name, environ.get(name, ""))
        for name in (KEY_VARIABLES if has_keys else [FULL])
    )


def _is_of_keys(name: str) -> bool:
    """Whether a variable holds a secret, or is of no use without one."""
    return is_secret(name) or name in KEY_VARIABLES


def _digest(name: str, value: str) -> str:
    return sha256(f"{name}={value}".encode("utf-8", "surrogateescape")).hexdigest()[:8]
