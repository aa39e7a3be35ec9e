"""Names of profiles for accounts and roles: valid for every reader, different, and stable."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from keystead.identity_center.account import Account, RoleFilter
from keystead.identity_center.population import Wish
from keystead.identity_center.profile_name import NameTemplate, Wanted, different_names, safe
from keystead.model.ordinal_case import folded
from keystead.model.role_reference import RoleReference
from keystead.model.validation import check_profile_name, is_identifier
from keystead.stores.shared_file import SharedFile
from keystead.text.dialect import FileKind, profile_title, read_header
from keystead.text.document import Document, Grammar
from tests.effort import examples

# With lone surrogates, control characters, and what headers and references treat specially.
texts = st.one_of(
    st.text(st.characters(codec=None), max_size=40),
    st.text("/:]['\"%\\ \t\r\n.-=a", max_size=12),
    st.text("Ab1", min_size=40, max_size=60),
    st.sampled_from(["default", "DEFAULT", "__proto__", "profile x", " x", "", "Übung", "支払い"]),
)
templates = st.sampled_from(
    [
        "{account_name}-{role_name}",
        "{account_name}{role_name}",
        "{account_name}/{role_name}",
        "{email}{account_name}",
        "{account_name}",
        "{role_name}",
        "sso.{session}.{account_id}",
    ]
)
quick = settings(max_examples=examples(200), deadline=None)
accounts = st.lists(
    st.builds(
        Account,
        st.from_regex(r"[0-9]{12}", fullmatch=True),
        texts,
        texts,
        st.lists(st.text(st.characters(codec=None), min_size=1, max_size=20), max_size=3).map(
            lambda roles: tuple(sorted(set(roles)))
        ),
    ),
    max_size=6,
    unique_by=lambda account: account.id,
)


@quick
@given(accounts, templates, st.lists(texts, max_size=4))
def test_every_name_is_valid_for_all_readers_and_used_once(
    found: list[Account], template: str, taken: list[str]
) -> None:
    wish = Wish("corp", found, RoleFilter.parse(()), NameTemplate.parse(template), ())
    made = wish.population({}, taken)
    names = list(made.added)
    for name in names:
        check_profile_name(name, shared=True)
        assert is_identifier(name)
        assert not name.startswith("-")
        header = read_header(profile_title(name, FileKind.CONFIG), FileKind.CONFIG)
        assert (header.kind, header.name) == ("profile", name)
    roles = sum(len(account.roles or ()) for account in found)
    assert len(names) + len(made.unwritable) == roles
    keys = {folded(name) for name in names}
    assert len(keys) == len(names)
    assert not keys & {folded(name) for name in (*taken, "default", "__proto__")}
    document = Document(b"[default]\nregion = eu-west-1", "config", grammar=Grammar.TOLERANT)
    file = SharedFile(Path("config"), FileKind.CONFIG, document, None)
    after = file.rewritten(made.added, {}, ())
    assert after.profiles() == {"default": {"region": "eu-west-1"}, **made.added}
    assert after.document.is_strict()
    assert not wish.population(after.profiles(), taken).names


@quick
@given(accounts, templates, st.randoms())
def test_names_do_not_depend_on_the_order_of_accounts(
    found: list[Account], template: str, rng: random.Random
) -> None:
    def names(order: list[Account]) -> dict[str, str]:
        wish = Wish("corp", order, RoleFilter.parse(()), NameTemplate.parse(template), ())
        return {
            name: made["populated_from"] for name, made in wish.population({}, ()).added.items()
        }

    other = list(found)
    rng.shuffle(other)
    assert names(found) == names(other)


@quick
@given(texts)
def test_a_safe_field_is_safe_already(text: str) -> None:
    made = safe(text)
    assert is_identifier(made) or not made
    if "%" not in made:
        assert safe(made) == made


@quick
@given(*[texts.filter(bool)] * 3)
def test_a_reference_is_read_back(session: str, account: str, role: str) -> None:
    try:
        f"{session}{account}{role}".encode()
    except UnicodeEncodeError:
        return  # half of a pair, which no name has
    reference = RoleReference(session, account, role)
    text = str(reference)
    assert RoleReference.parse(text) == reference
    assert text.isprintable()
    assert " " not in text


def test_ten_thousand_clashing_names_take_linear_work() -> None:
    def lines(count: int) -> int:
        wanted = [Wanted("same", "1" * 12, "Admin") for _ in range(count)]
        taken = [f"same-{'1' * 12}-Admin-{number}" for number in range(count)]
        seen = 0

        def trace(*_: object) -> object:
            nonlocal seen
            seen += 1
            return trace

        sys.settrace(trace)  # type: ignore[arg-type]  # typeshed wants a local function's type
        try:
            names = different_names(wanted, taken)
        finally:
            sys.settrace(None)
        assert len(set(names)) == count
        return seen

    small, large = lines(1_000), lines(10_000)
    assert large < 11 * small
