"""The command line that the undo history stores: useful, and without anything secret."""

from __future__ import annotations

import pytest

from keystead.model.settings import SETTINGS
from keystead.powershell.shell.masking import mask_words
from keystead.powershell.table import CMDLETS
from keystead.undo.command_line import shown
from tests.canaries import ACCESS_KEY_ID, SECRET_KEY, SESSION_TOKEN, leaks

HIDDEN = "…"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["remove", "a", "my profile", "--force"], "keystead remove a 'my profile' --force"),
        (["set", "a", "region=eu-west-1", "output=json"], "keystead set a region=eu-west-1 output=json"),
        (["set", "a", f"aws_access_key_id={ACCESS_KEY_ID}"], f"keystead set a aws_access_key_id={HIDDEN}"),
        (["set", "a", "credential_process=run --token abc"], f"keystead set a credential_process={HIDDEN}"),
        (["set", "a", "endpoint_url=https://u:p@host"], f"keystead set a endpoint_url={HIDDEN}"),
        (["set", "a", "external_id=abcdef"], f"keystead set a external_id={HIDDEN}"),
        (["set", "a", "unknown=value"], f"keystead set a unknown={HIDDEN}"),
        (["set", "a", "s3.max_queue_size=5"], f"keystead set a s3.max_queue_size={HIDDEN}"),
        (["set", "a", f"region={SECRET_KEY}"], f"keystead set a region={HIDDEN}"),
        (["set", "a", SECRET_KEY], f"keystead set a {HIDDEN}"),
        (["set", "a", f"{SECRET_KEY}=x"], f"keystead set a {HIDDEN}"),
        (["copy", "a", "b", "--location", "x y/c"], "keystead copy a b --location 'x y/c'"),
        (["copy", "a", "b", f"--location={SECRET_KEY}"], f"keystead copy a b {HIDDEN}"),
    ],
)  # fmt: skip
def test_a_plain_command_line_is_shown(words: list[str], expected: str) -> None:
    assert shown(words) == expected


@pytest.mark.parametrize("secret", [SECRET_KEY, SESSION_TOKEN])
@pytest.mark.parametrize("form", ["{}", "{}=x", "region={}", "x={}", "--location={}", "--{}"])
def test_no_form_of_a_secret_is_shown(form: str, secret: str) -> None:
    assert leaks(shown(["set", "a", form.format(secret)])) == []


@pytest.mark.parametrize("name", [row.name for row in SETTINGS.values() if row.secret])
def test_no_value_of_a_secret_setting_is_shown(name: str) -> None:
    assert shown(["set", "a", f"{name}=short"]) == f"keystead set a {name}={HIDDEN}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["Set-AWSCredential", "-StoreAs", "my profile", "-SecretKey", SECRET_KEY],
            "Set-AWSCredential -StoreAs 'my profile' -SecretKey ********",
        ),
        (
            ["Set-AWSCredential", f"-SecretKey:{SECRET_KEY}", "-StoreAs:x"],
            "Set-AWSCredential -SecretKey:******** -StoreAs:x",
        ),
        (["Remove-AWSCredentialProfile", "x", "-Force"], "Remove-AWSCredentialProfile x -Force"),
        (["Remove-AWSCredentialProfile", "it's $x"], "Remove-AWSCredentialProfile 'it''s $x'"),
    ],
)
def test_a_cmdlet_is_shown_as_its_line(words: list[str], expected: str) -> None:
    assert mask_words(words, CMDLETS) == expected


def test_a_cmdlet_line_that_cannot_be_masked_is_not_shown() -> None:
    assert leaks(mask_words(["Set-AWSCredential", "-SecretKey", "", SECRET_KEY], CMDLETS)) == []
