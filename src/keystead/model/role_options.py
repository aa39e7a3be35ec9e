"""What a role's session is asked for with: the one table of AssumeRole's parameters.

A parameter is a field of `RoleOptions` with its row: the setting, the option of the commands, the
member of the request, how its text is read and shown, and an example. They come from the settings
of a profile or from the caller, who takes precedence. The limits are those of the STS API
reference; a value over one is refused before STS is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from keystead.errors import ProfileInvalid
from keystead.model.setting import POLICY_ARN, Group, Setting
from keystead.value import NamedTuple, Value, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from keystead.model.profile import Profile

    T = TypeVar("T", bound="SessionOptions")

MOST_TAGS = 50
_LONGEST_KEY = 128
_LONGEST_VALUE = 256

Tags = tuple[tuple[str, str], ...]


class Flag(NamedTuple):
    """The option of the commands for a parameter.

    ``collect`` makes the value of the words of an option that may be repeated; ``may_be_file``:
    ``file://PATH`` means the content of a file.
    """

    name: str
    metavar: str
    help: str
    collect: Callable[[Sequence[str]], Any] | None = None
    may_be_file: bool = False


class RoleOption(NamedTuple):
    """One parameter of AssumeRole.

    ``read`` makes its value of the setting's text, and ``send`` the ``member`` of the request of
    the value. They, and `Flag.collect`, raise `ValueError` whose text follows the name of the
    setting. ``shown`` is the value in words, for a person who reads a plan.
    """

    setting: Setting
    member: str
    example: str
    shown: Callable[[Any, Any], str]
    flag: Flag | None = None
    read: Callable[[str], Any] = str
    send: Callable[[Any], Any] | None = None


def option(default: Any, *row: Any) -> Any:  # noqa: ANN401  # the type that the field says
    """The default of a field that is a parameter of AssumeRole, with the rest of its row."""
    return field(default=default, row=RoleOption(*row))


def _setting(name: str, meaning: str, rule: tuple[str, str], **more: Any) -> Setting:  # noqa: ANN401
    return Setting(name, Group.ROLE, meaning, shape=rule[0], rule=rule[1], **more)


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


_NAME = (r"[\w+=,.@-]{2,64}", "2 to 64 letters, digits and _+=,.@-")
_SECONDS = (
    r"9\d\d|[1-9]\d{3}|[1-3]\d{4}|4[0-2]\d{3}|43[01]\d\d|43200",
    "a number of seconds from 900 to 43200",
)
_POLICY = (r"\{.{0,2046}\}", "a JSON object on one line, at most 2048 characters")
_ARNS = (
    rf"{POLICY_ARN}(?:\s*,\s*{POLICY_ARN}){{0,9}}",
    "up to 10 ARNs of policies, separated by commas",
)
_TAGS = (r"[^,=]+=[^,]*(?:,[^,=]+=[^,]*){0,49}", "up to 50 pairs KEY=VALUE, separated by commas")
_KEYS = (r"[^,=]+(?:,[^,=]+){0,49}", "up to 50 keys of session_tags, separated by commas")
_DURATION = _setting("duration_seconds", "the duration of the role's session, in seconds", _SECONDS)


class SessionOptions(Value, kw_only=True):
    """The parameters that AssumeRole and AssumeRoleWithWebIdentity have in common."""

    role_session_name: str | None = option(
        None,
        _setting(
            "role_session_name",
            "the name of the role's session in logs",
            _NAME,
            netsdk="RoleSessionName",
            one_line=True,
        ),
        "RoleSessionName",
        "nightly@work",
        lambda name, _: f"as {name}",
        Flag("--role-session-name", "NAME", "the name of the role's session"),
    )
    duration_seconds: int | None = option(
        None,
        _DURATION,
        "DurationSeconds",
        "3600",
        lambda seconds, _: f"for {seconds} s",
        Flag("--duration-seconds", "N", "the duration of the role's session"),
        read_seconds,
    )
    policy: str | None = option(
        None,
        _setting(
            "session_policy",
            "a policy in JSON that narrows what the role's session may do",
            _POLICY,
        ),
        "Policy",
        '{"Version":"2012-10-17","Statement":[]}',
        lambda _policy, _: "narrowed by a session policy",
        Flag(
            "--session-policy",
            "JSON",
            "a policy that narrows the session, or file://PATH",
            may_be_file=True,
        ),
        read_policy,
    )
    policy_arns: tuple[str, ...] = option(
        (),
        _setting(
            "session_policy_arns",
            "managed policies that narrow what the role's session may do, separated by commas",
            _ARNS,
        ),
        "PolicyArns",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        lambda arns, _: f"narrowed by {', '.join(arns)}",
        Flag(
            "--session-policy-arn",
            "ARN",
            "a managed policy that narrows the session; may be repeated",
            tuple,
        ),
        read_list,
        lambda arns: [{"arn": arn} for arn in arns],
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
        _setting("session_tags", "tags of the role's session, such as team=data,cost=42", _TAGS),
        "Tags",
        "team=data",
        _shown_tags,
        Flag("--session-tag", "KEY=VALUE", "a tag of the session; may be repeated", checked_tags),
        read_tags,
        lambda tags: [{"Key": key, "Value": value} for key, value in tags],
    )
    transitive_tag_keys: tuple[str, ...] = option(
        (),
        _setting(
            "transitive_session_tags",
            "the keys of those tags that go on to the next role, separated by commas",
            _KEYS,
        ),
        "TransitiveTagKeys",
        "team",
        lambda _keys, _: "",
        Flag(
            "--transitive-tag",
            "KEY",
            "a tag that is passed on to the next role; may be repeated",
            tuple,
        ),
        read_list,
        list,
    )
    source_identity: str | None = option(
        None,
        _setting(
            "source_identity",
            "the source identity of the role's session; later roles cannot change it",
            _NAME,
            one_line=True,
        ),
        "SourceIdentity",
        "somebody",
        lambda name, _: f"source identity {name}",
        Flag("--source-identity", "NAME", "the source identity of the session"),
    )

    def over(self, other: T) -> T:
        """``other`` with these options, where they say something."""
        return replace(other, **given(self))


ROLE_OPTIONS: Mapping[str, RoleOption] = RoleOptions.rows
"""The rows by field, in the order of the STS API reference."""


def given(options: SessionOptions) -> dict[str, Any]:
    """The parameters that are asked for, by field."""
    return {name: value for name in options.rows if (value := getattr(options, name))}


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
                id="invalid-setting-value",
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
