"""Any text is parsed or refused, never a crash; quoting round-trips; no secret is stored."""

import contextlib
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.errors import UsageError
from keystead.powershell.engine.binding import bind
from keystead.powershell.language import from_argv, is_incomplete, parse
from keystead.powershell.language.evaluation import arguments
from keystead.powershell.language.statements import Command, Word
from keystead.powershell.language.tokens import SINGLE, quote
from keystead.powershell.shell.completion import completions
from keystead.powershell.shell.masking import mask_line
from keystead.powershell.table import CMDLETS
from tests.canaries import SECRET_KEY

# Letters that mean something, names that are known, and anything else.
PIECES = st.one_of(
    st.sampled_from([*"'\"`$@#-:;,.=|&<>(){}[]%\\ \t\n\r", "<#", "#>", "PS > ", ">> ", "`\n"]),
    st.sampled_from(["Set-AWSCredential", "-SecretKey", "-SK:", "-Force", "$c = ", "${", "`u{41}"]),
    st.characters(),
    st.text(max_size=4),
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)
# As a canary: long enough to be found nowhere by chance, short enough not to look like a key.
SECRETS = st.text(min_size=0, max_size=8).map(lambda text: f"canary{text}yranac")


@given(TEXTS)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        statements = parse(text)
    except UsageError as error:
        assert error.where is not None
        assert 1 <= (error.where.line or 0) <= len(text) + 1
        return
    assert not is_incomplete(text)
    assert [statement.line for statement in statements] == sorted(s.line for s in statements)


@given(TEXTS)
def test_any_text_can_be_masked_and_completed(text: str) -> None:
    kept = mask_line(text, CMDLETS)
    assert kept is None or parse(kept)  # the result can be parsed again
    for found in completions(text, CMDLETS, lambda _: ["my role", "it's"]):
        assert 0 <= found.length <= len(text)


@given(TEXTS)
def test_any_statement_binds_or_is_refused(text: str) -> None:
    try:
        for statement in parse(f"Set-AWSCredential {text}"):
            if isinstance(statement, Command):
                bind(CMDLETS.find(statement.name), arguments(statement, {"c": "x"}))
    except UsageError as error:
        assert error.exit_code == 2


@given(st.lists(st.one_of(st.text(), PIECES), max_size=8))
def test_any_words_are_parsed_or_refused(words: list[str]) -> None:
    try:
        command = from_argv(words)
    except UsageError:
        return
    assert command.name in words


@given(st.text())
def test_quoted_value_round_trips(value: str) -> None:
    doubled = "".join(char * 2 if char in SINGLE else char for char in value)
    (command,) = parse(f"Get-X '{doubled}' -Name:'{doubled}'")
    assert isinstance(command, Command)
    assert command.words[0] == Word(value, quoted=True)
    assert command.words[1].value == Word(value, quoted=True)


@given(st.text())
def test_value_as_one_word_round_trips(value: str) -> None:
    (command,) = parse(f"Get-X {quote(value)}")
    assert isinstance(command, Command)
    assert [word.value for word in command.words] == [value]


FORMS = [
    "Set-AWSCredential -SecretKey {0}",
    "Set-AWSCredential -StoreAs x -Sec {0} -AccessKey y",
    "set-awscredentials -sk:{0}",
    "$c = New-AWSCredential -AK a -SessionToken: {0}",
    "Get-S3Bucket -ST `\n {0}",
    "PS > Set-AWSCredential -SecretAccessKey {0} # {0}",
    "Set-AWSCredentail -SecretKey {0}",
    "Set-AWSCredential -SecretKye {0}",
    "Set-AWSCredential -SecretKey {0} {0}",
    "Get-AWSCredential -Nonsense {0}",
    "$s = {0}",
    "{0}",
    "Set-AWSCredential -SecretKey {0} | Out-Null",
    "Get-STSSessionToken -TokenCode {0}",
]


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
def test_no_secret_is_stored_in_history(form: str, secret: str) -> None:
    inside = secret[6:-6]
    for spelled in ("'" + "".join(c * 2 if c in SINGLE else c for c in secret) + "'", secret):
        if spelled == secret and not (inside.isalnum() or not inside):
            continue  # unquoted, other letters part the word
        kept = mask_line(form.format(spelled), CMDLETS)
        assert kept is None or ("canary" not in kept and "yranac" not in kept)


@given(st.sampled_from(["-SecretKey", "-SK", "-SecretKey:", "-Force", "-x"]), TEXTS, TEXTS)
def test_key_in_any_position_is_not_stored(name: str, before: str, after: str) -> None:
    kept = mask_line(f"Set-AWSCredential {before} {name} {SECRET_KEY} {after}", CMDLETS)
    assert kept is None or SECRET_KEY not in kept


LONG = {
    "quotes": "'" * 100_001,
    "backticks": "`" * 100_001,
    "prompts": "PS > " * 20_000,
    "blank prompt": "PS" + " " * 100_000,
    "dollars": "Get-X " + "$" * 100_000,
    "braces": "Get-X " + "${" * 50_000,
    "lines": "Get-X\n" * 20_000,
    "words": "Get-X " + "-Name value " * 20_000,
    "name": "Set-AWSCredential -" + string.ascii_letters * 2_000,
    "comments": "<#" * 50_000,
    "angles": ">" * 100_000 + "x",
}


@pytest.mark.parametrize("name", LONG)
def test_long_text_is_parsed_quickly(name: str) -> None:
    start = time.process_time()
    mask_line(LONG[name], CMDLETS)
    is_incomplete(LONG[name])
    with contextlib.suppress(UsageError):
        for statement in parse(LONG[name])[:3]:
            bind(CMDLETS.find("Set-AWSCredential"), arguments(statement, {}))
    with contextlib.suppress(UsageError):
        from_argv([LONG[name]])
    assert time.process_time() - start < 3
