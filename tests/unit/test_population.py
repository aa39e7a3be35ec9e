"""Profiles for accounts and roles: what is added, changed, removed, and what stays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keystead.identity_center.account import Account, RoleFilter
from keystead.identity_center.population import Mark, Population, Wish
from keystead.identity_center.profile_name import DEFAULT_TEMPLATE, NameTemplate
from keystead.identity_center.region_rule import parse_rules
from keystead.stores.shared_file import SharedFile
from keystead.text.dialect import FileKind
from keystead.text.document import Document, Grammar

PAYMENTS = Account("111111111111", "Payments", "pay@example.com", ("Admin", "Reader"))
TEST = Account("222222222222", "Test", "", ("Reader",))
MADE = {
    "sso_session": "corp",
    "sso_account_id": "111111111111",
    "sso_role_name": "Admin",
    "populated_from": "corp/111111111111/Admin",
}


def wish(
    *accounts: Account,
    regions: str = "",
    include: str = "",
    exclude: str = "",
    template: str = DEFAULT_TEMPLATE,
    prune: bool = False,
) -> Wish:
    selected = RoleFilter.parse(include.split(), exclude.split())
    rules = parse_rules(regions.split())
    return Wish("corp", accounts, selected, NameTemplate.parse(template), rules, prune=prune)


def made_from(
    wanted: Wish, profiles: dict[str, dict[str, str]] | None = None, *others: str
) -> Population:
    return wanted.population(profiles or {}, others)


def test_each_role_gets_a_profile() -> None:
    found = made_from(wish(PAYMENTS, TEST))
    assert list(found.added) == ["Payments-Admin", "Payments-Reader", "Test-Reader"]
    assert found.added["Payments-Admin"] == MADE


def test_a_second_run_changes_nothing() -> None:
    wanted = wish(PAYMENTS, TEST, regions="eu-west-1")
    first = made_from(wanted)
    assert made_from(wanted, dict(first.added)).names == set()


def test_a_renamed_profile_stays_under_its_name() -> None:
    found = made_from(wish(PAYMENTS, exclude="*/Reader"), {"pay": MADE})
    assert found.names == set()


def test_a_region_that_was_written_follows_the_rule() -> None:
    old = {**MADE, "region": "eu-west-1", "populated_from": "corp/111111111111/Admin eu-west-1"}
    found = made_from(wish(PAYMENTS, regions="us-east-1", include="*/Admin"), {"pay": old})
    assert found.changed == {
        "pay": {"region": "us-east-1", "populated_from": "corp/111111111111/Admin us-east-1"}
    }


@pytest.mark.parametrize("region", ["eu-north-1", ""])
def test_a_region_that_a_person_set_or_removed_stays(region: str) -> None:
    old = {**MADE, "region": region, "populated_from": "corp/111111111111/Admin eu-west-1"}
    found = made_from(wish(PAYMENTS, regions="us-east-1", include="*/Admin"), {"pay": old})
    assert (found.names, found.own_region) == (set(), ["pay"])


def test_a_region_stays_where_no_rule_gives_one() -> None:
    old = {**MADE, "region": "eu-west-1", "populated_from": "corp/111111111111/Admin eu-west-1"}
    found = made_from(wish(PAYMENTS, include="*/Admin"), {"pay": old})
    assert (found.names, found.own_region) == (set(), [])


def test_a_profile_that_a_person_turned_to_another_role_is_left_alone() -> None:
    old = {**MADE, "sso_role_name": "Auditor"}
    found = made_from(wish(PAYMENTS, TEST, include="*/Admin", prune=True), {"Payments-Admin": old})
    assert list(found.added) == ["Payments-Admin-111111111111"]
    assert not found.removed


def test_a_profile_of_a_person_under_the_name_is_left_alone() -> None:
    found = made_from(wish(TEST), {"test-READER": {"region": "eu-west-1"}})
    assert list(found.added) == ["Test-Reader-222222222222"]
    found = made_from(wish(TEST), {}, "Test-Reader")
    assert list(found.added) == ["Test-Reader-222222222222"]


def test_a_profile_of_a_person_that_gives_the_role_under_the_name_is_enough() -> None:
    own = {key: value for key, value in MADE.items() if key != "populated_from"}
    found = made_from(wish(PAYMENTS, include="*/Admin"), {"Payments-Admin": own})
    assert (found.names, found.served) == (set(), ["Payments-Admin"])


def test_prune_removes_what_is_gone_and_nothing_else() -> None:
    profiles = dict(made_from(wish(PAYMENTS, TEST)).added)
    profiles["of another session"] = {
        **MADE,
        "sso_session": "other",
        "populated_from": "other/111111111111/Admin",
    }
    profiles["mine"] = {"sso_session": "corp", "sso_account_id": "3" * 12, "sso_role_name": "R"}
    left = PAYMENTS._replace(roles=("Reader",))
    assert not made_from(wish(left), profiles).removed
    assert made_from(wish(left, prune=True), profiles).removed == ["Payments-Admin", "Test-Reader"]


def test_prune_leaves_what_was_not_listed_or_not_selected() -> None:
    profiles = dict(made_from(wish(PAYMENTS, TEST)).added)
    unlisted = PAYMENTS._replace(roles=None)
    found = made_from(wish(unlisted, TEST, exclude="Payments", prune=True), profiles)
    assert found.names == set()
    found = made_from(wish(PAYMENTS, TEST, include="Test", prune=True), profiles)
    assert found.names == set()


def test_prune_removes_nothing_where_the_login_reaches_nothing() -> None:
    profiles = dict(made_from(wish(PAYMENTS, TEST)).added)
    assert made_from(wish(prune=True), profiles).names == set()


@pytest.mark.parametrize(
    "role", ["x\n[default]\nregion = x", "a #b", " a", "#a", "a\x85", "\ud800"]
)
def test_roles_whose_names_would_be_read_as_something_else_are_left_out(role: str) -> None:
    found = made_from(wish(PAYMENTS._replace(roles=(role, "Admin"))))
    assert list(found.added) == ["Payments-Admin"]
    assert len(found.unwritable) == 1
    assert found.unwritable[0].isprintable()
    assert not made_from(wish(PAYMENTS._replace(id="1\n"))).added


def test_regions_come_from_the_first_rule_that_matches() -> None:
    rules = "pay*/admin=eu-west-1 2*=eu-west-2 us-east-1"
    found = made_from(wish(PAYMENTS, TEST, regions=rules))
    assert {name: made["region"] for name, made in found.added.items()} == {
        "Payments-Admin": "eu-west-1",
        "Payments-Reader": "us-east-1",
        "Test-Reader": "eu-west-2",
    }


def test_patterns_name_accounts_by_id_and_name_and_blanks_and_slashes_are_encoded() -> None:
    odd = Account("333333333333", "a/b c", roles=("Admin",))
    for pattern in ("a%2fb%20c", "333333333333/ADMIN", "A%2F*/a*", "*"):
        assert list(made_from(wish(odd, include=pattern)).added), pattern
    assert not made_from(wish(odd, include="a/b")).added


@pytest.mark.parametrize("rule", ["=", "x=", "x=not a region", "a=b=c d"])
def test_a_rule_without_a_region_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="PATTERN=REGION"):
        parse_rules([rule])


def test_marks_of_sessions_with_odd_names_are_read_back() -> None:
    found = wish(PAYMENTS, regions="eu-west-1").replace(session="a b/c%").population({}, ())
    for settings in found.added.values():
        assert Mark.of(settings) is not None
    again = wish(PAYMENTS, regions="eu-west-1").replace(session="a b/c%")
    assert again.population(found.added, ()).names == set()


FILE = """\
# the top

