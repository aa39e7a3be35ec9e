"""botocore and keystead choose the same source for the same files and variables.

On generated worlds: same base, same roles over it with the same parameters, same class of error.
Where the two part ways on purpose is in `DIFFERENCES`, each row with its reason, a world that
shows it and the words of docs/readers.md that document it. Nothing else is tolerated. What the .NET
SDK chooses otherwise is in `DOTNET`, by the table that `keystead explain` and docs/ go by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings

from devtools.docs import pages
from devtools.service import serving
from keystead.lint.rules import RULES
from keystead.lint.runner import lint_files
from keystead.model.explain.reading import Reading
from keystead.model.explain.tools import TOOLS
from keystead.stores.shared_snapshot import SharedSnapshot
from keystead.system import System
from keystead.text.dialect import FileKind
from tests.effort import examples
from tests.properties.choices import (
    ACCOUNT,
    KEYS,
    PORTAL,
    PROCESS,
    ROLE,
    WEB,
    Choice,
    Role,
    World,
    by_botocore,
    by_keystead,
    furnish,
    local_services,
    worlds,
)

pytestmark = pytest.mark.posix("programs of POSIX")

ARN = ROLE["role_arn"]
KEY, SECRET = KEYS
KEYS_OF_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": KEYS[KEY], "AWS_SECRET_ACCESS_KEY": KEYS[SECRET]}


class Place(NamedTuple):
    """Where worlds are laid out: a folder and the local services."""

    home: Path
    url: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("choice")
    furnish(home)
    with serving(local_services()) as service:
        yield Place(home, service.url)


def choices(world: World, place: Place) -> tuple[Choice, Choice]:
    """What keystead and botocore choose."""
    world.write(place.home)
    return by_keystead(world, *place), by_botocore(world, *place)


def alike(ours: Choice, theirs: Choice) -> bool:
    """The same, as far as botocore went."""
    if theirs.roles is None:
        return (ours.base, bool(ours.roles)) == (theirs.base, True)
    return ours == theirs


class Difference(NamedTuple):
    """One row of `DIFFERENCES`: why, where it is documented, which worlds have it, and one of them.

    ``tells`` are words of docs/readers.md.
    """

    why: str
    tells: str
    applies: Callable[[World, Choice, Choice], bool]
    world: World
    ours: str
    theirs: str


def _any_on_path(world: World, test: Callable[[dict[str, str]], bool]) -> bool:
    return any(test(world.profiles[name]) for name in world.path())


def _is_split(world: World) -> bool:
    return any(
        name in world.config
        and name in world.credentials
        and all(key in world.profiles[name] for key in KEYS)
        and not any(
            all(k in file[name] for k in KEYS) for file in (world.config, world.credentials)
        )
        for name in world.path()
    )


def _half_without_id(settings: dict[str, str]) -> bool:
    return KEY not in settings and (SECRET in settings or "aws_session_token" in settings)


def _odd_case(settings: dict[str, str]) -> bool:
    return settings.get("credential_source") == "environment"


def _bad_seconds(settings: dict[str, str]) -> bool:
    return settings.get("duration_seconds") in {"899", "1h"}


def _ambient(theirs: Choice) -> bool:
    return theirs.roles == () and theirs.base in {"container", "ec2"}


def _role(**more: str) -> dict[str, str]:
    return {"role_arn": ARN, **more}


DIFFERENCES: dict[str, Difference] = {
    "a key pair with a half in each file": Difference(
        "all SDKs but botocore unite the files first; keystead follows them and lint warns",
        "one half of a key pair is in each file",
        lambda world, _ours, _theirs: _is_split(world),
        World({"p": {SECRET: KEYS[SECRET]}}, {"p": {KEY: KEYS[KEY]}}, {}, "p"),
        "static",
        "refused",
    ),
    "a secret or a token without a key id": Difference(
        "half a key pair is a mistake that is told of; botocore passes over it when the half "
        "is not the key id",
        "a key pair or the keys of a session token are not complete",
        lambda world, ours, _theirs: (
            ours.base == "refused" and _any_on_path(world, _half_without_id)
        ),
        World({"p": {"credential_process": PROCESS}}, {"p": {SECRET: KEYS[SECRET]}}, {}, "p"),
        "refused",
        "process",
    ),
    "credential_source in another letter case": Difference(
        "the .NET SDK takes any letter case, and there is nothing else that it could mean",
        "a credential source is not one of the three valid ones",
        lambda world, _ours, theirs: theirs.base == "refused" and _any_on_path(world, _odd_case),
        World({"p": _role(credential_source="environment")}, {}, KEYS_OF_ENVIRONMENT, "p"),
        "environment",
        "refused",
    ),
    "duration_seconds that STS cannot give": Difference(
        "keystead says so at once; botocore leaves out what is no number and sends the rest, "
        "which STS refuses",
        "`duration_seconds` that is not a number from 900 to 43200",
        lambda world, ours, _theirs: ours.base == "refused" and _any_on_path(world, _bad_seconds),
        World({"p": _role(source_profile="q", duration_seconds="1h")}, {"q": KEYS}, {}, "p"),
        "refused",
        "static",
    ),
    "duration_seconds over an hour with a session": Difference(
        "STS refuses it; keystead asks for the hour that it gives",
        "a role that is assumed with a session asks for more than an hour",
        lambda _world, ours, theirs: _capped(theirs) == _capped(ours) != theirs,
        World(
            {
                "p": _role(source_profile="q", duration_seconds="43200"),
                "q": {**ACCOUNT, **PORTAL},
            },
            {},
            {},
            "p",
        ),
        "sso",
        "sso",
    ),
    "AWS_PROFILE together with AWS_DEFAULT_PROFILE": Difference(
        "the AWS CLI 2 documents AWS_PROFILE, and most SDKs know no other; botocore takes "
        "AWS_DEFAULT_PROFILE first",
        "AWS_DEFAULT_PROFILE, AWS_PROFILE",
        lambda world, _ours, _theirs: world.asked is None and _two_names(world),
        World(
            {"p": {"credential_process": PROCESS}},
            {"q": KEYS},
            {"AWS_PROFILE": "p", "AWS_DEFAULT_PROFILE": "q"},
        ),
        "process",
        "static",
    ),
    "keys in the environment together with a profile that does not exist": Difference(
        "keys in the environment go before the profile, so its name is not looked at",
        "keys in the environment together with `AWS_PROFILE` with a profile that does not exist",
        lambda world, ours, theirs: (
            world.asked is None
            and {*KEYS_OF_ENVIRONMENT} & world.environ.keys() != set()
            and ours.base in {"environment", "refused"}
            and theirs.base == "not-found"
        ),
        World({}, {}, {**KEYS_OF_ENVIRONMENT, "AWS_PROFILE": "gone"}),
        "environment",
        "not-found",
    ),
    "AWS_SECRET_ACCESS_KEY alone": Difference(
        "half a key pair is a mistake that is told of",
        "`AWS_SECRET_ACCESS_KEY` without `AWS_ACCESS_KEY_ID`",
        lambda world, ours, _theirs: (
            world.asked is None
            and ours.base == "refused"
            and "AWS_SECRET_ACCESS_KEY" in world.environ
            and "AWS_ACCESS_KEY_ID" not in world.environ
        ),
        World({}, {"default": KEYS}, {"AWS_SECRET_ACCESS_KEY": KEYS[SECRET]}),
        "refused",
        "static",
    ),
    "a web identity with a half in the environment": Difference(
        "half a web identity is a mistake that is told of, and one in a profile is whole",
        "`AWS_WEB_IDENTITY_TOKEN_FILE` or `AWS_ROLE_ARN` together with a profile's web identity",
        lambda world, _ours, theirs: (
            world.asked is None
            and len({"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"} & world.environ.keys()) == 1
            and theirs.base == "web-identity"
        ),
        World({"default": _role(**WEB)}, {}, {"AWS_ROLE_ARN": f"{ARN}-of-environment"}),
        "web-identity",
        "web-identity",
    ),
    "a profile by name that gives no credentials": Difference(
        "who names a profile wants that one and not the role of the machine",
        "a profile that is asked for by name and has no setting that gives credentials",
        lambda world, ours, theirs: (
            world.asked is not None and ours.base == "refused" and _ambient(theirs)
        ),
        World({"p": {"region": "eu-west-1"}}, {}, {}, "p"),
        "refused",
        "ec2",
    ),
    "an empty AWS_PROFILE": Difference(
        "an emptied variable is how shells unset one",
        "`AWS_PROFILE` that is empty",
        lambda world, _ours, _theirs: (
            world.asked is None
            and "" in map(world.environ.get, ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"))
        ),
        World({}, {"default": KEYS}, {"AWS_PROFILE": ""}),
        "static",
        "not-found",
    ),
    "an empty value": Difference(
        "a setting without a value counts as not set, as an emptied variable does",
        "a key has no value",
        lambda world, _ours, _theirs: _any_on_path(world, lambda p: "" in p.values()),
        World({"p": {"role_arn": "", "credential_process": PROCESS}}, {}, {}, "p"),
        "process",
        "refused",
    ),
}
"""Where keystead chooses otherwise than botocore on purpose."""


def _two_names(world: World) -> bool:
    names = [world.environ.get(key) for key in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")]
    return all(name is not None for name in names) and names[0] != names[1]


def _capped(choice: Choice) -> Choice:
    """With at most an hour for each role that may have been assumed with a session."""
    if not choice.roles:
        return choice
    roles = [_hour(role) for role in choice.roles]
    return choice._replace(roles=tuple(roles))


def _hour(role: Role) -> Role:
    return role._replace(seconds=min(role.seconds, 3600)) if role.seconds else role


@pytest.mark.parametrize("what", DIFFERENCES)
def test_tolerated_differences_are_real_and_documented(what: str, place: Place) -> None:
    row = DIFFERENCES[what]
    ours, theirs = choices(row.world, place)
    assert (ours.base, theirs.base) == (row.ours, row.theirs)
    assert not alike(ours, theirs)
    assert row.applies(row.world, ours, theirs)
    assert row.tells in pages()["readers.md"].replace("\n", " ")


@settings(
    max_examples=examples(200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds())
def test_botocore_and_keystead_choose_the_same_source(place: Place, world: World) -> None:
    ours, theirs = choices(world, place)
    known = [what for what, row in DIFFERENCES.items() if row.applies(world, ours, theirs)]
    assert alike(ours, theirs) or known, (ours, theirs)


class OfDotnet(NamedTuple):
    """What keystead and the .NET SDK choose, and the rule of `lint` that reports it."""

    rule: str
    world: World
    ours: str
    theirs: str


def _p(*, keys: bool = False, **settings: str) -> World:
    """A profile ``p`` next to one with keys."""
    return World({"p": settings}, {"q": KEYS, **({"p": KEYS} if keys else {})}, {}, "p")


DOTNET = {
    "keys together with a role": OfDotnet(
        "keys-beside-role", _p(keys=True, **_role(source_profile="q")), "static", "error"
    ),
    "keys together with a program": OfDotnet(
        "keys-beside-process", _p(keys=True, credential_process=PROCESS), "static", "error"
    ),
    "keys together with a web identity": OfDotnet(
        "keys-beside-role", _p(keys=True, **_role(**WEB)), "web-identity", "error"
    ),
    "a role on its own keys": OfDotnet(
        "role-on-own-keys", _p(keys=True, **_role(source_profile="p")), "static", "error"
    ),
    "a role together with a program": OfDotnet(
        "role-beside-source",
        _p(**_role(source_profile="q", credential_process=PROCESS)),
        "static",
        "error",
    ),
    "a role together with single sign-on": OfDotnet(
        "role-beside-source",
        _p(**_role(source_profile="q", **ACCOUNT, **PORTAL)),
        "static",
        "error",
    ),
    "a web identity together with a source profile": OfDotnet(
        "web-identity-beside-source",
        _p(**_role(source_profile="q", **WEB)),
        "web-identity",
        "error",
    ),
    "an external id together with a credential source": OfDotnet(
        "option-beside-credential-source",
        _p(**_role(credential_source="Ec2InstanceMetadata", external_id="partner-7")),
        "ec2",
        "error",
    ),
    "an SSO session that the profile contradicts": OfDotnet(
        "sso-differs",
        _p(**ACCOUNT, sso_session="corp", sso_region="us-east-1"),
        "refused",
        "sso",
    ),
    "keys together with single sign-on, chosen alike": OfDotnet(
        "keys-beside-sso", _p(keys=True, **ACCOUNT, **PORTAL), "sso", "sso"
    ),
}
"""Where the .NET SDK chooses otherwise, and one place where others do and it does not."""


@pytest.mark.parametrize("what", DOTNET)
def test_different_choices_of_dotnet_are_linted_and_documented(what: str, place: Place) -> None:
    row = DOTNET[what]
    row.world.write(place.home)
    system = System(environ={}, sleep=lambda _: None)
    snapshot = SharedSnapshot(system, (place.home / "credentials", place.home / "config"))
    profile = snapshot.find("p")
    (dotnet,) = (tool for tool in TOOLS if tool.name == ".NET")
    theirs = dotnet.pick(Reading(profile))
    assert theirs is not None
    assert (by_keystead(row.world, *place).base, theirs.key) == (row.ours, row.theirs)
    report = lint_files(system, snapshot, named=set(FileKind), elsewhere=list)
    assert row.rule in {found.rule.id for found in report.findings}
    readers = RULES[row.rule].readers
    assert readers.dotnet
    assert f"| {readers.dotnet} |" in pages()["readers.md"]
