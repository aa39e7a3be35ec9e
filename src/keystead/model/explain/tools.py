"""The one table of tools: where each of them looks, in its order.

botocore's rows are held by tests against botocore itself. Those of the others are known from their
source or documentation; where nothing is known, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable

from keystead.model.client_settings import REGION_VARIABLES
from keystead.model.explain.answer import Choice
from keystead.model.explain.reading import CONFIG_KEYS, Reading
from keystead.model.search import PLACES
from keystead.model.sources.static import KEY
from keystead.model.variables import PROFILE
from keystead.value import NamedTuple

_OF_ROLES = ("web-identity", "role", "sso")
_ANY_KEYS = ("keys", CONFIG_KEYS)

Pick = Callable[[Reading], Choice | None]


def _in_order(*order: str, stops: tuple[str, ...] = ()) -> Pick:
    """Takes the first of these sources that is whole; one of ``stops`` in part is an error.

    Of a source that is not in ``order`` it is not known when the tool looks at it.
    """

    def pick(reading: Reading) -> Choice | None:
        known = {*order, *_OF_ROLES}
        for word in order:
            found = reading.found.get(word)
            if found is None:
                continue
            if not found.lacks:
                unsure = word not in _OF_ROLES and not known.issuperset(reading.found)
                return (
                    None
                    if unsure
                    else Choice(word, reading.what(word), "it takes precedence there")
                )
            if word in stops and (word != "role" or found.type):
                return Choice("error", "an error", found.lacks)
        return None if not known.issuperset(reading.found) else NOTHING

    return pick


NOTHING = Choice("none", "no credentials", "it ignores incomplete ones")

_BOTOCORE_ORDER = ("web-identity", "role", "sso", "keys", "login", "process", CONFIG_KEYS)


def chosen_in(reading: Reading) -> Choice:
    """What keystead takes of a profile."""
    chosen = reading.profile.choice.chosen
    if chosen is None:
        return NOTHING
    if chosen.lacks:
        return Choice("error", "an error", chosen.lacks)
    word = reading.word(chosen)
    return Choice(word, reading.what(word))


def _botocore(reading: Reading) -> Choice | None:
    if reading.is_split and not reading.whole(*_OF_ROLES):
        before = CONFIG_KEYS in reading.found and reading.whole("login", "process")
        if not before:
            return Choice("error", "an error", "it sees no pair, as each file has a half")
    if "web-identity" in reading.found and not reading.profile.has("role_arn"):
        return Choice("error", "an error", reading.found["web-identity"].lacks)
    stops = [word for word in ("role", "sso") if word in reading.found and reading.found[word].type]
    stops += _ANY_KEYS if reading.profile.has(KEY) else ()
    return _in_order(*_BOTOCORE_ORDER, stops=tuple(stops))(reading)


def _dotnet(reading: Reading) -> Choice | None:
    words = [word for word in reading.found if word != CONFIG_KEYS]
    if CONFIG_KEYS in reading.found:
        words.append("keys")
    if not {*_OF_ROLES, "keys", "process"}.issuperset(words):
        return None
    if sorted(words) == ["keys", "sso"] and reading.whole("sso"):
        return Choice("sso", reading.what("sso"))
    why = ""
    if reading.on_own_keys:
        why = "`source_profile` that names the profile itself is a cycle there"
    elif len(words) > 1:
        why = "it takes a profile of one kind alone"
    elif any(found.lacks for found in reading.found.values()):
        why = next(iter(reading.found.values())).lacks
    elif reading.profile.text("credential_source") and any(
        map(reading.profile.has, ("external_id", "mfa_serial"))
    ):
        why = "`external_id` and `mfa_serial` cannot be combined with `credential_source` there"
    if why:
        return Choice("error", "an error: the profile is invalid", why)
    if not words:
        return NOTHING
    word = next(iter(reading.found))
    return Choice(word, reading.what(word))


def _go(reading: Reading) -> Choice | None:
    one_of = (
        "source_profile",
        "credential_source",
        "web_identity_token_file",
        "credential_process",
    )
    if sum(map(reading.profile.has, one_of)) > 1:
        return Choice("error", "an error", "it takes one of those settings alone")
    if reading.whole("role") and reading.profile.has("source_profile"):
        return Choice("role", reading.what("role"))
    if reading.whole("role") and reading.whole(*_ANY_KEYS):
        return Choice(
            "role on keys", "the role on the keys of the profile", "keys take precedence there"
        )
    if "role" in reading.found and not reading.whole("role"):
        return None
    order = (*_ANY_KEYS, "role", "web-identity", "sso", "process")
    return _in_order(*order, stops=("sso",))(reading)


def _kotlin(reading: Reading) -> Choice | None:
    if reading.whole("role") and reading.whole(*_ANY_KEYS) and not reading.on_own_keys:
        word = "keys" if "keys" in reading.found else CONFIG_KEYS
        return Choice(word, reading.what(word), "keys take precedence there")
    order = ("web-identity", "role", "sso", "process", *_ANY_KEYS)
    return _in_order(*order, stops=(*_OF_ROLES, *_ANY_KEYS))(reading)


class Tool(NamedTuple):
    """One row of `TOOLS`.

    ``profile`` has the variables that name a profile, ``search`` the sources of the default
    search, ``region`` where a region is looked for, variables and the word ``profile``, and
    ``pick`` is what it takes of a profile. ``strict`` says whether a named profile that does not
    exist (``named``: even where the environment has keys), half a key pair or a token file without
    a role in the environment, ends the search.
    """

    name: str
    profile: tuple[str, ...]
    search: tuple[str, ...]
    region: tuple[str, ...]
    pick: Pick
    strict: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ("default",)
    """The profiles that are tried when no variable names one."""
    empty_names: bool = False
    """Whether a variable that is set and empty names a profile too, which then does not exist."""
    encrypted: bool = False
    """Whether it reads the .NET SDK's own store, which the encrypted one is on Windows."""


