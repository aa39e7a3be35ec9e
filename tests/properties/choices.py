"""Generated profiles and variables, and what botocore and keystead choose for each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import botocore.credentials
import botocore.session
import pytest
from botocore.exceptions import (
    BotoCoreError,
    CredentialRetrievalError,
    InfiniteLoopConfigError,
    InvalidConfigError,
    PartialCredentialsError,
)
from botocore.exceptions import ProfileNotFound as BotocoreProfileNotFound
from hypothesis import strategies as st

from devtools.service import Reply, Request, metadata_service
from keystead.app import App
from keystead.errors import KeysteadError, ProfileCycle, ProfileNotFound
from keystead.model.plan import Plan
from keystead.system import System
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN

Settings = Mapping[str, str]
PROFILES = ("default", "p", "q", "r")
LOGIN = "arn:aws:iam::123456789012:user/me"
PORTAL = {"sso_start_url": "https://corp.example/start", "sso_region": "eu-west-1"}
SESSIONS = {
    "corp": PORTAL,
    "no-region": {"sso_start_url": PORTAL["sso_start_url"]},
    "no-url": {"sso_region": PORTAL["sso_region"]},
}
PROCESS = "/bin/cat {home}/answer.json"


@dataclass(frozen=True)
class World:
    """Both files, as settings by profile, the environment, and the profile that is asked for."""

    config: Mapping[str, Settings] = field(default_factory=dict)
    credentials: Mapping[str, Settings] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    asked: str | None = None

    @property
    def profiles(self) -> dict[str, dict[str, str]]:
        """The settings of both files together."""
        names = {**self.config, **self.credentials}
        return {n: {**self.config.get(n, {}), **self.credentials.get(n, {})} for n in names}

    @property
    def start(self) -> str:
        """The profile that the search finds."""
        named = self.environ.get("AWS_PROFILE") or self.environ.get("AWS_DEFAULT_PROFILE")
        return self.asked or named or "default"

    def path(self) -> list[str]:
        """The profiles from the start along the source profiles, each once."""
        found: list[str] = []
        name = self.start
        while name in self.profiles and name not in found:
            found.append(name)
            name = self.profiles[name].get("source_profile", "")
        return found

    def write(self, home: Path) -> None:
        """Writes both files into the folder."""
        sections = [(f"sso-session {name}", values) for name, values in SESSIONS.items()]
        for name, values in self.config.items():
            sections.append(("default" if name == "default" else f"profile {name}", values))
        _write(home / "config", sections, home)
        _write(home / "credentials", self.credentials.items(), home)


def _write(path: Path, sections: object, home: Path) -> None:
    lines = []
    for name, values in sections:
        lines.append(f"[{name}]")
        lines += [f"{key} = {value}" for key, value in values.items()]
    path.touch(mode=0o600)
    path.write_text("\n".join(lines).replace("{home}", str(home)) + "\n")


class Role(NamedTuple):
    """One role that would be assumed, with the other parameters of the STS call."""

    arn: str
    external_id: str | None = None
    mfa_serial: str | None = None
    session_name: str | None = None
    seconds: int | None = None


class Choice(NamedTuple):
    """Where credentials come from: the kind of base, what it is asked with, and the roles over it.

    Or an error, by its class: ``base`` is then ``not-found``, ``cycle`` or, for all that gives no
    credentials otherwise, ``refused``. ``roles`` None: not known, as the base named a source that
    had nothing, and botocore looked no further.
    """

    base: str
    of_base: tuple[str | None, ...] = ()
    roles: tuple[Role, ...] | None = ()


def _some(draw: st.DrawFn, *choices: str | None) -> str | None:
    return draw(st.sampled_from(choices))


ROLE = {"role_arn": "arn:aws:iam::123456789012:role/{name}"}
KEYS = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_KEY}
ACCOUNT = {"sso_account_id": "123456789012", "sso_role_name": "Dev"}
WEB = {"web_identity_token_file": "{home}/token"}
OPTIONS = {
    "external_id": ("partner-7",),
    "mfa_serial": ("arn:aws:iam::123456789012:mfa/me",),
    "role_session_name": ("me@work",),
    "duration_seconds": ("900", "3600", "3600", "3601", "43200", "899", "1h"),
    "region": ("eu-west-1",),
}
SINGLES = {
    "source_profile": (*PROFILES, "gone"),
    "credential_source": (
        *("Environment", "Ec2InstanceMetadata", "EcsContainer"),
        *("environment", "Ec2Instance"),
    ),
    "sso_session": (*SESSIONS, "gone"),
    "sso_start_url": (PORTAL["sso_start_url"], "https://other.example/start"),
    "sso_region": (PORTAL["sso_region"], "us-east-1"),
    "login_session": (LOGIN,),
    "credential_process": (PROCESS,),
    "aws_session_token": (SESSION_TOKEN,),
    **{key: (value,) for key, value in {**ROLE, **KEYS, **ACCOUNT, **WEB}.items()},
}
NEXT = {"p": "q", "q": "r", "r": "default"}
"""The source profiles of a long chain."""
WHOLE: tuple[Settings, ...] = (
    KEYS,
    KEYS,
    {**KEYS, "aws_session_token": SESSION_TOKEN},
    {**ACCOUNT, **PORTAL},
    {**ACCOUNT, "sso_session": "corp"},
    {"credential_process": PROCESS},
    {"login_session": LOGIN},
    {**ROLE, **WEB},
    {**ROLE, "credential_source": "Environment"},
    {**ROLE, "credential_source": "Ec2InstanceMetadata"},
    {**ROLE, "credential_source": "EcsContainer"},
    *({**ROLE, "source_profile": name} for name in PROFILES),
    *({**ROLE, "source_profile": name} for name in PROFILES),
)
"""What makes a profile of one type, roles over others the most often."""


@st.composite
def profiles(draw: st.DrawFn, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The settings of a profile in the config and in the credentials file."""
    found = dict(draw(st.sampled_from(WHOLE))) if draw(st.integers(0, 9)) else {}
    if name in NEXT and draw(st.booleans()):
        found = {**ROLE, "source_profile": NEXT[name]}
    for table, sizes in ((SINGLES, (0, 0, 0, 0, 1, 2, 4)), (OPTIONS, (0, 1, 2))):
        size = draw(st.sampled_from(sizes))
        for key in draw(st.lists(st.sampled_from(sorted(table)), max_size=size, unique=True)):
            found[key] = draw(st.sampled_from(table[key]))
    if draw(st.integers(0, 15)) == 0 and found:
        del found[draw(st.sampled_from(sorted(found)))]
    # Usually roles are in the config file and keys in the other.
    config: dict[str, str] = {}
    credentials: dict[str, str] = {}
    for key, value in found.items():
        usual = credentials if key in KEYS or key == "aws_session_token" else config
        other = config if usual is credentials else credentials
        place = draw(st.sampled_from([*[usual] * 9, other]))
        place[key] = value.replace("{name}", name)
    return config, credentials


