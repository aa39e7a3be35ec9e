"""Profiles: named groups of settings, and what type they have.

Reading is lenient (`Profile.type` follows the rules that the AWS SDKs share), writing is strict
(`check_writable` refuses what some reader would reject or misread).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from types import MappingProxyType

from keystead.errors import Origin, ProfileInvalid
from keystead.model.search import AFTER_KEYS, SourceChoice, choose_source
from keystead.model.settings import DECIDING, is_secret
from keystead.model.sources.static import KEY, KEYS, SECRET
from keystead.secret import Secret, reveal
from keystead.value import Protocol, Value, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.model.profile_type import ProfileType

SettingValue = str | Secret | Mapping[str, str]
"""A setting's value: text, a secret, or a nested block such as ``s3 =``."""


class ProfileSource(Protocol):
    """The look-up side of stores; all that planning and resolving need."""

    def find(self, name: str) -> Profile:
        """The profile of that name. Raises `keystead.ProfileNotFound`."""

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section; empty when there is none."""

    def services(self, name: str) -> Mapping[str, SettingValue]:
        """The settings of a ``services`` section; empty when there is none."""


class Profile(Value):
    """A named group of settings: what a section of the shared files is.

    ``settings`` maps lower-case shared-file names to values; secrets given as text become
    `Secret`, save an empty one, which is none. ``store_type_name``, ``location`` and ``origins``
    say where it was read from and are empty for a profile that was just made. ``unique_key`` is
    its GUID in the encrypted store. ``confirm`` proves that what was read is what was saved, where
    the store can tell; it is called before the profile gives credentials and raises what opening
    the store raises. ``refused`` is why the store hands it out to nobody, whatever its settings.
    [Profiles](profiles.md) has the types and all settings.

    >>> profile = keystead.ProfileStoreChain().find("admin")
    >>> profile.type.name, profile.settings["source_profile"]
    ('AssumeRole', 'dev')
    >>> profile.where("role_arn").line
    6
    >>> profile.problem() is None
    True
    >>> keystead.Profile("half", {"role_arn": "arn:aws:iam::123456789012:role/x"}).problem()
    '`role_arn` without `source_profile` or `credential_source`'
    >>> keystead.Profile("ci", {"aws_secret_access_key": "example"}).settings
    mappingproxy({'aws_secret_access_key': Secret(********)})
    """

    name: str
    settings: Mapping[str, SettingValue] = field(repr=False)
    store_type_name: str | None = None
    location: str | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False, compare=False)
    unique_key: str | None = field(default=None, compare=False)
    confirm: Callable[[], object] | None = field(default=None, compare=False, repr=False)
    refused: str | None = field(default=None, compare=False)

    def __init__(  # noqa: PLR0917  # the fields in their order
        self,
        name: str,
        settings: Mapping[str, SettingValue],
        store_type_name: str | None = None,
        location: str | None = None,
        origins: Mapping[str, Origin] | None = None,
        unique_key: str | None = None,
        confirm: Callable[[], object] | None = None,
        refused: str | None = None,
    ) -> None:
        wrapped: dict[str, SettingValue] = {}
        for key, value in settings.items():
            known, secret = _known(key)
            wrapped[known] = Secret(value) if secret and value and isinstance(value, str) else value
        own = vars(self)  # `object.__setattr__` takes longer than all the rest of this
        own["name"] = name
        own["settings"] = MappingProxyType(wrapped)
        own["store_type_name"] = store_type_name
        own["location"] = location
        own["origins"] = {} if origins is None else origins
        own["unique_key"] = unique_key
        own["confirm"] = confirm
        own["refused"] = refused

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, type={self.type.name if self.type else None})"

    @property
    def identity(self) -> tuple[str, str | None, str | None]:
        """Its name, store and place, whatever its settings are."""
        return self.name, self.store_type_name, self.location

    def is_same(self, other: Profile) -> bool:
        """Whether both are the profile of one name in one store."""
        return self.identity == other.identity

    def has(self, key: str) -> bool:
        """Whether the setting is there and not empty. Opens nothing that is sealed."""
        return bool(self.settings.get(key))

    def text(self, key: str) -> str | None:
        """The setting's text, None when unset or empty. Opens it when it is sealed."""
        value = self.settings.get(key)
        if value is None or isinstance(value, Mapping):
            return None
        return reveal(value) or None

    @property
    def type(self) -> ProfileType | None:
        """The type of the profile; None when its settings make none."""
        return None if self.refused else self.choice.type

    @property
    def region(self) -> str | None:
        """The profile's own region."""
        return self.text("region")

    @property
    def has_keys(self) -> bool:
        """Whether it has a complete pair of keys."""
        return self.has(KEY) and self.has(SECRET)

    def _keys_are_last(self, given: frozenset[str]) -> bool:
        """Whether its keys are in the config file, where these other sources take precedence."""
        if not self.location or not depends_on_file(given):
            return False
        first = next((key for key in KEYS if self.has(key)), None)
        place = self.origins.get(first) if first else None
        return place is not None and place.file != self.location

    def where(self, key: str | None = None) -> Origin | None:
        """File and line of a setting, else of the profile's first one."""
        if key is not None and key in self.origins:
            return self.origins[key]
        return next(iter(self.origins.values()), None)

    @property
    def file(self) -> str | None:
        """The file that it is in: of the two shared files the one with what decides its type."""
        file_of = getattr(self.origins, "file_of", None)  # of the shared files
        if file_of is None:
            where = self.where()
            return where.file if where else None
        chosen = self.choice.chosen
        found: str = file_of(chosen.settings if chosen else ())
        return found

    def problem(self) -> str | None:
        """Why the profile gives no credentials, naming setting and rule; None when it can."""
        return self.refused or self.choice.why

    @property
    def notes(self) -> Sequence[str]:
        """Where other readers take other keys from the file; empty for other stores."""
        return getattr(self.origins, "notes", ())

    @property
    def is_set_up(self) -> bool:
        """Whether its settings name a source, even incompletely; else a search ignores it."""
        return self.choice.chosen is not None

    def problem_at(self) -> Origin | None:
        """File and line of the setting that `problem` is about, where there is one."""
        return self.where(self.choice.setting) if self.problem() else None

    def without_role(self) -> Profile:
        """The profile as the source of a role: without its own role over another source."""
        role = {"source_profile", "credential_source"}
        if not self.has("web_identity_token_file"):
            role.add("role_arn")
        left = {key: value for key, value in self.settings.items() if key not in role}
        return replace(self, settings=left)

    @cached_property
    def choice(self) -> SourceChoice:
        """The choice among the sources that its settings name."""
        given = deciding_in(self.settings)
        return choose_source(given, keys_last=self._keys_are_last(given))


