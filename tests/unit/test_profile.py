"""Profile types: what is read as which, and what may be written."""

import copy
import pickle

import pytest

from keystead.errors import ProfileInvalid
from keystead.model.profile import Profile, check_writable
from keystead.model.validation import check_profile_name, check_setting
from keystead.secret import Secret, redact

KEY = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}
PAIR = {**KEY, "aws_secret_access_key": "canary-secret"}
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/r", "source_profile": "base"}
SSO = {"sso_session": "s", "sso_account_id": "123456789012", "sso_role_name": "r"}

TYPES = [
    (PAIR, "Basic"),
    ({**PAIR, "region": "eu-west-1", "unknown": "x"}, "Basic"),
    ({**PAIR, "aws_session_token": "t"}, "Session"),
    (ROLE, "AssumeRole"),
    ({**ROLE, "external_id": "e", "mfa_serial": "m", "role_session_name": "n"}, "AssumeRole"),
    ({**ROLE, **PAIR}, "AssumeRole"),
    (
        {"role_arn": "a", "credential_source": "Environment"},
        "AssumeRoleCredentialSource",
    ),
    ({"role_arn": "a", "web_identity_token_file": "f"}, "AssumeRoleWithWebIdentity"),
    ({**ROLE, "web_identity_token_file": "f"}, "AssumeRoleWithWebIdentity"),
    (SSO, "SSO"),
    ({"credential_process": "x"}, "CredentialProcess"),
    ({"login_session": "x"}, "Login"),
    (KEY, None),
    ({"aws_session_token": "t", **KEY}, None),
    ({"region": "r"}, None),
    ({"sso_account_id": "1"}, None),
    ({"sso_role_name": "1"}, None),
    ({"aws_access_key_id": "", "aws_secret_access_key": ""}, None),
]


@pytest.mark.parametrize(("settings", "expected"), TYPES)
def test_type(settings: dict[str, str], expected: str | None) -> None:
    profile = Profile("p", settings)
    assert (profile.type.name if profile.type else None) == expected
    assert (profile.problem() is None) == (expected is not None)


@pytest.mark.parametrize(
    "settings", [PAIR, ROLE, SSO, {"region": "r"}, {}, {**ROLE, "source_profile": "p", **PAIR}]
)
def test_writable(settings: dict[str, str]) -> None:
    check_writable(Profile("p", settings))


NOT_WRITABLE = [
    (KEY, "`aws_access_key_id` without `aws_secret_access_key`"),
    ({**PAIR, **ROLE}, "`aws_access_key_id` is not allowed in a profile of type AssumeRole"),
    ({**PAIR, "external_id": "e"}, "`external_id` is not allowed in a profile of type Basic"),
    ({"external_id": "e"}, "`external_id` without `role_arn`"),
    ({"role_arn": "a"}, "`role_arn` without `source_profile`"),
    ({**ROLE, "credential_source": "Environment"}, "exclude each other"),
    ({**PAIR, "credential_process": "x"}, "`credential_process` is not allowed in"),
]


@pytest.mark.parametrize(("settings", "rule"), NOT_WRITABLE)
def test_not_writable(settings: dict[str, str], rule: str) -> None:
    with pytest.raises(ProfileInvalid) as caught:
        check_writable(Profile("the-name", settings))
    assert rule in caught.value.message
    assert "the-name" in caught.value.message
    assert "canary" not in caught.value.message


def test_secrets_are_wrapped_and_never_shown() -> None:
    profile = Profile("p", {**PAIR, "my_password": "canary-other"})
    shown = [
        repr(profile),
        str(profile),
        f"{profile}",
        repr(profile.settings),
        str(dict(profile.settings)),
    ]
    assert not any("canary" in text for text in shown)
    assert profile.text("aws_secret_access_key") == "canary-secret"


def test_no_text_form_shows_a_secret() -> None:
    secret = Secret("canary")
    forms = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>20}",
        "%s" % secret,  # noqa: UP031  # the old way to format must not show it either
        f"{secret!r}",
    ]
    assert not any("canary" in form for form in forms)
    assert secret.reveal() == "canary"
    assert secret == Secret("canary")
    assert secret != Secret("other")
    for refused in (pickle.dumps, copy.deepcopy, hash):
        with pytest.raises(TypeError):
            refused(secret)


def test_redact() -> None:
    assert redact("a token and a key", "token", None, "", "key") == "a ******** and a ********"


LINE_BREAKS = [
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "\0",
    "\x1b",
    "\x7f",
    "\ud800",
]


@pytest.mark.parametrize("bad", LINE_BREAKS, ids=ascii)
def test_line_breaks_and_controls_are_refused_everywhere(bad: str) -> None:
    for shared in (True, False):
        with pytest.raises(ProfileInvalid):
            check_profile_name(f"a{bad}b", shared=shared)
    with pytest.raises(ProfileInvalid):
        check_setting(f"a{bad}b", "value")
    with pytest.raises(ProfileInvalid):
        check_setting("key", f"a{bad}b")


@pytest.mark.parametrize("name", ["", " a", "a ", "a]b", "[a", "a\tb"])
def test_names_refused_by_every_store(name: str) -> None:
    with pytest.raises(ProfileInvalid):
        check_profile_name(name, shared=False)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("region", "eu west"),
        ("region", "x]"),
        ("role_arn", "arn:aws:iam::1:role/x"),
        ("role_session_name", "a b"),
        ("external_id", "a]b"),
        ("duration_seconds", "899"),
        ("duration_seconds", "43201"),
        ("duration_seconds", "1h"),
        ("source_profile", "a]b"),
        ("aws_access_key_id", "AKIA EXAMPLE"),
        ("aws_secret_access_key", "a]b"),
        ("credential_source", "Nowhere"),
        ("any", "a # b"),
        ("any", "a\t;b"),
        ("any", "#a"),
        ("any", " a"),
        ("any", "a "),
        ("a b", "x"),
        ("a=b", "x"),
        ("a]", "x"),
        ("", "x"),
    ],
)
def test_settings_refused(key: str, value: str) -> None:
    with pytest.raises(ProfileInvalid):
        check_setting(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("role_arn", "arn:aws-us-gov:iam::123456789012:role/path/to/role"),
        ("duration_seconds", "900"),
        ("duration_seconds", "9999"),
        ("duration_seconds", "43200"),
        ("credential_process", '/opt/helper --flag "a b" [x]'),
        ("endpoint_url", "http://[::1]:4566"),
        ("any", "a#b"),
        ("any", "a=b"),
    ],
)
def test_settings_accepted(key: str, value: str) -> None:
    check_setting(key, value)


def test_a_refused_secret_is_not_quoted() -> None:
    with pytest.raises(ProfileInvalid) as caught:
        check_setting("aws_secret_access_key", "canary with blanks")
    assert "canary" not in str(caught.value)