VARIABLES = {
    "AWS_ACCESS_KEY_ID": (ACCESS_KEY_ID,),
    "AWS_SECRET_ACCESS_KEY": (SECRET_KEY,),
    "AWS_SESSION_TOKEN": (SESSION_TOKEN,),
    "AWS_PROFILE": ("p", "q", "gone", ""),
    "AWS_DEFAULT_PROFILE": ("p", "q", "gone", ""),
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": ("{url}/container",),
    "AWS_WEB_IDENTITY_TOKEN_FILE": ("{home}/token",),
    "AWS_ROLE_ARN": ("arn:aws:iam::123456789012:role/of-environment",),
    "AWS_REGION": ("us-east-2",),
}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Profiles of any settings over both files, with variables, asked for by name or not."""
    config: dict[str, Settings] = {}
    credentials: dict[str, Settings] = {}
    for name in PROFILES:
        if draw(st.integers(0, 9)) == 0:
            continue
        config[name], credentials[name] = draw(profiles(name))
    environ = {}
    if draw(st.booleans()):
        environ |= {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
    for key in draw(st.lists(st.sampled_from(sorted(VARIABLES)), max_size=2, unique=True)):
        environ[key] = draw(st.sampled_from(VARIABLES[key]))
    asked = draw(st.sampled_from([None, "p", "p", "q", "default"]))
    return World(config, credentials, environ, asked)


BASES = {
    "env": "environment",
    "Environment": "environment",
    "assume-role-with-web-identity": "web-identity",
    "sso": "sso",
    "shared-credentials-file": "static",
    "config-file": "static",
    "login": "login",
    "custom-process": "process",
    "container-role": "container",
    "EcsContainer": "container",
    "iam-role": "ec2",
    "Ec2InstanceMetadata": "ec2",
}
"""The kinds of base for botocore's words."""

_DOCUMENT = {
    "Version": 1,
    "Code": "Success",
    "AccessKeyId": ACCESS_KEY_ID,
    "SecretAccessKey": SECRET_KEY,
    "SessionToken": SESSION_TOKEN,
    "Token": SESSION_TOKEN,
    "Expiration": "2100-01-01T00:00:00Z",
}


def local_services() -> object:
    """What the metadata service and the container's endpoint answer."""
    metadata = metadata_service(_DOCUMENT)

    def answer(request: Request) -> Reply:
        return Reply(200, _DOCUMENT) if request.path == "/container" else metadata(request)

    return answer


