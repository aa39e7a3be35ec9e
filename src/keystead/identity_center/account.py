"""An account that a login reaches, with its roles; patterns that select them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate

from keystead.model.role_reference import decoded
from keystead.value import NamedTuple, Value


class Account(NamedTuple):
    """An account; ``roles`` None means that its roles were not listed."""

    id: str
    name: str
    email: str = ""
    roles: tuple[str, ...] | None = None


class RolePattern(Value):
    """``ACCOUNT`` or ``ACCOUNT/ROLE``, with the wildcards ``*``, ``?`` and ``[...]``.

    An account is matched by its id or its name, in any letter case; a ``/`` in a name is ``%2F``.
    """

    account: re.Pattern[str]
    role: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> RolePattern:
        """The pattern that ``text`` is."""
        account, _, role = text.partition("/")
        return cls(*(_compiled(decoded(part) or "*") for part in (account, role)))

    def matches_account(self, account: Account) -> bool:
        """Whether some role of the account may match."""
        return any(map(self.account.match, (account.id, account.name)))

    def matches(self, account: Account, role: str) -> bool:
        """Whether that role matches."""
        return self.matches_account(account) and self.role.match(role) is not None


def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob), re.IGNORECASE)


class RoleFilter(Value):
    """Selects what matches one of ``include``, all where that is empty, and none of ``exclude``."""

    include: Sequence[RolePattern]
    exclude: Sequence[RolePattern]

    @classmethod
    def parse(cls, include: Iterable[str], exclude: Iterable[str] = ()) -> RoleFilter:
        """The filter of these patterns."""
        return cls(*([RolePattern.parse(text) for text in texts] for texts in (include, exclude)))

    def matches_account(self, account: Account) -> bool:
        """Whether some role of the account may be selected, so that its roles must be listed."""
        if any(p.matches_account(account) and p.role.match("") for p in self.exclude):
            return False  # only `*` matches an empty role
        return not self.include or any(p.matches_account(account) for p in self.include)

    def roles(self, account: Account) -> list[str]:
        """The selected roles of an account."""
        return [
            role
            for role in account.roles or ()
            if (not self.include or any(p.matches(account, role) for p in self.include))
            and not any(p.matches(account, role) for p in self.exclude)
        ]
