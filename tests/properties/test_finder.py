"""Which rows a typed query finds, and in what order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.pick.finder import Finder, matched_places

LETTERS = st.text(st.sampled_from("abcAB/-1İß "), max_size=8)
ROWS = st.lists(st.tuples(LETTERS, LETTERS), max_size=12)
QUERIES = st.text(st.sampled_from("abcAB/1 "), max_size=6)


def is_scattered(word: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in word)


def matches(query: str, row: tuple[str, str]) -> bool:
    """The rule, said without regard to time."""

    def fits(word: str) -> bool:
        texts = list(row)
        if word == word.lower():
            texts = [text.lower() for text in texts]
        return is_scattered(word, texts[0]) or any(word in text for text in texts)

    return all(map(fits, query.split()))


PLAIN = st.text(st.sampled_from("abcAB/-1 "), max_size=8)


@given(st.lists(st.tuples(PLAIN, PLAIN), max_size=12), QUERIES)
def test_each_word_has_to_match_in_order_or_as_a_whole(
    rows: list[tuple[str, str]], query: str
) -> None:
    found = Finder(rows).find(query)
    assert sorted(found) == [n for n, row in enumerate(rows) if matches(query, row)]


@given(ROWS, QUERIES, st.lists(st.integers(0, 6), max_size=6))
def test_what_was_typed_before_changes_nothing(
    rows: list[tuple[str, str]], query: str, steps: list[int]
) -> None:
    finder = Finder(rows)
    for size in steps:
        assert [*finder.find(query[:size])] == [*Finder(rows).find(query[:size])]
    assert [*finder.find(query)] == [*Finder(rows).find(query)]


@given(ROWS, QUERIES)
def test_a_longer_query_finds_some_of_what_its_beginning_finds(
    rows: list[tuple[str, str]], query: str
) -> None:
    for size in range(len(query)):
        longer, shorter = (Finder(rows).find(query[:end]) for end in (size + 1, size))
        assert {*longer} <= {*shorter}


@given(ROWS, QUERIES)
def test_a_query_that_goes_on_looks_only_at_what_was_found(
    rows: list[tuple[str, str]], query: str
) -> None:
    finder = Finder(rows)
    before = len(rows)
    for size in range(1, len(query) + 1):
        found = finder.find(query[:size])
        if query[:size].strip():
            assert finder.examined <= before
            before = len(found)


@given(LETTERS, QUERIES)
def test_what_is_marked_are_the_letters_of_the_query(name: str, query: str) -> None:
    places = matched_places(query, name)
    assert places <= {*range(len(name))}
    if len(query.split()) == 1 and Finder([(name,)]).find(query):
        assert len(places) == len(query.strip())


RANKED = [
    ("p-r-o-d",),
    ("no-match-in-the-name", "prod"),
    ("reprod",),
    ("eu-prod",),
    ("prod-admin",),
    ("prod",),
    ("other",),
]


def test_the_best_match_is_first() -> None:
    found = [RANKED[number][0] for number in Finder(RANKED).find("prod")]
    names = "prod prod-admin eu-prod reprod no-match-in-the-name p-r-o-d"
    assert found == names.split()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("dev", ["dev-one", "Dev-two"]),
        ("Dev", ["Dev-two"]),
        ("dev two", ["Dev-two"]),
        ("two dev", ["Dev-two"]),
        ("  ", ["dev-one", "Dev-two"]),
        ("1234", ["dev-one"]),
        ("1 4", ["dev-one"]),
        ("14", []),
    ],
)
def test_letter_case_words_and_columns(query: str, expected: list[str]) -> None:
    rows = [("dev-one", "123456789012"), ("Dev-two", "eu-west-1")]
    assert [rows[number][0] for number in Finder(rows).find(query)] == expected


def test_equally_good_ones_stay_in_their_order() -> None:
    rows = [(f"profile-{number}",) for number in range(50)]
    assert [*Finder(rows).find("profile")] == [*range(50)]


def test_the_letters_that_are_closest_together_count() -> None:
    assert matched_places("abc", "a-abxc-bc") == {2, 3, 5}
    assert matched_places("ac", "ab-ac") == {3, 4}
