"""Tables and lists as PowerShell shows them."""

from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest

from keystead.console.tables import listing, table
from keystead.display_width import display_width
from keystead.powershell.engine.display import cell, show
from keystead.secret import Secret


def lines(*texts: str) -> str:
    return "\n".join(texts)


def test_documented_list_of_profiles() -> None:
    rows = [
        {
            "ProfileName": "source_profile",
            "StoreTypeName": "NetSDKCredentialsFile",
            "ProfileLocation": None,
        },
        {
            "ProfileName": "basic_profile",
            "StoreTypeName": "SharedCredentialsFile",
            "ProfileLocation": "C:\\Users\\auser\\.aws\\credentials",
        },
    ]
    assert table(rows) == lines(
        "ProfileName    StoreTypeName         ProfileLocation",
        "-----------    -------------         ---------------",
        "source_profile NetSDKCredentialsFile",
        "basic_profile  SharedCredentialsFile C:\\Users\\auser\\.aws\\credentials",
    )


def test_numbers_are_right_aligned() -> None:
    rows = [{"Name": "a", "Size": 5}, {"Name": "b", "Size": 12345}, {"Name": "c", "Size": None}]
    assert table(rows) == lines(
        "Name  Size",
        "----  ----",
        "a        5",
        "b    12345",
        "c",
    )


def test_booleans_are_not_aligned_as_numbers() -> None:
    assert table([{"Default": True}, {"Default": False}]) == lines(
        "Default", "-------", "True", "False"
    )


def test_columns_can_be_chosen_and_missing_properties_are_blank() -> None:
    assert table([{"A": "x", "B": "y"}, {"C": "z"}]) == lines("A B C", "- - -", "x y", "    z")
    assert table([{"A": "x", "B": "y"}], ["B", "D"]) == lines("B D", "- -", "y")


def test_wide_and_combining_letters_keep_columns_in_line() -> None:
    rows = [
        {"Name": "東京", "X": "1"},
        {"Name": "e\u0301té", "X": "2"},
        {"Name": "abcdef", "X": "3"},
    ]
    assert table(rows) == lines(
        "Name   X",
        "----   -",
        "東京   1",
        "e\u0301té    2",
        "abcdef 3",
    )
    assert display_width("東京") == 4
    assert display_width("e\u0301té") == 3


def test_a_list_has_a_line_for_each_property() -> None:
    assert listing({"Name": "a", "Location": None, "When": 5}) == lines(
        "Name     : a",
        "Location :",
        "When     : 5",
    )


def test_four_properties_are_a_table_and_five_a_list() -> None:
    four = {"A": 1, "B": 2, "C": 3, "D": 4}
    assert show([four]) == lines("A B C D", "- - - -", "1 2 3 4")
    assert show([four | {"E": 5}, {"A": 6, "E": 7}]) == lines(
        "A : 1", "B : 2", "C : 3", "D : 4", "E : 5", "", "A : 6", "E : 7"
    )


def test_text_is_shown_unchanged() -> None:
    assert show(["one\n\ttwo", "three"]) == "one\n\ttwo\nthree"
    assert show(["a", {"B": 1}, 5, None, {"C": "d"}]) == lines(
        "a", "", "B", "-", "1", "", "5", "", "C", "-", "d"
    )
    assert show([]) == ""
    assert show([None]) == ""
    assert table([]) == ""


MORNING = datetime(2017, 2, 27, 8, 57, 53, tzinfo=UTC)
CELLS = [
    (None, ""),
    (True, "True"),
    (Secret("x"), "********"),
    (MORNING, "2/27/2017 8:57:53 AM"),
    (MORNING.replace(hour=0), "2/27/2017 12:57:53 AM"),
    (MORNING.replace(hour=12), "2/27/2017 12:57:53 PM"),
    (MORNING.replace(tzinfo=None), "2/27/2017 8:57:53 AM"),
    (["a", 1, None], "{a, 1, }"),
    ({"Key": "a", "Value": [True]}, "@{Key=a; Value={True}}"),
    ("a\nb\tc", "a\\nb\\tc"),
    ("\x1b[31m\x07\x9b\u202e\ud800", "\\x1b[31m\\x07\\x9b\\u202e\\ud800"),
    (["\x1b", Secret("x")], "{\\x1b, ********}"),
]


@pytest.mark.parametrize(("value", "expected"), CELLS, ids=[expected for _, expected in CELLS])
def test_cells(value: object, expected: str) -> None:
    assert cell(value) == expected


def test_times_are_shown_in_the_time_zone() -> None:
    zone = timezone(timedelta(hours=-9, minutes=-30))
    assert cell(MORNING, zone=zone) == "2/26/2017 11:27:53 PM"
    assert "2/26/2017 11:27:53 PM" in table([{"A": MORNING}], cell=partial(cell, zone=zone))
    assert "2/26/2017 11:27:53 PM" in show([{"A": [MORNING]}], zone=zone)
    assert "2/26/2017 11:27:53 PM" in listing({"A": MORNING}, cell=partial(cell, zone=zone))


def test_output_never_controls_the_terminal() -> None:
    evil = "\x1b]0;x\x07"
    for text in (
        table([{evil: evil}]),
        listing({evil: evil}),
        show([evil]),
        show([{"a": {evil: 1}}]),
    ):
        assert "\x1b" not in text
        assert "\x07" not in text
