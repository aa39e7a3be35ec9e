"""The width of text on a terminal, and cutting it to a width."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.console.tables import table
from keystead.display_width import display_width, fitting, padded, shortened

texts = st.text(st.sampled_from("ab 東京e\u0301\u200d🎉"), max_size=12)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("profile", 7, "profile"),
        ("profile", 6, "profi…"),
        ("profile", 1, "…"),
        ("profile", 0, ""),
        ("東京東京", 8, "東京東京"),
        ("東京東京", 7, "東京東…"),
        ("東京東京", 6, "東京…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
    ],
)
def test_text_is_cut_by_its_width(text: str, width: int, expected: str) -> None:
    assert shortened(text, width) == expected


@given(texts, st.integers(0, 30))
def test_cut_text_fits_and_is_a_beginning(text: str, width: int) -> None:
    found = shortened(text, width)
    assert display_width(found) <= width
    assert text.startswith(found.removesuffix("…"))
    assert display_width(padded(found, width)) == width


@given(st.lists(st.integers(1, 40), min_size=1, max_size=9), st.integers(0, 200))
def test_only_the_widest_columns_shrink(widths: list[int], total: int) -> None:
    found = fitting(widths, total)
    assert sum(found) == max(min(sum(widths), total), len(widths))
    cut = [new for new, old in zip(found, widths, strict=True) if new < old]
    assert all(new >= 1 for new in found)
    assert all(new <= min(cut) + 1 for new in found if cut)


def test_a_table_fits_the_width_of_the_terminal() -> None:
    rows = [{"Name": "a long name of a profile", "N": 7}, {"Name": "東京の本番環境", "N": 12}]
    assert table(rows, width=16).splitlines() == [
        "Name           N",
        "----           -",
        "a long name …  7",
        "東京の本番環… 12",
    ]
    assert table(rows, width=99) == table(rows)


def test_the_key_of_a_table_shrinks_after_the_other_columns_are_left_out() -> None:
    rows = [{"Name": "production-account", "Role": "Administrator", "File": "~/.aws/credentials"}]
    shown = {width: table(rows, width=width, key="Name").splitlines()[-1] for width in (40, 30, 9)}
    assert shown == {
        40: "production-account Administr… ~/.aws/cr…",
        30: "production-account Administra…",
        9: "producti…",
    }
