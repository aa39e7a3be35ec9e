"""Profiles and their types: what a named group of settings amounts to.

`TYPES` is the table of profile types; a new one is a row. Reading is lenient (`Profile.type`
follows the rules that the AWS SDKs share), writing is strict (`check_writable` refuses what some
reader would reject or misread).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, Protocol

from keystead.errors import Origin, ProfileInvalid
from keystead.model.settings import DECIDING, is_secret
from keystead.secret import Secret, reveal

Value = str | Secret | Mapping[str, str]
"""A setting's value: text, a secret, or a nested block such as ``s3 =``."""


class ProfileType(NamedTuple):
    """One kind of profile.

    It is the profile's type when all of ``deciding`` are set; then ``required`` must be set too,
    ``optional`` may be, and any other setting that decides types is one too many.
    """

    name: str
    deciding: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    summary: str


_KEY = "aws_access_key_id"
_SECRET = "aws_secret_access_key"  # noqa: S105  # the name of a setting
_TOKEN = "aws_session_token"  # noqa: S105  # the name of a setting
_KEYS = (_KEY, _SECRET, _TOKEN)
_WEB_IDENTITY_OPTIONS = (
    "role_session_name",
    "duration_seconds",
    "session_policy",
    "session_policy_arns",
)
_ROLE_OPTIONS = (
    "external_id",
    "mfa_serial",
    *_WEB_IDENTITY_OPTIONS,
    "session_tags",
    "transitive_session_tags",
    "source_identity",
)
_SSO_OPTIONS = ("sso_session", "sso_start_url", "sso_region", "sso_registration_scopes")

# In the order in which the SDKs look: the first row whose deciding settings are all there wins.
TYPES: tuple[ProfileType, ...] = (
    ProfileType(
        "AssumeRoleWithWebIdentity",
        ("role_arn", "web_identity_token_file"),
        ("role_arn", "web_identity_token_file"),
        _WEB_IDENTITY_OPTIONS,
        "temporary credentials for a role, by the token in a file",
    ),
    ProfileType(
        "AssumeRoleCredentialSource",
        ("role_arn", "credential_source"),
        ("role_arn", "credential_source"),
        _ROLE_OPTIONS,
        "temporary credentials for a role, from the environment, EC2 or a container",
    ),
    ProfileType(
        "AssumeRole",
        ("role_arn",),
        ("role_arn", "source_profile"),
        _ROLE_OPTIONS,
        "temporary credentials for a role, from the credentials of a source profile",
    ),
    ProfileType(
        "AssumeRoleWithWebIdentity",
        ("web_identity_token_file",),
        ("role_arn", "web_identity_token_file"),
        _WEB_IDENTITY_OPTIONS,
        "temporary credentials for a role, by the token in a file",
    ),
    ProfileType(
        "SSO",
        ("sso_account_id",),
        ("sso_account_id", "sso_role_name"),
        _SSO_OPTIONS,
        "temporary credentials from IAM Identity Center",
    ),
    ProfileType(
        "SSO",
        ("sso_role_name",),
        ("sso_account_id", "sso_role_name"),
        _SSO_OPTIONS,
        "temporary credentials from IAM Identity Center",
    ),
    ProfileType(
        "Session",
        (_TOKEN,),
        (_KEY, _SECRET, _TOKEN),
        (),
        "temporary credentials that were retrieved by hand",
    ),
    ProfileType(
        "Basic", (_KEY,), (_KEY, _SECRET), ("mfa_serial",), "long-term credentials of an IAM user"
    ),
    ProfileType(
        "Basic",
        (_SECRET,),
        (_KEY, _SECRET),
        ("mfa_serial",),
        "long-term credentials of an IAM user",
    ),
    ProfileType("Login", ("login_session",), ("login_session",), (), "a session of `aws login`"),
    ProfileType(
        "CredentialProcess",
        ("credential_process",),
        ("credential_process",),
        (),
        "credentials that a program prints",
    ),
)


class ProfileSource(Protocol):
    """The look-up side of stores; all that planning and resolving need."""

    def find(self, name: str) -> Profile:
        """The profile of that name. Raises `keystead.ProfileNotFound`."""
        ...

    def sso_session(self, name: str) -> Mapping[str, str]:
        """The settings of an ``sso-session`` section; empty when there is none."""
        ...

    def services(self, name: str) -> Mapping[str, Value]:
        """The settings of a ``services`` section; empty when there is none."""
        ...


