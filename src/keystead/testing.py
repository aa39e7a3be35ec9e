"""What every store must do, as a suite of tests that each store's own tests inherit.

::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            return MyStore(tmp_path / "profiles")

It needs pytest, which keystead itself does not depend on. Nothing of it depends on one store:
names are such that the shared files take them too.
"""

# ruff: noqa: S101, D102  # tests assert, and their names say what they check

from __future__ import annotations

from collections.abc import Mapping

import pytest

from keystead.errors import ProfileInvalid, ProfileNotFound
from keystead.model.profile import TYPES, Profile
from keystead.secret import Secret, reveal
from keystead.stores.base import ProfileStore, register

_SECRETS = ("contract/secret+key/8sVq2LmT", "contract//session+token/3wXz==")
_KEYS = {"aws_access_key_id": "AKIDCONTRACTEXAMPLE", "aws_secret_access_key": _SECRETS[0]}
_ROLE = {"role_arn": "arn:aws:iam::123456789012:role/team/reader"}

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "Basic": _KEYS,
    "Session": {**_KEYS, "aws_session_token": _SECRETS[1]},
    "AssumeRole": {
        **_ROLE,
        "source_profile": "base",
        "external_id": "third=party:4",
        "mfa_serial": "arn:aws:iam::123456789012:mfa/somebody",
        "role_session_name": "nightly@work",
        "duration_seconds": "3600",
    },
    "AssumeRoleCredentialSource": {**_ROLE, "credential_source": "Ec2InstanceMetadata"},
    "AssumeRoleWithWebIdentity": {**_ROLE, "web_identity_token_file": "/run/token file"},
    "SSO": {
        "sso_account_id": "123456789012",
        "sso_role_name": "Reader",
        "sso_region": "eu-west-1",
        "sso_start_url": "https://example.awsapps.com/start",
    },
    "CredentialProcess": {"credential_process": '/opt/helper --name "a b"'},
    "Login": {"login_session": "arn:aws:iam::123456789012:user/somebody"},
}
"""A profile of every type."""

_INJECTIONS = ("a\nb", "a\rb", "a\x00b", "a\x1bb", "a\x85b", "a\u2028b")


def contents(store: ProfileStore) -> dict[str, dict[str, str]]:
    """All that the store keeps, with secrets revealed."""
    return {
        profile.name: {
            key: str(dict(value)) if isinstance(value, Mapping) else reveal(value)
            for key, value in profile.settings.items()
        }
        for profile in store.profiles()
    }


class StoreContract:
    """The suite. A subclass gives a fixture ``store`` that makes an empty store."""

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

    def test_names_differ_by_case(self, store: ProfileStore) -> None:
        register(store, Profile("one", {"region": "eu-west-1"}))
        register(store, Profile("One", {"region": "eu-west-2"}))
        assert contents(store) == {"one": {"region": "eu-west-1"}, "One": {"region": "eu-west-2"}}

    def test_a_region_alone_leaves_the_keys(self, store: ProfileStore) -> None:
        register(store, Profile("one", _KEYS))
        register(store, Profile("one", {"region": "eu-west-1"}))
        assert contents(store) == {"one": {**_KEYS, "region": "eu-west-1"}}

    def test_a_region_alone_is_no_type_and_is_kept(self, store: ProfileStore) -> None:
        register(store, Profile("one", {"region": "eu-west-1"}))
        assert store.find("one").type is None
        assert contents(store) == {"one": {"region": "eu-west-1"}}

    def test_unknown_settings_are_kept(self, store: ProfileStore) -> None:
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
    def test_the_same_name_is_no_change(self, store: ProfileStore, verb: str, force: bool) -> None:
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
            ("mfa_serial", {**_KEYS, "mfa_serial": "arn:aws:iam::123456789012:mfa/somebody"}),
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
