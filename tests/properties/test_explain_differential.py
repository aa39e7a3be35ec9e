"""`explain` compared with the plan and with botocore, on generated profiles."""

from __future__ import annotations

from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, CredentialRetrievalError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keystead.errors import KeysteadError
from keystead.model.explain.answer import Outcome
from keystead.model.explain.reading import Reading
from keystead.model.explain.sources import explain_settings
from keystead.model.explain.tools import TOOLS, chosen_in
from keystead.model.plan import make_plan
from keystead.stores.shared import SharedStore
from keystead.system import System
from tests.canaries import SECRET_KEY
from tests.effort import examples
from tests.unit.test_explaining_cases import METHODS

ROLE = "arn:aws:iam::123456789012:role/demo"
KEY = "AKIAIOSFODNN7EXAMPLE"
CONFIG = {
    "role_arn": ROLE,
    "credential_source": "Environment",
    "web_identity_token_file": "/run/token",
    "sso_session": "corp",
    "sso_account_id": "123456789012",
    "sso_role_name": "Dev",
    "credential_process": "/nonexistent/helper",
    "login_session": "arn:aws:iam::123456789012:user/me",
    "mfa_serial": "arn:aws:iam::123456789012:mfa/me",
}
KEYS = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET_KEY}
BASE = f"""[base]
aws_access_key_id = {KEY}
aws_secret_access_key = {SECRET_KEY}
"""
SESSION = """[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = eu-west-1
"""
ENVIRON = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str]:
    """A config and a credentials file with the profile ``dev``, of any settings."""
    chosen = draw(st.lists(st.sampled_from(sorted(CONFIG)), unique=True, max_size=5))
    config = [f"{key} = {CONFIG[key]}" for key in chosen]
    source = draw(st.sampled_from(["", "", "base", "dev"]))
    config += [f"source_profile = {source}"] if source else []
    credentials = []
    for key, value in KEYS.items():
        place = draw(st.sampled_from([None, config, credentials]))
        if place is not None:
            place.append(f"{key} = {value}")
    texts = ["\n".join(["[profile dev]", *config]), "\n".join([BASE, "[dev]", *credentials])]
    return f"{SESSION}{texts[0]}\n", f"{texts[1]}\n"


def stored(folder: Path, texts: tuple[str, str]) -> SharedStore:
    for name, text in zip(("config", "credentials"), texts, strict=True):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    system = System(environ={}, sleep=lambda _: None)
    return SharedStore(system, folder / "credentials", folder / "config")


def by_botocore(folder: Path) -> str:
    """The source that botocore finds, as keystead names it, ``error`` or ``none``."""
    places = {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRON, **places}.items():
            patch.setenv(name, value)
        try:
            found = botocore.session.Session(profile="dev").get_credentials()
        except CredentialRetrievalError as error:
            return METHODS.get(error.kwargs["provider"], "error")
        except OSError:
            return "process"
        except BotoCoreError:
            return "error"
    return METHODS[found.method] if found else "none"


@settings(max_examples=examples(150))
@given(texts=files())
def test_winning_source_is_the_planned_source(tmp_path_factory, texts: tuple[str, str]) -> None:
    store = stored(tmp_path_factory.mktemp("plan"), texts)
    profile = store.find("dev")
    choice = chosen_in(Reading(profile))
    try:
        plan = make_plan("dev", store.snapshot())
    except KeysteadError as error:
        answer = explain_settings(profile, problem=error.message)
        assert answer.winner is None
        assert choice.key in ("error", "none") or Outcome.BROKEN in {r.outcome for r in answer.rows}
        return
    planned = "role" if plan.steps else plan.base.kind
    assert choice.key.replace("config-keys", "keys").replace("keys", "static") == planned
    winner = explain_settings(profile).winner
    assert winner is not None
    assert winner.source == choice.key


@settings(max_examples=examples(150))
@given(texts=files())
def test_botocore_uses_what_its_row_says(tmp_path_factory, texts: tuple[str, str]) -> None:
    folder = tmp_path_factory.mktemp("botocore")
    profile = stored(folder, texts).find("dev")
    assume(profile.text("source_profile") != "dev")  # its source is then looked for in itself
    choice = TOOLS[0].pick(Reading(profile))
    assert choice is not None
    expected = {choice.key}
    if choice.key == "login":
        expected = {"login", "error"}  # without a login
    assert by_botocore(folder) in expected
