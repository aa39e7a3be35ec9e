"""The profiles for accounts and roles: what to add, change and remove, by those there are. Pure.

A profile that keystead made is marked by the setting ``populated_from``, which has the role's
`RoleReference` and the region that was written. Of such a profile, keystead changes the region and
the mark alone, and the region only while it is the one of the mark, so that one that a person has
set or removed stays. Where no rule gives a region, it stays too. A marked profile that names
another session, account or role than its mark was made into another one by a person: it is left
alone, as if it were not marked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from keystead.errors import ProfileInvalid
from keystead.identity_center.account import Account, RoleFilter
from keystead.identity_center.profile_name import NameTemplate, Wanted, different_names, safe
from keystead.identity_center.region_rule import RegionRule, region_of
from keystead.model.role_reference import RoleReference, is_account_id
from keystead.model.sources.sso import ACCOUNT, POPULATED_FROM
from keystead.model.validation import check_setting
from keystead.value import NamedTuple, Value

_REGION = "region"

Settings = Mapping[str, object]


class Mark(NamedTuple):
    """The value of ``populated_from``: the role, and the region that was written for it."""

    reference: RoleReference
    region: str

    @classmethod
    def of(cls, settings: Settings) -> Mark | None:
        """The mark of a profile; None for one that was not made by keystead."""
        text = settings.get(POPULATED_FROM)
        if not isinstance(text, str):
            return None
        name, _, region = text.partition(" ")
        reference = RoleReference.parse(name)
        return cls(reference, region) if reference and _role_of(settings) == reference else None

    def settings(self) -> dict[str, str]:
        """The settings of a new profile."""
        session, account_id, role = self.reference
        region = {_REGION: self.region} if self.region else {}
        return {
            "sso_session": session,
            "sso_account_id": account_id,
            "sso_role_name": role,
            **region,
            POPULATED_FROM: str(self),
        }

    def __str__(self) -> str:
        return f"{self.reference} {self.region}".rstrip()


def _role_of(settings: Settings) -> tuple[object, ...]:
    return tuple(settings.get(key) for key in ("sso_session", *ACCOUNT))


@lru_cache  # roles have the same names in thousands of accounts
def _is_writable(role: str) -> bool:
    """Whether the name, which may be anything, is read back as it is written."""
    try:
        check_setting("sso_role_name", role)
    except ProfileInvalid:
        return False
    return True


class Population(NamedTuple):
    """The changes of profiles, each by its name."""

    added: Mapping[str, Mapping[str, str]]
    changed: Mapping[str, Mapping[str, str]]
    removed: Collection[str]
    own_region: Sequence[str]
    """Those whose region a person has set or removed, where the rules give another one."""
    served: Sequence[str]
    """Those not made by keystead that have the name and give the role, so that none is added."""
    unwritable: Sequence[str]
    """The references of roles whose names no config file can have, so that none is added."""

    @property
    def names(self) -> set[str]:
        """The names of all profiles that change."""
        return {*self.added, *self.changed, *self.removed}


class Wish(Value):
    """Which profiles there are to be: those of ``session`` for ``accounts``, as far as selected.

    ``prune``: profiles for roles that are no longer there are removed, unless there is nothing at
    all, as when an administrator has just taken the access away by mistake.
    """

    session: str
    accounts: Sequence[Account]
    selected: RoleFilter
    template: NameTemplate
    regions: Sequence[RegionRule]
    prune: bool = False

    def population(self, profiles: Mapping[str, Settings], others: Iterable[str]) -> Population:
        """The changes; ``profiles`` are those of the config file, ``others`` further names in use.

        A profile for a role stays under its name, whatever the template gives.
        """
        made: dict[RoleReference, list[tuple[str, Mark]]] = {}
        for name, settings in profiles.items():
            mark = Mark.of(settings)
            if mark and mark.reference.session == self.session:
                made.setdefault(mark.reference, []).append((name, mark))
        changed: dict[str, Mapping[str, str]] = {}
        own: list[str] = []
        served: list[str] = []
        unwritable: list[str] = []
        new: list[tuple[Wanted, Mark]] = []
        for account, role in self._roles():
            region = region_of(account, role, self.regions) or ""
            wanted = Mark(RoleReference(self.session, account.id, role), region)
            for name, mark in made.get(wanted.reference, ()):
                there = profiles[name].get(_REGION, "")
                if region and there == mark.region != region:
                    changed[name] = {_REGION: region, POPULATED_FROM: str(wanted)}
                elif region and there not in {mark.region, region}:
                    own.append(name)
            if wanted.reference in made:
                continue
            name = self._name(account, role, region)
            if not (is_account_id(account.id) and _is_writable(role)):
                unwritable.append(str(wanted.reference))
            elif name in profiles and _role_of(profiles[name]) == wanted.reference:
                served.append(name)
            else:
                new.append((Wanted(name, account.id, role), wanted))
        names = different_names([name for name, _ in new], (*profiles, *others))
        added = {name: mark.settings() for name, (_, mark) in zip(names, new, strict=True)}
        gone = self._gone(made) if self.prune and self.accounts else ()
        removed = [name for reference in gone for name, _ in made[reference]]
        return Population(added, changed, removed, own, served, unwritable)

    def _roles(self) -> Iterator[tuple[Account, str]]:
        for account in self.accounts:
            yield from ((account, role) for role in self.selected.roles(account))

    def _name(self, account: Account, role: str, region: str) -> str:
        fields = {
            "session": self.session,
            "account_id": account.id,
            "account_name": account.name if safe(account.name) else account.id,
            "email": account.email,
            "role_name": role,
            "region": region,
        }
        return self.template.name(fields)

    def _gone(self, made: Iterable[RoleReference]) -> Iterator[RoleReference]:
        """Those whose account, or role in an account whose roles were listed, is not there."""
        roles = {account.id: account.roles for account in self.accounts}
        for reference in made:
            listed = roles.get(reference.account, ())
            if listed is not None and reference.role not in listed:
                yield reference
