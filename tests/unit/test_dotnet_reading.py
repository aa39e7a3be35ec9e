"""236 pairs of shared files that two versions of the .NET SDK read, read by keystead.

Each is read alike (the same profiles with the same settings of credentials and the same region),
where what the SDK cannot convert is named by `lint`; or it is in `DIFFERENCES` with the rule
whose row of docs/readers.md says who reads it how. In `EXPLAINED` are the inputs that no rule of
`lint` is about.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

import botocore.configloader
import pytest
from botocore.exceptions import ConfigParseError

from keystead.errors import DocumentError
from keystead.lint.rules import RULES
from keystead.lint.runner import lint_files
from keystead.model.dotnet import V3, V4, VERSIONS, Hides, hiding, profile_type
from keystead.model.profile import Profile
from keystead.secret import reveal
from keystead.stores.shared import SharedStore
from keystead.stores.shared_snapshot import SharedSnapshot
from keystead.system import System
from keystead.text.document import Grammar
from tests.casefile import CASES

READINGS = json.loads((CASES / "dotnet" / "reading.json").read_text(encoding="utf-8"))

# The input, and the rule of lint that names the difference.
DIFFERENCES = {
    "inline-comment-space": "inline-comment",
    "inline-comment-semi": "inline-comment",
    "inline-comment-secret": "inline-comment",
    "inline-comment-role": "inline-comment",
    "header-comment-space": "header-comment",
    "header-comment-touch": "header-comment",
    "header-trailing-text": "syntax",
    "one-indented-key": "continuation-line",
    "continuation": "continuation-line",
    "config-continuation-good-cred": "continuation-line",
    "cr-inside": "lone-carriage-return",
    "utf16": "not-utf8",
    "latin1-value": "not-utf8",
    "latin1-name": "not-utf8",
    "profile-prefix-in-credentials": "prefix-in-credentials",
    "quoted-config": "quoted-name",
    "quoted-blank-config": "quoted-name",
    "quoted-single-config": "quoted-name",
    "unquoted-blank-config": "invalid-name",
    "sso-session-name-blank": "invalid-name",
    "default-and-profile-default": "two-defaults",
    "empty-header": "invalid-name",
    "unclosed-header": "syntax",
    "bracket-in-name": "syntax",
    "odd-names": "invalid-name",
    "dup-section": "duplicate-section",
    "dup-section-full": "duplicate-section",
    "dup-section-region": "duplicate-section",
    "dup-section-config": "duplicate-section",
    "dup-key": "duplicate-key",
    "dup-secret": "duplicate-key",
    "dup-key-case": "key-spelling",
    "dup-key-in-other": "duplicate-key",
    "colon-separator": "colon-separator",
    "no-separator": "syntax",
    "no-separator-other": "syntax",
    "empty-key": "syntax",
    "garbage-before-section": "syntax",
    "nested-no-equals": "syntax",
    "bad-config-good-cred": "syntax",
    "bad-cred-good-config": "syntax",
}
REGION = "region"
KEYS = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "role_arn",
    "source_profile",
    "external_id",
    "mfa_serial",
    "role_session_name",
    "credential_source",
    "credential_process",
    "web_identity_token_file",
    "login_session",
    "sso_account_id",
    "sso_role_name",
    REGION,
)


@pytest.fixture(params=READINGS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of an input whose files are in ``tmp_path``."""
    for name, content in READINGS[request.param]["files"].items():
        whole = (
            content.encode() if isinstance(content, str) else base64.b64decode(content["base64"])
        )
        (tmp_path / name).write_bytes(whole)
        (tmp_path / name).chmod(0o600)
        os.utime(tmp_path / name, (1, 1))
    return str(request.param)


def ours(folder: Path) -> dict[str, Profile]:
    store = SharedStore(System(environ={}), folder / "credentials", folder / "config")
    return {profile.name: profile for profile in store.profiles()}


