"""`env --shell dotenv`: any value is read back as it is by the readers there are, or refused."""

from __future__ import annotations

import io

from dotenv import dotenv_values
from hypothesis import example, given
from hypothesis import strategies as st

from keystead.delivery import shells
from keystead.errors import KeysteadError

VALUES = st.text(
    st.one_of(st.sampled_from("\\'\"`${}#=! \tn;%A"), st.characters(exclude_characters="\n\r\0"))
)


def as_node(line: str) -> str:
    """A value by the rules of node's dotenv: quotes at both ends are taken off, `#` ends others."""
    value = line.partition("=")[2].strip()
    for quote in "'\"`":
        if len(value) > 1 and value[0] == value[-1] == quote:
            return value[1:-1]
    return value.partition("#")[0].strip()


@given(VALUES)
@example("ends with a backslash\\")
@example("two \\\\ of them")
@example("${HOME}")
@example("a # b")
@example("\\'")
def test_a_value_is_read_back_or_refused(value: str) -> None:
    try:
        text = shells.render("dotenv", {"BEFORE": "x", "N": value, "AFTER": "y"}, [])
    except KeysteadError:
        assert any(part in value for part in ("'", "${", "\\"))
        return
    found = dotenv_values(stream=io.StringIO(text), interpolate=True)
    assert found == {"BEFORE": "x", "N": value, "AFTER": "y"}
    assert as_node(text.split("\n")[1]) == value


@given(st.text("ABCxyz019/+=._:@,-"))
def test_aws_values_are_unquoted_because_docker_keeps_quotes(value: str) -> None:
    assert shells.render("dotenv", {"N": value}, []) == f"N={value}"
