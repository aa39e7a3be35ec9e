"""Test suites for stores and protectors, to be inherited.

::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            return MyStore(tmp_path / "profiles")

They need pytest, which keystead itself does not depend on.
"""

# ruff: noqa: S101, D102  # tests assert, and their names say what they check

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from keystead.errors import ProfileInvalid, ProfileNotFound, StoreCorrupt, StoreUnavailable
from keystead.model.assume_role import TYPES
from keystead.model.profile import Profile
from keystead.secret import Secret, reveal
from keystead.stores.base import ProfileStore, register
from keystead.stores.encrypted.protectors import Protector, StoreRef, kind_of
from keystead.system import Keyring

EXAMPLES: Mapping[str, Mapping[str, str]] = {row.name: row.example for row in TYPES}
"""A profile of every type."""

_KEYS = EXAMPLES["Basic"]
_SECRETS = (_KEYS["aws_secret_access_key"], EXAMPLES["Session"]["aws_session_token"])
_ROLE = {"role_arn": EXAMPLES["AssumeRole"]["role_arn"]}
_INJECTIONS = ("a\nb", "a\rb", "a\x00b", "a\x1bb", "a\x85b", "a\u2028b")


def contents(store: ProfileStore) -> dict[str, dict[str, str]]:
    """The profiles of the store, with secrets revealed."""
    return {
        profile.name: {
            key: str(dict(value)) if isinstance(value, Mapping) else reveal(value)
            for key, value in profile.settings.items()
        }
        for profile in store.profiles()
    }