def settings(profile: Profile) -> dict[str, str]:
    values = ((key, profile.settings.get(key)) for key in KEYS)
    found = {key: reveal(v) for key, v in values if v is not None and not isinstance(v, Mapping)}
    return {key: value.lower() if key == REGION else value for key, value in found.items() if value}


def expected(folder: Path, version: str) -> object:
    """What the SDK should say of what keystead reads, by the table of `keystead.model.dotnet`."""
    profiles = ours(folder)
    store = SharedStore(System(environ={}), folder / "credentials", folder / "config")
    sessions = store.snapshot().reading(Grammar.TOLERANT).sso_sessions
    hidden = {
        name: [h.hides for h in hiding(p, sessions) if version in h.versions]
        for name, p in profiles.items()
    }
    if any(Hides.ALL in kinds for kinds in hidden.values()):
        return "refused"
    return {
        "listed": {n for n, p in profiles.items() if not hidden[n] and profile_type(p)},
        "found": {n: settings(p) for n, p in profiles.items() if not hidden[n] and not p.refused},
    }


def read_by_dotnet(case: str, version: str) -> object:
    found = READINGS[case].get(version, READINGS[case][V4])
    if found == "refused" or found["listed"] == "refused":
        return "refused"
    return {
        "listed": set(found["listed"]),
        "found": {
            name: {
                key: value.lower() if key == REGION else value
                for key, value in entry["settings"].items()
                if key in KEYS and value
            }
            for name, entry in found["profiles"].items()
            if isinstance(entry, dict)
        },
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_each_input_is_read_alike_or_its_difference_has_a_row(
    case: str, tmp_path: Path, version: str
) -> None:
    try:
        mine = expected(tmp_path, version)
    except DocumentError:
        mine = "refused by keystead"
    if mine == read_by_dotnet(case, version):
        assert case not in DIFFERENCES or version == V3, "it is read alike"
        return
    rule = DIFFERENCES[case]
    system = System(environ={}, sleep=lambda _: None)
    snapshot = SharedSnapshot(system, (tmp_path / "credentials", tmp_path / "config"))
    report = lint_files(system, snapshot, named=())
    assert rule in {found.rule.id for found in report.findings}
    assert RULES[rule].readers.cells()[3 if version == V3 else 4]


def by_botocore(folder: Path) -> dict[str, dict[str, str]] | None:
    config, keys = {}, {}
    try:
        if (folder / "config").exists():
            config = botocore.configloader.load_config(str(folder / "config"))["profiles"]
        if (folder / "credentials").exists():
            keys = botocore.configloader.raw_config_parse(str(folder / "credentials"))
    except ConfigParseError:
        return None
    both = {name: {**config.get(name, {}), **keys.get(name, {})} for name in {**config, **keys}}
    return {
        name: {
            key: value.lower() if key == REGION else value
            for key, value in found.items()
            if key in KEYS and isinstance(value, str) and value
        }
        for name, found in both.items()
    }


# botocore and .NET take the comment after a value as a part of it, and no service accepts what
# comes of that; keystead cuts it off as the other SDKs do and warns where it is a key.
# The name with a bracket is skipped: no command could take it safely.
AGAINST_BOTH = {"inline-comment-secret", "inline-comment-role", "bracket-in-name"}


def test_where_botocore_and_dotnet_agree_keystead_reads_the_same(case: str, tmp_path: Path) -> None:
    theirs = by_botocore(tmp_path)
    sdk = read_by_dotnet(case, V4)
    if theirs is None or not isinstance(sdk, dict):
        return
    agreed = {n: s for n, s in theirs.items() if sdk["found"].get(n) == s}
    try:
        found = {name: settings(profile) for name, profile in ours(tmp_path).items()}
    except DocumentError:
        found = {}
    differing = {name for name, values in agreed.items() if found.get(name) != values}
    assert bool(differing) == (case in AGAINST_BOTH), differing
