"""What a role's session is asked for with: name, length, policies, tags, source identity.

They come from the settings of a profile, or from whoever asks, whose word goes before them. The
limits are those of the STS API reference; a value over one is refused before STS is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from keystead.errors import ProfileInvalid
from keystead.model.settings import SETTINGS

if TYPE_CHECKING:
    from keystead.model.profile import Profile

MOST_TAGS = 50
MOST_POLICIES = 10
_LONGEST_KEY = 128
_LONGEST_VALUE = 256

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RoleOptions:
    """Options of one AssumeRole call. None and empty: not asked for.

    ``duration_seconds`` None is STS's own default of one hour. ``policy`` is JSON;
    ``transitive_tag_keys`` are keys of tags that go on to the roles after this one.

    >>> options = keystead.RoleOptions(role_session_name="nightly", tags=(("team", "data"),))
    >>> keystead.plan("admin", options=options).steps[-1].role_session_name
    'nightly'
    >>> keystead.credentials("admin", options=options).account_id
    '123456789012'
    """

    role_session_name: str | None = None
    duration_seconds: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: Tags = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None

    def over(self, other: RoleOptions) -> RoleOptions:
        """These options, and those of ``other`` where these say nothing."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in said.items() if value})

    def beyond_web_identity(self) -> str | None:
        """An option that AssumeRoleWithWebIdentity does not have: there the token says it."""
        for name in ("tags", "transitive_tag_keys", "source_identity"):
            if getattr(self, name):
                return name
        return None


def role_options(profile: Profile) -> RoleOptions:
    """The options that the profile sets. Raises `ProfileInvalid` naming the setting."""

    def read(setting: str, reader: Callable[[str], Any], nothing: object = None) -> Any:  # noqa: ANN401  # what the reader gives
        text = profile.text(setting)
        if text is None:
            return nothing
        try:
            return reader(text)
        except ValueError as error:
            raise ProfileInvalid(
                f"`{setting}` of profile `{profile.name}` {error}", where=profile.where(setting)
            ) from None

    return RoleOptions(
        role_session_name=profile.text("role_session_name"),
        duration_seconds=read("duration_seconds", read_seconds),
        policy=read("session_policy", read_policy),
        policy_arns=read("session_policy_arns", read_list, ()),
        tags=read("session_tags", read_tags, ()),
        transitive_tag_keys=read("transitive_session_tags", read_list, ()),
        source_identity=profile.text("source_identity"),
    )


def read_seconds(text: str) -> int:
    """A number of seconds. Raises `ValueError` whose text follows the name of the setting."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("is not a whole number")
    row = SETTINGS["duration_seconds"]
    if not row.fits(text):
        raise ValueError(f"is not {row.rule}")
    return int(text)


def read_policy(text: str) -> str:
    """A session policy, which is a JSON object. Raises `ValueError` as `read_seconds`."""
    import json

    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(policy, dict):
        raise ValueError("is JSON but not an object")  # noqa: TRY004  # a value, not a type
    return text


def read_list(text: str) -> tuple[str, ...]:
    """Words separated by commas. Raises `ValueError` as `read_seconds`."""
    words = tuple(word.strip() for word in text.split(","))
    if not all(words):
        raise ValueError("has an empty part between its commas")
    return words


def read_tags(text: str) -> Tags:
    """Pairs ``KEY=VALUE`` separated by commas, which no tag contains. Raises `ValueError`."""
    return checked_tags(word.partition("=") for word in text.split(","))


def checked_tags(parts: Iterable[tuple[str, str, str]]) -> Tags:
    """The tags in ``parts``, each as `str.partition` gives it. Raises `ValueError`."""
    tags: dict[str, str] = {}
    for key, equals, value in parts:
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
