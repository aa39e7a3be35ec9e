"""The cmdlets of a pipeline: how they compare, choose, order and count, case by case."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.app import App
from keystead.console.console import Console
from keystead.errors import UsageError
from keystead.powershell.engine.state import State
from keystead.powershell.language import parse
from keystead.powershell.language.comparison import compare, equal, sort_key, truth
from keystead.powershell.objects import AwsObject
from keystead.powershell.runner import run_pipeline
from keystead.secret import MASK, Secret

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)

# operator, left, right: whether it holds
COMPARES = [
    ("eq", "A", "a", True),
    ("ceq", "A", "a", False),
    ("ieq", "A", "a", True),
    ("ne", "a", "b", True),
    ("eq", 5, "5", True),
    ("eq", 5, "x", False),
    ("eq", "5", 5, True),
    ("gt", 10, "9", True),
    ("gt", "10", "9", False),
    ("le", 1.5, "1.5", True),
    ("eq", True, "anything", True),
    ("eq", False, False, True),
    ("eq", None, None, True),
    ("eq", None, "", False),
    ("lt", None, 0, True),
    ("like", "keystead-bucket1", "*BUCKET?", True),
    ("clike", "a", "A", False),
    ("notlike", "a", "b*", True),
    ("like", None, "*", True),
    ("match", "keystead-bucket1", "T[0-9]$", True),
    ("notmatch", "a", "b", True),
    ("cmatch", "a", "A", False),
    ("contains", ["a", "b"], "B", True),
    ("ccontains", ["a"], "A", False),
    ("icontains", ["a"], "A", True),
    ("notcontains", ["a"], "b", True),
    ("in", "B", ["a", "b"], True),
    ("cin", "B", ["a", "b"], False),
    ("iin", "B", ["a", "b"], True),
    ("notin", "c", ["a", "b"], True),
    ("in", "a", "a", True),
    ("eq", ["a", "b"], "b", True),
    ("gt", NOON, "2026-01-01", True),
    ("lt", NOON, "1/3/2026", True),
    ("eq", Secret("x"), "x", True),
    ("eq", Secret("x"), "y", False),
]


@pytest.mark.parametrize(("operator", "left", "right", "holds"), COMPARES)
def test_the_left_value_decides(operator: str, left: object, right: object, holds: bool) -> None:
    assert truth(compare(operator, left, right)) is holds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False),
        ("", False),
        ("false", True),
        (0, False),
        ([], False),
        ([0], False),
        ([0, 0], True),
    ],
)
def test_truth(value: object, expected: bool) -> None:
    assert truth(value) is expected


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.datetimes(timezones=st.just(UTC)),
)


@given(VALUES, VALUES)
def test_any_two_values_can_be_compared(left: object, right: object) -> None:
    for operator in ("eq", "gt", "le", "like", "contains", "in"):
        try:
            assert compare(operator, left, right) in (True, False)
        except UsageError:  # what has no order here is refused, never guessed
            assert operator in ("gt", "le", "like")
    assert equal(left, left)
    assert compare("ne", left, right) is not compare("eq", left, right)


@given(st.lists(VALUES, max_size=8))
def test_any_values_have_an_order(values: list[object]) -> None:
    keys = sorted(sort_key(value) for value in values)
    assert all(one <= other for one, other in itertools.pairwise(keys))


ROWS = [
    AwsObject({"Name": "b", "Size": 10, "Tags": ["x", "y"]}),
    AwsObject({"Name": "A", "Size": 2, "Tags": []}),
    AwsObject({"Name": "c", "Size": None, "Tags": ["z"]}),
]

GIVES = {
    "$r | Where-Object Size -gt 2 | % Name": ["b"],
    "$r | ? Size -lt 5 | % Name": ["A", "c"],
    "$r | ? Name -eq a | % Size": [2],
    "$r | ? Name -ceq a | % Size": [],
    "$r | ? Size | % Name": ["b", "A"],
    "$r | ? -Not Size | % Name": ["c"],
    "$r | ? { $_.Size -eq 2 } | % Name": ["A"],
    "$r | ? { $_.Tags -contains 'y' } | % Name": ["b"],
    "$r | ? Tags -contains y | % Name": ["b"],
    "$r | ? Name -in a,c | % Name": ["A", "c"],
    "$r | ? Nothing -eq x": [],
    "1, 2, 3 | ? { $_ -ge 2 }": [2, 3],
    "$r | % Tags": ["x", "y", "z"],
    "$r | sort Name | % Name": ["A", "b", "c"],
    "$r | sort Size | % Name": ["c", "A", "b"],
    "$r | sort Size -Descending -Top 1 | % Name": ["b"],
    "$r | sort Name -CaseSensitive -Bottom 2 | % Name": ["b", "c"],
    "'b', 'a', 'B' | sort -Unique": ["a", "b"],
    "10, 9, 100 | sort": [9, 10, 100],
    "$r | select -First 1 | % Name": ["b"],
    "$r | select -Last 1 | % Name": ["c"],
    "$r | select -Skip 1 -First 1 | % Name": ["A"],
    "$r | select -Skip 1 -Last 1 | % Name": ["A"],
    "$r | select -First 1 -Last 1 | % Name": ["b", "c"],
    "$r | select -First 0": [],
    "$r | select -ExpandProperty Tags": ["x", "y", "z"],
    "'a', 'b', 'a' | select -Unique": ["a", "b"],
    "$r | measure | % Count": [3],
    "$r | measure Size -Sum -Maximum -Average -Minimum | select Count, Sum, Maximum, Average, Minimum"
    " | ConvertTo-Json -Compress": ['{"Count":2,"Sum":12,"Maximum":10,"Average":6.0,"Minimum":2}'],
    "$r | select n*, size -First 1 | ConvertTo-Json -Compress": ['{"Name":"b","Size":10}'],
    "$r | select * -ExcludeProperty Tags, Size -Last 1 | ConvertTo-Json -Compress": [
        '{"Name":"c"}'
    ],
    "$r | select Other -First 1 | ConvertTo-Json -Compress": ['{"Other":null}'],
    "$r | select -First 1 | ConvertTo-Json -Compress -AsArray": [
        '[{"Name":"b","Size":10,"Tags":["x","y"]}]'
    ],
    "$s | ConvertTo-Json -Compress": [Secret('{"Key":"x","At":"2026-01-02T12:00:00+00:00"}')],
    "$s | ConvertTo-Json -Compress -Reveal": ['{"Key":"x","At":"2026-01-02T12:00:00+00:00"}'],
    "$s | fl Key": [f"Key : {MASK}"],
    "$s | fl Key -Reveal": ["Key : x"],
    "$s | ft Key -Reveal -HideTableHeaders": ["x"],
    "$null | ConvertTo-Json": [],
    "$r | ft Name, Size -HideTableHeaders": ["b      10\nA       2\nc"],
    "$r | select -First 1 | fl": ["Name : b\nSize : 10\nTags : {x, y}"],
    "'a' | fl": ["a"],
    "'a' | ft": ["a"],
}


@pytest.mark.parametrize("line", GIVES)
def test_a_pipeline_gives(line: str) -> None:
    state = State(App(), Console())
    state.variables |= {"r": ROWS, "s": AwsObject({"Key": Secret("x"), "At": NOON})}
    (statement,) = parse(line)
    assert run_pipeline(state, statement) == GIVES[line]  # type: ignore[arg-type]


def test_json_with_a_secret_is_true_as_a_value_and_masked_where_it_is_shown() -> None:
    state = State(App(), Console())
    state.variables["s"] = AwsObject({"Key": Secret("x"), "Id": "i"})
    (statement,) = parse("$s | ConvertTo-Json -Compress")
    (text,) = run_pipeline(state, statement)  # type: ignore[arg-type]
    assert str(text) == f'{{"Key":"{MASK}","Id":"i"}}'
    assert isinstance(text, Secret)
    assert text.reveal() == '{"Key":"x","Id":"i"}'


def test_truncated_json_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    state = State(App(), Console())
    (statement,) = parse("@{a=@{b=@{c=@{d=1}}}} | ConvertTo-Json -Compress")
    assert run_pipeline(state, statement) == ['{"a":{"b":{"c":"{\'d\': 1}"}}}']  # type: ignore[arg-type]
    assert "truncated below a depth of 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("$r | % Name | measure -Sum", "one of the values is not a number"),
        ("$r | select -ExpandProperty Nothing", "there is no property `Nothing`"),
        ("$r | ? Name -match '('", "the value of -match is not a valid regular expression"),
        ("$r | ft | sort", "sort does not accept the output of Format-Table or Format-List"),
        ("$r | ? Name -eq a -like b", "`-EQ` and `-Like` cannot be combined"),
        ("$r | sort -Top 1 -Bottom 1", "`-Top` and `-Bottom` cannot be combined"),
    ],
)
def test_a_pipeline_refuses(line: str, message: str) -> None:
    state = State(App(), Console())
    state.variables["r"] = ROWS
    (statement,) = parse(line)
    with pytest.raises(UsageError) as caught:
        run_pipeline(state, statement)  # type: ignore[arg-type]
    assert str(caught.value) == message or message in str(caught.value)