def deciding_in(settings: Mapping[str, object]) -> frozenset[str]:
    """The settings that are not empty and decide types."""
    return frozenset([key for key, value in settings.items() if value and key in DECIDING])


def depends_on_file(given: frozenset[str]) -> bool:
    """Whether the type that these settings make depends on the file with the keys."""
    return not given.isdisjoint(KEYS) and not given.isdisjoint(AFTER_KEYS)


@lru_cache
def _known(key: str) -> tuple[str, bool]:
    """A setting's name in lower case and whether it is a secret.

    Thousands of profiles have the same few settings, and share the names too.
    """
    return key.lower(), is_secret(key)


def check_writable(profile: Profile) -> None:
    """Refuses a profile that some reader would reject or read as something else.

    A profile without any setting that decides types (only a region, say) may be written.
    Raises `ProfileInvalid` naming profile, setting and rule.
    """
    deciding = [key for key in profile.settings if key in DECIDING and profile.has(key)]
    if not deciding:
        return
    problem = profile.problem()
    row = profile.type
    if problem is None and row is not None:
        allowed = {*row.required, *row.optional}
        if profile.text("source_profile") == profile.name:
            allowed.update(KEYS)
        problem = _first_stray(deciding, allowed, row)
    if problem:
        raise ProfileInvalid(
            f"profile `{profile.name}` cannot be stored: {problem}",
            hint="see `keystead help types` for what each type of profile requires",
        )


def _first_stray(deciding: Iterable[str], allowed: set[str], row: ProfileType) -> str | None:
    for key in deciding:
        if key not in allowed:
            return (
                f"`{key}` is not allowed in a profile of type {row.name}, "
                f"which `{row.deciding[0][0]}` makes it"
            )
    return None