def furnish(home: Path) -> None:
    """What profiles of the worlds point at: a program's answer, a token, a login."""
    home.mkdir(exist_ok=True)
    (home / "answer.json").write_text(json.dumps(_DOCUMENT))
    (home / "token").write_text("a.web.token")
    login = home / "login" / f"{sha256(LOGIN.encode()).hexdigest()}.json"
    login.parent.mkdir(exist_ok=True)
    token = {
        "accessKeyId": ACCESS_KEY_ID,
        "secretAccessKey": SECRET_KEY,
        "sessionToken": SESSION_TOKEN,
        "accountId": "123456789012",
        "expiresAt": "2100-01-01T00:00:00Z",
    }
    document = {"accessToken": token, "refreshToken": "r", "dpopKey": "k", "clientId": "c"}
    login.write_text(json.dumps(document))


def environment(world: World, home: Path, url: str) -> dict[str, str]:
    """All variables that count, besides those of the system."""
    given = {
        key: value.replace("{home}", str(home)).replace("{url}", url)
        for key, value in world.environ.items()
    }
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PATH": os.environ.get("PATH", ""),
        "KEYSTEAD_HOME": str(home / "keystead"),
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "AWS_LOGIN_CACHE_DIRECTORY": str(home / "login"),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
        **given,
    }


def by_keystead(world: World, home: Path, url: str) -> Choice:
    """What keystead plans."""
    app = App(System(environ=environment(world, home, url), sleep=lambda _: None))
    try:
        plan = app.select(world.asked).plan
    except ProfileNotFound:
        return Choice("not-found")
    except ProfileCycle:
        return Choice("cycle")
    except KeysteadError:
        return Choice("refused")
    return _planned(plan)


def _planned(plan: Plan) -> Choice:
    base = plan.base
    of_base: tuple[str | None, ...] = ()
    if base.kind == "sso":
        of_base = (base.sso_session, base.sso_start_url, base.region, base.sso_account_id)
    if base.kind == "web-identity":
        of_base = (base.role_arn, None if _generated(plan, base) else base.role_session_name)
    roles = tuple(
        Role(
            step.role_arn,
            step.external_id,
            step.mfa_serial,
            None if _generated(plan, step) else step.role_session_name,
            step.duration_seconds,
        )
        for step in plan.steps
    )
    return Choice(base.kind, of_base, roles)


def _generated(plan: Plan, asking: object) -> bool:
    return getattr(asking, "role_session_name", None) == plan.generated_session_name


@contextmanager
def _watched(patch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """Notes with what botocore makes the things that would call STS and SSO."""
    made: list[dict[str, object]] = []
    for name in (
        "AssumeRoleCredentialFetcher",
        "AssumeRoleWithWebIdentityCredentialFetcher",
        "SSOCredentialFetcher",
    ):
        real = getattr(botocore.credentials, name)

        class Noting(real):
            def __init__(self, *args: object, **given: object) -> None:
                made.append(given)
                super().__init__(*args, **given)

        patch.setattr(botocore.credentials, name, Noting)
    if botocore.credentials.EC is None:  # it reads a login without, and could not renew it
        patch.setattr(botocore.credentials, "EC", object)
    yield made


def by_botocore(world: World, home: Path, url: str) -> Choice:
    """The result of botocore's search; it calls only local servers."""
    with pytest.MonkeyPatch.context() as patch, _watched(patch) as made:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in environment(world, home, url).items():
            patch.setenv(name, value)
        try:
            session = botocore.session.Session(
                profile=world.asked,
                include_builtin_handlers=False,  # they are for the calls of clients
            )
            found = session.get_credentials()
        except BotocoreProfileNotFound:
            return Choice("not-found")
        except InfiniteLoopConfigError:
            return Choice("cycle")
        except (InvalidConfigError, PartialCredentialsError) as error:
            provider = error.kwargs.get("provider")
            # By name the environment is looked at as the base of a role alone.
            in_role = provider == "env" and world.asked is not None
            return Choice("environment", (), None) if in_role else Choice("refused")
        except CredentialRetrievalError as error:
            return Choice(BASES[error.kwargs["provider"]], (), None)
        except BotoCoreError as error:
            raise AssertionError(f"{type(error).__name__} has no class here") from error
    if found is None:
        return Choice("refused")
    return _noted(found.method, made)


def _noted(method: str, made: list[dict[str, object]]) -> Choice:
    roles = [one for one in made if "source_credentials" in one]
    others = [one for one in made if "source_credentials" not in one]
    if roles and method == "assume-role":
        method = roles[0]["source_credentials"].method
    of_base: tuple[str | None, ...] = ()
    if method == "sso":
        keys = ("sso_session_name", "start_url", "sso_region", "account_id")
        of_base = tuple(others[-1].get(key) for key in keys)
    if method == "assume-role-with-web-identity":
        of_base = (others[-1]["role_arn"], _asked(others[-1]).get("RoleSessionName"))
    names = ("ExternalId", "SerialNumber", "RoleSessionName", "DurationSeconds")
    asked = [(role["role_arn"], *map(_asked(role).get, names)) for role in roles]
    return Choice(BASES[method], of_base, tuple(Role(*one) for one in asked))


def _asked(made: dict[str, object]) -> dict[str, str]:
    return made.get("extra_args") or {}