class StoreContract:
    """The suite. A subclass has a fixture ``store`` that returns an empty store.

    ``ignores_case``: names that differ only by case are the same.
    """

    ignores_case = False

    @pytest.fixture
    def store(self) -> ProfileStore:
        """A new store without profiles."""
        raise NotImplementedError("the subclass makes the store")

    def test_there_is_an_example_of_every_type(self) -> None:
        assert set(EXAMPLES) == {row.name for row in TYPES}

    def test_an_empty_store_has_no_profiles(self, store: ProfileStore) -> None:
        assert store.profiles() == []
        with pytest.raises(ProfileNotFound):
            store.find("nobody")

    @pytest.mark.parametrize("kind", EXAMPLES)
    def test_each_type_comes_back_as_it_was(self, store: ProfileStore, kind: str) -> None:
        register(store, Profile("one", EXAMPLES[kind]))
        found = store.find("one")
        assert found.type is not None
        assert found.type.name == kind
        assert (found.store_type_name, found.location) == (store.type_name, store.location)
        assert contents(store) == {"one": EXAMPLES[kind]}
        assert {key: found.text(key) for key in found.settings} == EXAMPLES[kind]

    @pytest.mark.parametrize("before", EXAMPLES)
    @pytest.mark.parametrize("after", EXAMPLES)
    def test_a_new_type_drops_the_settings_of_the_old(
        self, store: ProfileStore, before: str, after: str
    ) -> None:
        register(store, Profile("one", {**EXAMPLES[before], "region": "eu-west-1", "team": "x"}))
        register(store, Profile("one", EXAMPLES[after]))
        expected = {**EXAMPLES[after], "region": "eu-west-1", "team": "x"}
        assert contents(store) == {"one": expected}

    def test_profiles_are_listed_in_the_order_they_came(self, store: ProfileStore) -> None:
        for name in ("zeta", "alpha", "mid"):
            register(store, Profile(name, _KEYS))
        assert [profile.name for profile in store.profiles()] == ["zeta", "alpha", "mid"]

    def test_names_differ_by_case_or_do_not(self, store: ProfileStore) -> None:
        register(store, Profile("one", {"region": "eu-west-1"}))
        register(store, Profile("One", {"region": "eu-west-2"}))
        if self.ignores_case:
            assert contents(store) == {"one": {"region": "eu-west-2"}}
            assert store.find("ONE").name == "one"
        else:
            first, second = {"region": "eu-west-1"}, {"region": "eu-west-2"}
            assert contents(store) == {"one": first, "One": second}

    def test_a_region_alone_leaves_the_keys(self, store: ProfileStore) -> None:
        register(store, Profile("one", _KEYS))
        register(store, Profile("one", {"region": "eu-west-1"}))
        assert contents(store) == {"one": {**_KEYS, "region": "eu-west-1"}}

    def test_a_region_without_a_type_is_stored(self, store: ProfileStore) -> None:
        register(store, Profile("one", {"region": "eu-west-1"}))
        assert store.find("one").type is None
        assert contents(store) == {"one": {"region": "eu-west-1"}}

    def test_unknown_settings_are_stored(self, store: ProfileStore) -> None:
        unknown = {"team": "blue", "my_password": "contract of all", "x-y/z": "1"}
        register(store, Profile("one", {**_KEYS, **unknown}))
        register(store, Profile("one", {"region": "eu-west-1"}))
        assert contents(store) == {"one": {**_KEYS, **unknown, "region": "eu-west-1"}}

    def test_a_change_sees_the_profile_and_unsets(self, store: ProfileStore) -> None:
        register(store, Profile("one", {**_KEYS, "region": "eu-west-1"}))

        def changes(current: Profile | None) -> dict[str, str | None]:
            assert current is not None
            return {"region": None, "output": current.region}

        store.change("one", changes)
        assert contents(store) == {"one": {**_KEYS, "output": "eu-west-1"}}

    def test_a_change_of_nothing_makes_no_profile(self, store: ProfileStore) -> None:
        def changes(current: Profile | None) -> dict[str, None]:
            assert current is None
            return {"region": None}

        store.change("one", changes)
        assert store.profiles() == []

    def test_one_profile_changes_and_no_other(self, store: ProfileStore) -> None:
        register(store, Profile("one", _KEYS))
        register(store, Profile("two", EXAMPLES["Session"]))
        register(store, Profile("one", EXAMPLES["SSO"]))
        store.unregister("one")
        assert contents(store) == {"two": EXAMPLES["Session"]}

    def test_what_is_removed_is_gone(self, store: ProfileStore) -> None:
        register(store, Profile("one", _KEYS))
        store.unregister("one")
        assert store.profiles() == []

    def test_an_unknown_name_is_met_with_near_ones(self, store: ProfileStore) -> None:
        register(store, Profile("production", _KEYS))
        before = contents(store)
        for call in (
            lambda: store.find("prodction"),
            lambda: store.unregister("prodction"),
            lambda: store.rename("prodction", "other"),
            lambda: store.copy("prodction", "other"),
        ):
            with pytest.raises(ProfileNotFound) as caught:
                call()
            assert "`production`" in (caught.value.hint or "")
        assert contents(store) == before

    def test_rename(self, store: ProfileStore) -> None:
        register(store, Profile("one", EXAMPLES["Session"]))
        store.rename("one", "two")
        assert contents(store) == {"two": EXAMPLES["Session"]}

    def test_copy(self, store: ProfileStore) -> None:
        register(store, Profile("one", EXAMPLES["AssumeRole"]))
        store.copy("one", "two")
        register(store, Profile("one", EXAMPLES["Session"]))
        assert contents(store) == {"one": EXAMPLES["Session"], "two": EXAMPLES["AssumeRole"]}

    @pytest.mark.parametrize("verb", ["rename", "copy"])
    def test_a_name_that_is_taken_needs_force(self, store: ProfileStore, verb: str) -> None:
        register(store, Profile("one", EXAMPLES["Session"]))
        register(store, Profile("two", EXAMPLES["SSO"]))
        before = contents(store)
        with pytest.raises(ProfileInvalid, match="`two`"):
            getattr(store, verb)("one", "two")
        assert contents(store) == before
        getattr(store, verb)("one", "two", force=True)
        expected = {"two": EXAMPLES["Session"]}
        if verb == "copy":
            expected["one"] = EXAMPLES["Session"]
        assert contents(store) == expected

    @pytest.mark.parametrize("verb", ["rename", "copy"])
    @pytest.mark.parametrize("force", [False, True])
    def test_same_name_changes_nothing(self, store: ProfileStore, verb: str, force: bool) -> None:
        register(store, Profile("one", _KEYS))
        getattr(store, verb)("one", "one", force=force)
        assert contents(store) == {"one": _KEYS}

    @pytest.mark.parametrize("bad", [*_INJECTIONS, "", " a", "a ", "a]b", "[a"], ids=ascii)
    def test_names_that_cannot_be_read_back_are_refused(
        self, store: ProfileStore, bad: str
    ) -> None:
        register(store, Profile("one", _KEYS))
        before = contents(store)
        with pytest.raises(ProfileInvalid):
            register(store, Profile(bad, _KEYS))
        with pytest.raises(ProfileInvalid):
            store.rename("one", bad)
        with pytest.raises(ProfileInvalid):
            store.copy("one", bad)
        assert contents(store) == before

    @pytest.mark.parametrize("bad", [*_INJECTIONS, "a]b", "a b", "a=b"], ids=ascii)
    def test_setting_names_that_cannot_be_read_back_are_refused(
        self, store: ProfileStore, bad: str
    ) -> None:
        register(store, Profile("one", _KEYS))
        before = contents(store)
        with pytest.raises(ProfileInvalid):
            store.change("one", lambda _: {"region": "eu-west-1", bad: "x"})
        assert contents(store) == before

    @pytest.mark.parametrize(
        ("key", "bad"),
        [
            *(("region", text) for text in _INJECTIONS),
            *(("any", text) for text in _INJECTIONS),
            *(("aws_secret_access_key", f"{_SECRETS[0]}{text}") for text in _INJECTIONS),
            ("aws_secret_access_key", f"{_SECRETS[0]}]"),
            ("aws_secret_access_key", f"{_SECRETS[0]} x"),
            ("region", "x]"),
            ("any", "a # b"),
            ("any", " a"),
        ],
        ids=ascii,
    )
    def test_values_that_cannot_be_read_back_are_refused(
        self, store: ProfileStore, key: str, bad: str
    ) -> None:
        register(store, Profile("one", _KEYS))
        before = contents(store)
        with pytest.raises(ProfileInvalid, match=f"`{key}`") as caught:
            store.change("one", lambda _: {"output": "json", key: bad})
        assert _SECRETS[0] not in str(caught.value)
        assert contents(store) == before

    @pytest.mark.parametrize(
        ("named", "settings"),
        [
            ("aws_secret_access_key", {"aws_access_key_id": "AKIDCONTRACTEXAMPLE"}),
            ("source_profile", _ROLE),
            ("external_id", {**_KEYS, "external_id": "third-party"}),
            ("credential_process", {**_KEYS, "credential_process": "/opt/helper"}),
        ],
    )
    def test_settings_that_make_no_type_are_refused(
        self, store: ProfileStore, named: str, settings: Mapping[str, str]
    ) -> None:
        register(store, Profile("one", EXAMPLES["SSO"]))
        before = contents(store)
        for name in ("one", "two"):
            with pytest.raises(ProfileInvalid, match=f"`{named}`"):
                register(store, Profile(name, settings))
        assert contents(store) == before

    def test_secrets_show_in_no_text_form(self, store: ProfileStore) -> None:
        register(store, Profile("one", EXAMPLES["Session"]))
        found = store.find("one")
        shown = [found, *store.profiles(), *found.settings.values(), dict(found.settings), store]
        for value in shown:
            for text in (repr(value), str(value), f"{value}", f"{value!s:>40}"):
                assert not any(secret in text for secret in _SECRETS)
        for key in ("aws_secret_access_key", "aws_session_token"):
            assert isinstance(found.settings[key], Secret)


