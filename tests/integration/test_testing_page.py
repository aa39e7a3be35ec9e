"""The examples of docs/testing.md run."""

import re
from pathlib import Path

import pytest

import keystead.testing

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_runs(number: int) -> None:
    exec(compile(EXAMPLES[number], f"{PAGE}, example {number}", "exec"), {})


def test_page_shows_each_name() -> None:
    of_the_contracts = {"EXAMPLES", "contents"}
    shown = set(re.findall(r"\w+", PAGE.read_text()))
    assert set(keystead.testing.__all__) - shown == of_the_contracts
