"""One table has every environment variable, and one function says which profile is in effect."""

import re
from pathlib import Path

import keystead
from keystead.model.variables import VARIABLES, misspelt, profile_in_effect

SOURCE = Path(keystead.__file__).parent
OF_OTHER_TOOLS = {
    "AWS_DATA_PATH",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_NEW_RETRIES_2026",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_SDK_UA_APP_ID",
}


def test_every_variable_in_the_source_is_in_the_table() -> None:
    named = {
        (name, str(path.relative_to(SOURCE)))
        for path in SOURCE.rglob("*.py")
        for name in re.findall(
            r"b?[\"']((?:KEYSTEAD|AWS)_[A-Z0-9_]*[A-Z0-9])[\"']", path.read_text()
        )
    }
    assert {row for row in named if row[0] not in VARIABLES.keys() | OF_OTHER_TOOLS} == set()


def test_only_one_function_reads_which_profile_is_in_effect() -> None:
    readers = [
        path.name
        for path in SOURCE.rglob("*.py")
        if re.search(r"environ(\.get\(|\[)\"AWS_(DEFAULT_)?PROFILE", path.read_text())
    ]
    assert readers == []
    both = {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "work"}
    assert profile_in_effect(both) == ("AWS_DEFAULT_PROFILE", "work")
    assert profile_in_effect(both | {"AWS_PROFILE": "dev"}) == ("AWS_PROFILE", "dev")
    assert profile_in_effect({}) is None


def test_misspelt_variables_are_found_and_other_tools_variables_are_not() -> None:
    environ = {
        "KEYSTEAD_PASPHRASE_FILE": "x",
        "KEYSTEAD_ZZZZ": "x",
        "AWS_ACCES_KEY_ID": "x",
        "AWS_PAGER": "x",
        "AWS_CLI_AUTO_PROMPT": "x",
        "AWS_ENDPOINT_URL_S3": "x",
        "PATH": "x",
    }
    assert dict(misspelt(environ)) == {
        "AWS_ACCES_KEY_ID": ["AWS_ACCESS_KEY_ID"],
        "KEYSTEAD_PASPHRASE_FILE": ["KEYSTEAD_PASSPHRASE_FILE"],
        "KEYSTEAD_ZZZZ": [],
    }