_BOTOCORE_SEARCH = ("environment", "role", "web-identity", "profile", "container", "ec2")

KEYSTEAD = Tool(
    "keystead",
    PROFILE,
    tuple(place.name for place in PLACES),
    (*REGION_VARIABLES, "profile"),
    chosen_in,
    ("profile", "key", "secret", "token"),
)
"""The row of keystead itself, whose choice is that of `keystead.model.search`."""

_SDK_SEARCH = ("environment", "web-identity", "profile", "container", "ec2")
_JAVA = _in_order("web-identity", "sso", "role", "process", *_ANY_KEYS, stops=("sso", *_ANY_KEYS))
_JS = _in_order("role", *_ANY_KEYS, "web-identity", "process", "sso", "login", stops=("sso",))
_BOTOCORE_PROFILE = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")

TOOLS: tuple[Tool, ...] = (
    Tool(
        "botocore, AWS CLI v1",
        _BOTOCORE_PROFILE,
        _BOTOCORE_SEARCH,
        ("AWS_DEFAULT_REGION", "profile"),
        _botocore,
        ("profile", "named", "key", "token"),
        empty_names=True,
    ),
    Tool(
        "AWS CLI v2",
        _BOTOCORE_PROFILE,
        _BOTOCORE_SEARCH,
        ("AWS_REGION", "AWS_DEFAULT_REGION", "profile"),
        _botocore,
        ("profile", "named", "key", "token"),
        empty_names=True,
    ),
    Tool(
        "JS v3",
        ("AWS_PROFILE",),
        ("environment unless a profile is named", "profile", "web-identity", "container", "ec2"),
        ("AWS_REGION", "profile"),
        _JS,
    ),
    Tool(
        ".NET",
        ("AWS_PROFILE",),
        _SDK_SEARCH,
        ("AWS_REGION", "profile"),
        _dotnet,
        ("profile",),
        encrypted=True,
    ),
    Tool(
        ".NET 3.7",  # and FallbackCredentialsFactory of 4.1
        ("AWS_PROFILE",),
        ("web-identity", "profile", "environment", "container", "ec2"),
        ("AWS_REGION", "profile"),
        _dotnet,
        encrypted=True,
    ),
    Tool("Java v2", ("AWS_PROFILE",), _SDK_SEARCH, ("AWS_REGION", "profile"), _JAVA),
    Tool(
        "Go v2",
        ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
        _SDK_SEARCH,
        ("AWS_REGION", "AWS_DEFAULT_REGION", "profile"),
        _go,
        ("profile",),
    ),
    Tool("Kotlin", ("AWS_PROFILE",), _SDK_SEARCH, ("AWS_REGION", "profile"), _kotlin),
    Tool(
        "PowerShell",
        (),
        ("environment", "profile", "container", "ec2"),
        ("default profile", "AWS_REGION"),
        _dotnet,
        defaults=("default", "AWS PS Default"),
        encrypted=True,
    ),
)
"""The tools that are compared with keystead."""
