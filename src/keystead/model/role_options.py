"""What a role's session is asked for with: the one table of AssumeRole's parameters.

A parameter is a field of `RoleOptions` with its row: the setting, the option of the commands, the
member of the request, how its text is read and shown, and an example. They come from the settings
of a profile or from the caller, who takes precedence. The limits are those of the STS API
reference; a value over one is refused before STS is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from keystead.errors import ProfileInvalid
from keystead.model.setting import POLICY_ARN, Group, Setting
from keystead.value import Field, Value

if TYPE_CHECKING:
    from keystead.model.profile import Profile

MOST_TAGS = 50
_LONGEST_KEY = 128
_LONGEST_VALUE = 256

Tags = tuple[tuple[str, str], ...]
T = TypeVar("T", bound="SessionOptions")


class RoleOption(NamedTuple):
    """One parameter of AssumeRole.

    ``read`` makes its value of the setting's text, ``collect`` of the words of an option that may
    be repeated, and ``send`` makes the request's member of the value. They raise `ValueError` whose
    text follows the name of the setting. ``shown`` is the value in words, for a person who reads a
    plan, and without a ``flag`` the commands have no option for it.
    """

    setting: Setting
    member: str
    shown: Callable[[Any, Any], str]
    read: Callable[[str], Any] = str
    flag: str = ""
    metavar: str = ""
    help: str = ""
    example: str = ""
    collect: Callable[[Sequence[str]], Any] | None = None
    send: Callable[[Any], Any] | None = None
    may_be_file: bool = False
    """Whether ``file://PATH`` stands for the content of a file."""


def option(default: Any, row: RoleOption) -> Any:  # noqa: ANN401  # the type that the field says
    """The default of a field that is a parameter of AssumeRole."""
    return Field(default, row)


