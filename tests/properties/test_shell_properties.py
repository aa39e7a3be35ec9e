"""`keystead shell -c` with any text at all: an exit code, no traceback, no part of a secret."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.cli.main import main
from tests.properties.test_language_properties import PIECES, TEXTS

CANARY = "canary9yranac"
CODES = {0, 2, 3, 4, 5, 6}
# What a secret may contain, and around one that was cut to pieces. What a blank or a line break
# parts from it is another value, as it would be for any reader.
SECRET_PIECES = PIECES.filter(lambda piece: not any(map(str.isspace, piece)))
SECRETS = st.tuples(st.lists(SECRET_PIECES, max_size=8), st.lists(SECRET_PIECES, max_size=8)).map(
    lambda pair: "".join(pair[0]) + CANARY + "".join(pair[1])
)
FORMS = [
    "Set-AWSCredential -StoreAs x -AccessKey y -SecretKey {0}",
    "Set-AWSCredential -AccessKey y -SecretKey {0}",
    "New-AWSCredential -AccessKey y -SecretKey:{0}",
    "New-AWSCredential -AccessKey y -SecretKey z -SessionToken {0}",
    "$c = New-AWSCredential -AccessKey y -SK '{0}'; $c; $c.SecretKey; $c | ConvertTo-Json",
    'New-AWSCredential -AccessKey y -SecretAccessKey "{0}" | Format-List *',
    "Initialize-AWSDefaultConfiguration -AccessKey y -SecretKey {0} -Region eu-west-1 -WhatIf",
    "Get-AWSCredential -SecretKey {0}",
    "Set-AWSCredential -AccessKey y -SecretKey {0} -Verbose -OutVariable x",
    "Set-AWSCredential -AccessKey y -SecretKey {0} | Where-Object {{ $_.A -eq 'b' }}",
]


@pytest.fixture(autouse=True)
def no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def run(text: str) -> tuple[int, str]:
    """The exit code of the text, and all that it shows."""
    streams = sys.stdout, sys.stderr
    shown = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    sys.stdout = sys.stderr = shown
    try:
        code = main(["shell", "-c", text])
    finally:
        sys.stdout, sys.stderr = streams
    shown.seek(0)
    return code, shown.read()


@given(TEXTS)
def test_any_text_ends_with_an_exit_code(text: str) -> None:
    code, shown = run(f"Get-AWSCredential -ListProfile | {text}")
    assert code in CODES
    assert "Traceback" not in shown
    if code:
        assert "keystead: error: " in shown


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
def test_no_part_of_a_secret_is_shown(form: str, secret: str) -> None:
    code, shown = run(form.format(secret))
    assert code in CODES
    assert CANARY not in shown
    assert "Traceback" not in shown