[sso-session corp]
sso_region = eu-west-1

# about payments
[profile pay]
# for the audit
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Admin
output = json
populated_from = corp/111111111111/Admin
# the end of pay

[profile gone]
sso_session = corp
sso_account_id = 999999999999
sso_role_name = Admin
populated_from = corp/999999999999/Admin
# goes with it

[profile mine]
region = eu-west-1
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_and_hand_edits_stay_byte_for_byte(newline: str) -> None:
    text = FILE.replace("\n", newline)
    file = SharedFile(Path("config"), FileKind.CONFIG, tolerant(text.encode()), None)
    wanted = wish(PAYMENTS, regions="us-east-1", prune=True)
    made = wanted.population(file.profiles(), ())
    after = file.rewritten(made.added, made.changed, made.removed).document.data.decode()
    expected = (
        FILE.replace(
            "populated_from = corp/111111111111/Admin\n",
            "populated_from = corp/111111111111/Admin us-east-1\nregion = us-east-1\n",
        ).replace(FILE[FILE.index("[profile gone]") : FILE.index("[profile mine]")], "")
        + """
[profile Payments-Reader]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Reader
region = us-east-1
populated_from = corp/111111111111/Reader us-east-1
"""
    )
    assert after == expected.replace("\n", newline)


def test_work_grows_no_faster_than_the_number_of_roles() -> None:
    def work(count: int) -> list[int]:
        roles = ("Admin", "Reader", "Auditor")
        accounts = [Account(f"{n:012}", f"Team {n % 50}", roles=roles) for n in range(count)]
        file = SharedFile(Path("config"), FileKind.CONFIG, tolerant(b"# top\n"), None)
        found = []
        for wanted in (
            wish(*accounts),
            wish(*accounts, regions="eu-west-1"),
            wish(*accounts, regions="0*=eu-west-2 eu-west-1"),
            wish(accounts[0], prune=True),
        ):

            def act(wanted: Wish = wanted) -> None:
                nonlocal file
                made = wanted.population(file.profiles(), ())
                assert made.names
                after = file.rewritten(made.added, made.changed, made.removed)
                after.check_edit(file, made.names)
                file = after

            found.append(counted(act))
        return found

    work(10)
    for small, large in zip(work(100), work(400), strict=True):
        assert large < 4.3 * small, "lines and calls"


def counted(act: Callable[[], object]) -> int:
    """How many lines and calls ``act`` executes."""
    count = 0

    def trace(*_: object) -> object:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]  # it returns itself
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def tolerant(data: bytes) -> Document:
    return Document(data, "config", grammar=Grammar.TOLERANT)