@dataclass(frozen=True, init=False)
class Profile:
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
    settings: Mapping[str, Value] = field(repr=False)
    store_type_name: str | None = None
    location: str | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False, compare=False)
    unique_key: str | None = field(default=None, compare=False)
    confirm: Callable[[], object] | None = field(default=None, compare=False, repr=False)
    refused: str | None = field(default=None, compare=False)

    def __init__(  # noqa: PLR0917  # the fields in their order
        self,
        name: str,
        settings: Mapping[str, Value],
        store_type_name: str | None = None,
        location: str | None = None,
        origins: Mapping[str, Origin] | None = None,
        unique_key: str | None = None,
        confirm: Callable[[], object] | None = None,
        refused: str | None = None,
    ) -> None:
        wrapped: dict[str, Value] = {}
        for key, value in settings.items():
            known, secret = _known(key)
            wrapped[known] = Secret(value) if secret and value and isinstance(value, str) else value
        own = vars(self)  # a frozen class's own way of setting costs more than all the rest of this
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

    def is_same(self, other: Profile) -> bool:
        """Whether both are the profile of one name in one store, whatever its settings are."""
        mine = (self.name, self.store_type_name, self.location)
        return mine == (other.name, other.store_type_name, other.location)

    def has(self, key: str) -> bool:
        """Whether the setting is there and not empty. Opens nothing that is sealed."""
        value = self.settings.get(key)
        return isinstance(value, Secret) or bool(value)

    def text(self, key: str) -> str | None:
        """The setting's text, None when unset or empty. Opens it when it is sealed."""
        value = self.settings.get(key)
        if value is None or isinstance(value, Mapping):
            return None
        return reveal(value) or None

    @property
    def type(self) -> ProfileType | None:
        """The type of the profile; None when its settings make none."""
        return None if self.refused else _judged(self._deciding())[0]

    @property
    def region(self) -> str | None:
        """The profile's own region."""
        return self.text("region")

    @property
    def has_keys(self) -> bool:
        """Whether it has a complete pair of keys of its own."""
        return self.has(_KEY) and self.has(_SECRET)

    @property
    def _keys_are_last(self) -> bool:
        """Whether its keys stand in the config file, where these other sources go before them."""
        if not (self.location and (self.has("login_session") or self.has("credential_process"))):
            return False
        first = next((key for key in _KEYS if self.has(key)), None)
        place = self.origins.get(first) if first else None
        return place is not None and place.file != self.location

    def where(self, key: str | None = None) -> Origin | None:
        """File and line of a setting, else of the profile's first one."""
        if key is not None and key in self.origins:
            return self.origins[key]
        return next(iter(self.origins.values()), None)

    def problem(self) -> str | None:
        """Why the profile gives no credentials, naming setting and rule; None when it can."""
        if self.refused:
            return self.refused
        fault = _judged(self._deciding())[1]
        return fault.why if fault else None

    @property
    def notes(self) -> Sequence[str]:
        """Where other readers take other keys from the file; empty for other stores."""
        return getattr(self.origins, "notes", ())

    @property
    def is_set_up(self) -> bool:
        """Whether its settings make a type, be it in part: else a search passes it over."""
        given = self._deciding()
        return any(given.issuperset(row.deciding) for row in TYPES)

    def problem_at(self) -> Origin | None:
        """File and line of the setting that `problem` is about, where there is one."""
        fault = _judged(self._deciding())[1]
        return self.where(fault.setting if fault else None) if self.problem() else None

    def without_role(self) -> Profile:
        """The profile as it counts for a role over it: its own role over a source is passed by."""
        role = {"source_profile", "credential_source"}
        if not self.has("web_identity_token_file"):
            role.add("role_arn")
        left = {key: value for key, value in self.settings.items() if key not in role}
        return replace(self, settings=left)

    def _deciding(self) -> frozenset[str]:
        given = frozenset(filter(self.has, DECIDING.intersection(self.settings)))
        return given.difference(_KEYS) if self._keys_are_last else given


class _Fault(NamedTuple):
    """Why settings make no type, and the setting to look at."""

    why: str
    setting: str | None = None


@lru_cache
def _judged(given: frozenset[str]) -> tuple[ProfileType | None, _Fault | None]:
    """The type that those settings make and None or, where they make none, None and why."""
    row = next((row for row in TYPES if given.issuperset(row.deciding)), None)
    if row is None:
        of_roles = (*_ROLE_OPTIONS, "source_profile", "credential_source")
        stray = next((key for key in of_roles if key in given), None)
        if stray:
            return None, _Fault(f"`{stray}` without `role_arn`", stray)
        portal = next((key for key in _SSO_OPTIONS if key in given), None)
        if portal:
            lacks = f"`{portal}` without `sso_account_id` and `sso_role_name`"
            return None, _Fault(f"{lacks} gives a token and no credentials", portal)
        return None, _Fault("no setting that gives credentials")
    missing = [key for key in row.required if key not in given]
    if missing:
        there = next(key for key in row.required if key in given)
        needs = " and ".join(f"`{key}`" for key in row.required)
        why = f"`{there}` without `{missing[0]}`: a profile of type {row.name} needs {needs}"
        if row.name == "AssumeRole":
            why = "`role_arn` without `source_profile` or `credential_source`"
        return None, _Fault(why, there)
    if row.name == "AssumeRoleCredentialSource" and "source_profile" in given:
        why = "`source_profile` and `credential_source` exclude each other"
        return None, _Fault(why, "credential_source")
    return row, None


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
            allowed |= {_KEY, _SECRET, _TOKEN}
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
                f"`{key}` does not go with a profile of type {row.name}, "
                f"which `{row.deciding[0]}` makes it"
            )
    return None