class ProtectorContract:
    """The suite. A subclass has a fixture ``protector``."""

    DATA_KEY = bytes(range(32))
    STORE = StoreRef("00112233-4455-4677-8899-aabbccddeeff", Path("store.json"))
    OTHER = StoreRef("99999999-4455-4677-8899-aabbccddeeff", Path("store.json"))

    @pytest.fixture
    def protector(self) -> Protector:
        """A protector that does not ask."""
        raise NotImplementedError("the subclass makes the protector")

    def test_what_is_wrapped_is_unwrapped(self, protector: Protector) -> None:
        record = protector.wrap(self.DATA_KEY, self.STORE)
        assert protector.unwrap(record, self.STORE) == self.DATA_KEY

    def test_a_record_is_one_line_of_its_kind(self, protector: Protector) -> None:
        record = protector.wrap(self.DATA_KEY, self.STORE)
        assert kind_of(record) == protector.kind
        assert record.isprintable()
        assert record.isascii()

    def test_nothing_shows_the_data_key(self, protector: Protector) -> None:
        record = protector.wrap(self.DATA_KEY, self.STORE)
        shown = f"{record} {protector.describe(record)} {protector!r}"
        assert self.DATA_KEY.hex()[8:24] not in shown.lower()

    def test_each_record_is_another(self, protector: Protector) -> None:
        records = [protector.wrap(self.DATA_KEY, self.STORE) for _ in range(2)]
        assert records[0] != records[1]
        assert [protector.unwrap(r, self.STORE) for r in records] == [self.DATA_KEY] * 2

    def test_a_record_is_for_its_store(self, protector: Protector) -> None:
        record = protector.wrap(self.DATA_KEY, self.STORE)
        with pytest.raises((StoreCorrupt, StoreUnavailable)):
            protector.unwrap(record, self.OTHER)

    def test_a_new_data_key_is_wrapped_the_same_way(self, protector: Protector) -> None:
        old = protector.wrap(self.DATA_KEY, self.STORE)
        new = protector.rewrap(old, self.DATA_KEY[::-1], self.STORE)
        assert protector.unwrap(new, self.STORE) == self.DATA_KEY[::-1]
        assert protector.unwrap(old, self.STORE) == self.DATA_KEY

    def test_no_letter_of_a_record_can_change(self, protector: Protector) -> None:
        record = protector.wrap(self.DATA_KEY, self.STORE)
        for at in range(len(protector.kind), len(record)):
            other = "1" if record[at] == "0" else "0"
            with pytest.raises((StoreCorrupt, StoreUnavailable)):
                protector.unwrap(record[:at] + other + record[at + 1 :], self.STORE)

    @pytest.mark.parametrize("cut", range(1, 60, 7))
    def test_a_record_that_is_cut_is_refused(self, protector: Protector, cut: int) -> None:
        record = protector.wrap(self.DATA_KEY, self.STORE)
        for broken in (record[:-cut], record + "0" * cut, record[:-cut] + " " + record[-cut:]):
            with pytest.raises((StoreCorrupt, StoreUnavailable)):
                protector.unwrap(broken, self.STORE)


class StandInDpapi:
    """A replacement of Windows' data protection for tests: strict, without any protection."""

    def protect(self, data: bytes) -> bytes:
        """``data`` with a tag that detects changes."""
        salted = os.urandom(8) + data
        return hashlib.sha256(salted).digest() + salted[::-1]

    def unprotect(self, blob: bytes) -> bytes:
        """Reverts `protect`. Raises `StoreUnavailable` as Windows' does."""
        salted = blob[:31:-1]
        if hashlib.sha256(salted).digest() != blob[:32]:
            raise StoreUnavailable("Windows could not open it (error 13)")
        return salted[8:]


class MemoryKeyring(Keyring):
    """A keyring for tests whose entries are the dictionary ``entries``."""

    name = "memory"

    def __init__(self, entries: dict[str, str] | None = None) -> None:
        self.entries = {} if entries is None else entries

    def get(self, account: str) -> str | None:
        """The entry of ``account``."""
        return self.entries.get(account)

    def set(self, account: str, secret: str) -> None:
        """Stores the entry."""
        self.entries[account] = secret

    def delete(self, account: str) -> None:
        """Deletes the entry, if there is one."""
        self.entries.pop(account, None)