def read_seconds(text: str) -> int:
    """A number of seconds."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("is not a whole number")
    if not _DURATION.fits(text):
        raise ValueError(f"is not {_DURATION.rule}")
    return int(text)


def read_policy(text: str) -> str:
    """A session policy, which is a JSON object."""
    import json

    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(policy, dict):
        raise ValueError("is JSON but not an object")  # noqa: TRY004  # a value, not a type
    return text


def read_list(text: str) -> tuple[str, ...]:
    """Words separated by commas."""
    words = tuple(word.strip() for word in text.split(","))
    if not all(words):
        raise ValueError("has an empty part between its commas")
    return words


def read_tags(text: str) -> Tags:
    """Pairs ``KEY=VALUE`` separated by commas, which no tag contains."""
    return checked_tags(text.split(","))


def checked_tags(words: Iterable[str]) -> Tags:
    """The tags that are written as ``KEY=VALUE``."""
    tags: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        name = key.strip()
        if not equals or not name:
            raise ValueError("is not KEY=VALUE, or several of them separated by commas")
        if name in tags:
            raise ValueError(f"has the tag `{name}` twice")
        if len(name) > _LONGEST_KEY or len(value.strip()) > _LONGEST_VALUE:
            raise ValueError("has a tag that is too long")
        tags[name] = value.strip()
    if len(tags) > MOST_TAGS:
        raise ValueError(f"has more than {MOST_TAGS} tags")
    return tuple(tags.items())


def _shown_tags(tags: Tags, options: RoleOptions) -> str:
    shown = (
        f"{key}={value}{' (transitive)' if key in options.transitive_tag_keys else ''}"
        for key, value in tags
    )
    return f"tags {', '.join(shown)}"


_DURATION = Setting(
    "duration_seconds",
    Group.ROLE,
    "how long the role's session lasts, in seconds",
    netsdk="duration_seconds",
    shape=r"9\d\d|[1-9]\d{3}|[1-3]\d{4}|4[0-2]\d{3}|43[01]\d\d|43200",
    rule="a number of seconds from 900 to 43200",
)
_NAME_SHAPE, _NAME_RULE = r"[\w+=,.@-]{2,64}", "2 to 64 letters, digits and _+=,.@-"


class SessionOptions(Value):
    """The parameters that AssumeRole and AssumeRoleWithWebIdentity have in common."""

    role_session_name: str | None = option(
        None,
        RoleOption(
            Setting(
                "role_session_name",
                Group.ROLE,
                "the name of the role's session in logs",
                netsdk="RoleSessionName",
                shape=_NAME_SHAPE,
                rule=_NAME_RULE,
                one_line=True,
            ),
            "RoleSessionName",
            lambda name, _: f"as {name}",
            flag="--role-session-name",
            metavar="NAME",
            help="the name of the role's session",
            example="nightly@work",
        ),
    )
    duration_seconds: int | None = option(
        None,
        RoleOption(
            _DURATION,
            "DurationSeconds",
            lambda seconds, _: f"for {seconds} s",
            read_seconds,
            flag="--duration-seconds",
            metavar="N",
            help="how long the role's session lasts",
            example="3600",
        ),
    )
    policy: str | None = option(
        None,
        RoleOption(
            Setting(
                "session_policy",
                Group.ROLE,
                "a policy in JSON that narrows what the role's session may do",
                netsdk="session_policy",
                shape=r"\{.{0,2046}\}",
                rule="a JSON object on one line, at most 2048 characters",
            ),
            "Policy",
            lambda _policy, _: "narrowed by a session policy",
            read_policy,
            flag="--session-policy",
            metavar="JSON",
            help="a policy that narrows the session, or file://PATH",
            example='{"Version":"2012-10-17","Statement":[]}',
            may_be_file=True,
        ),
    )
    policy_arns: tuple[str, ...] = option(
        (),
        RoleOption(
            Setting(
                "session_policy_arns",
                Group.ROLE,
                "managed policies that narrow what the role's session may do, separated by commas",
                netsdk="session_policy_arns",
                shape=rf"{POLICY_ARN}(?:\s*,\s*{POLICY_ARN}){{0,9}}",
                rule="up to 10 ARNs of policies, separated by commas",
            ),
            "PolicyArns",
            lambda arns, _: f"narrowed by {', '.join(arns)}",
            read_list,
            flag="--session-policy-arn",
            metavar="ARN",
            help="a managed policy that narrows the session; may be repeated",
            example="arn:aws:iam::aws:policy/ReadOnlyAccess",
            collect=tuple,
            send=lambda arns: [{"arn": arn} for arn in arns],
        ),
    )


class RoleOptions(SessionOptions):
    """Options of one AssumeRole call. None and empty: not asked for.

    ``duration_seconds`` None is STS's own default of one hour. ``policy`` is JSON;
    ``transitive_tag_keys`` are keys of tags that go on to the roles after this one.

    >>> options = keystead.RoleOptions(role_session_name="nightly", tags=(("team", "data"),))
    >>> keystead.plan("admin", options=options).steps[-1].role_session_name
    'nightly'
    >>> keystead.credentials("admin", options=options).account_id
    '123456789012'
    """

    tags: Tags = option(
        (),
        RoleOption(
            Setting(
                "session_tags",
                Group.ROLE,
                "tags of the role's session, such as team=data,cost=42",
                netsdk="session_tags",
                shape=r"[^,=]+=[^,]*(?:,[^,=]+=[^,]*){0,49}",
                rule="up to 50 pairs KEY=VALUE, separated by commas",
            ),
            "Tags",
            _shown_tags,
            read_tags,
            flag="--session-tag",
            metavar="KEY=VALUE",
            help="a tag of the session; may be repeated",
            example="team=data",
            collect=checked_tags,
            send=lambda tags: [{"Key": key, "Value": value} for key, value in tags],
        ),
    )
    transitive_tag_keys: tuple[str, ...] = option(
        (),
        RoleOption(
            Setting(
                "transitive_session_tags",
                Group.ROLE,
                "the keys of those tags that go on to the next role, separated by commas",
                netsdk="transitive_session_tags",
                shape=r"[^,=]+(?:,[^,=]+){0,49}",
                rule="up to 50 keys of session_tags, separated by commas",
            ),
            "TransitiveTagKeys",
            lambda _keys, _: "",
            read_list,
            flag="--transitive-tag",
            metavar="KEY",
            help="a tag that goes on to the next role; may be repeated",
            example="team",
            collect=tuple,
            send=list,
        ),
    )
    source_identity: str | None = option(
        None,
        RoleOption(
            Setting(
                "source_identity",
                Group.ROLE,
                "who is behind the role's session; it cannot be changed by the roles after it",
                netsdk="source_identity",
                shape=_NAME_SHAPE,
                rule=_NAME_RULE,
                one_line=True,
            ),
            "SourceIdentity",
            lambda name, _: f"source identity {name}",
            flag="--source-identity",
            metavar="NAME",
            help="who is behind the session",
            example="somebody",
        ),
    )

    def over(self, other: T) -> T:
        """``other`` with these options, where they say something."""
        return other.replace(**given(self))


ROLE_OPTIONS: Mapping[str, RoleOption] = RoleOptions.rows
"""The rows by field, in the order of the STS API reference."""


def given(options: SessionOptions) -> dict[str, Any]:
    """The parameters that are asked for, by field."""
    return {name: value for name in options.rows if (value := getattr(options, name))}


def settings_of(rows: Iterable[RoleOption]) -> tuple[Setting, ...]:
    """The settings of those parameters."""
    return tuple(row.setting for row in rows)


def read_options(rows: Mapping[str, RoleOption], profile: Profile) -> dict[str, Any]:
    """The parameters in ``rows`` that the profile sets. Raises `ProfileInvalid`."""
    found: dict[str, Any] = {}
    for name, row in rows.items():
        text = profile.text(row.setting.name)
        try:
            if text is not None:
                found[name] = row.read(text)
        except ValueError as error:
            raise ProfileInvalid(
                f"`{row.setting.name}` of profile `{profile.name}` {error}",
                where=profile.where(row.setting.name),
            ) from None
    return found


def request_members(options: SessionOptions) -> dict[str, Any]:
    """The members of the request for those of the parameters that are asked for."""
    return {
        row.member: row.send(value) if row.send else value
        for name, value in given(options).items()
        if (row := options.rows[name])
    }


def in_words(options: SessionOptions) -> list[str]:
    """The parameters that are asked for, each for a person who reads a plan."""
    texts = (options.rows[name].shown(value, options) for name, value in given(options).items())
    return [text for text in texts if text]
