"""What the kinds of sources have in common: the settings of a profile that name one."""

from __future__ import annotations

from keystead.value import NamedTuple, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar, Self

    from keystead.model.profile import Profile, ProfileSource
    from keystead.model.profile_type import ProfileType
    from keystead.model.setting import Setting


class Offer(NamedTuple):
    """A source that some settings of a profile name, whole or in part.

    ``type`` is the type that they make the profile, None where they make none; ``settings`` are
    those that are set, the one to look at first, and ``lacks`` says what is wrong with them, empty
    where nothing is. ``is_typed`` is whether the profile has what its type requires.
    """

    kind: type[Kind]
    type: ProfileType | None
    settings: tuple[str, ...]
    lacks: str = ""
    is_typed: bool = False


class Kind(Value, kw_only=True):
    """A kind of source of credentials in a profile, or of the role over one.

    ``types`` are the types of profiles that name it, the first that is decided counts; ``settings``
    their settings, ``also`` those that say more of it. ``word`` and ``meaning`` are what
    ``keystead explain`` calls it.
    """

    word: ClassVar[str]
    meaning: ClassVar[str]
    types: ClassVar[tuple[ProfileType, ...]] = ()
    settings: ClassVar[tuple[Setting, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def offer(cls, given: frozenset[str]) -> Offer | None:
        """What the settings ``given`` name of this kind; None where they name none."""
        row = next((row for row in cls.types if row.is_decided_by(given)), None)
        if row is None:
            return None
        shown = tuple(key for key in (*cls.types[0].required, *cls.also) if key in given)
        missing = [key for key in cls.needed(row, given) if key not in given]
        lacks = f"`{shown[0]}` without `{missing[0]}`" if missing else ""
        return Offer(cls, row, shown, lacks, given.issuperset(row.required))

    @classmethod
    def needed(cls, row: ProfileType, given: frozenset[str]) -> tuple[str, ...]:
        """The settings that a profile of that type needs to give credentials."""
        del given
        return row.required

    @classmethod
    def in_profile(cls, profile: Profile, offer: Offer) -> str:
        """The source in words, as the profile names it."""
        del profile, offer
        return cls.meaning


class CredentialSource(Kind, kw_only=True):
    """Where the first credentials of a plan come from, and the profile that says so.

    A new kind sets ``kind`` and, where its credentials differ from the default in that,
    `call`, `is_local`, `is_chained` and `is_cached`; its `Provider` decides the rest.
    Long-term keys alone are asked for by class: `Static`, and `Process` that may print some, get
    the MFA session of a user, and only `Static` is held by the agent without an expiry.

    ``profile`` is empty where the environment alone says so. ``account_id`` is the account that
    the profile says its credentials belong to.
    """

    kind: ClassVar[str]
    """Its name in `keystead plan`."""
    setting_value: ClassVar[str]
    """The value of ``credential_source`` that names it."""
    origin: ClassVar[str] = "this machine"
    """Where it is, in words, where no profile names it."""
    call: ClassVar[tuple[str, str] | None] = None
    """The service and operation of AWS that it calls; None: it calls none, so that `keystead plan`
    shows no call for it and its credentials are not cached."""
    is_local: ClassVar[bool] = False
    """Whether its credentials are read without starting a program or sending a request.

    `keystead plan` then reads them, and shows whether a role over them is cached; an error of
    reading, such as that of a file, is then one of `keystead plan` too.
    """
    is_chained: ClassVar[bool] = False
    """Whether it gives a session of a role, so that STS caps the role over it at an hour.

    False for such a session: STS refuses a longer ``duration_seconds`` of a role over it.
    """

    profile: str
    account_id: str | None = None

    @classmethod
    def from_profile(cls, profile: Profile, sections: ProfileSource) -> Self:
        """The source that the settings of a profile name. Raises `ProfileInvalid`."""
        del sections
        return cls(profile=profile.name)

    @property
    def is_cached(self) -> bool:
        """Whether its credentials are cached until they expire; True needs `Provider.identity`."""
        return self.call is not None

    @property
    def call_region(self) -> str | None:
        """The region of its `call`, None: the one in effect."""
        return None

    @property
    def label(self) -> str | None:
        """The ``source`` of its `Credentials`; None where it is known only when they are there."""
        return None

    def describe(self) -> str:
        """The source in words, for a person who reads a plan."""
        raise NotImplementedError
