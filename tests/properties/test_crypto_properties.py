"""Encrypted values and stores: what was encrypted decrypts, and nothing else does."""

import itertools
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.crypto import (
    DataKey,
    IntegrityError,
    bind,
    canonical,
    canonical_members,
    seal,
    unseal,
)
from keystead.errors import StoreCorrupt, StoreUnavailable
from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.layout import Accounts, parse
from keystead.stores.encrypted.protectors import Argon2Cost, PassphraseProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System
from keystead.testing import contents
from keystead.value import replace
from tests import decoder
from tests.effort import amount

KEY = DataKey("00112233-4455-4677-8899-aabbccddeeff", bytes(range(32)))
GUID = "12345678-9abc-4def-8123-456789abcdef"

plain_text = st.text(st.characters(exclude_categories=["Cs"]))
storable = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))
keys = st.binary(min_size=32, max_size=32)
nonces = st.binary(min_size=12, max_size=12)
guids = st.uuids().map(str)


@given(keys, st.binary(), st.binary(), nonces)
def test_encrypted_value_round_trips(
    key: bytes, plain: bytes, binding: bytes, nonce: bytes
) -> None:
    sealed = seal(key, plain, binding, nonce)
    assert unseal(key, sealed, binding) == plain
    assert len(sealed) == 2 * (12 + len(plain) + 16)


@given(st.builds(DataKey, guids, keys), guids, plain_text, plain_text, nonces)
def test_values_open_and_the_decoder_agrees(
    key: DataKey, guid: str, name: str, text: str, nonce: bytes
) -> None:
    sealed = key.seal_value(guid, name, text, nonce)
    assert key.open_value(guid, name, sealed) == text
    values_key = decoder.hkdf(key.raw, key.store_id, b"keystead/1 values")
    binding = decoder.bind("keystead/1 value", key.store_id, guid, name)
    assert decoder.decrypt(values_key, sealed, binding).decode() == text


@given(st.lists(plain_text), st.lists(plain_text))
def test_different_parts_bind_differently(one: list[str], two: list[str]) -> None:
    assert (bind(*one) == bind(*two)) == (one == two)


members = st.dictionaries(storable, st.dictionaries(storable, storable), min_size=1)


@given(members)
def test_canonical_form_is_unambiguous(content: dict[str, dict[str, str]]) -> None:
    data = canonical(canonical_members(content))
    assert json.loads(data) == content
    turned = {name: content[name] for name in reversed(content)}
    assert data == canonical(canonical_members(turned))
    assert data == decoder.canonical(content)


entries = st.dictionaries(
    st.sampled_from("abcdef"), st.dictionaries(storable, storable, min_size=1)
)


@given(entries, entries, st.sets(st.sampled_from("abcdef")))
def test_the_mac_of_the_next_version_covers_what_is_written(
    before: dict[str, dict[str, str]], changes: dict[str, dict[str, str]], removed: set[str]
) -> None:
    old = replace(Accounts.new(KEY.store_id, bytes(32), "keyfile").signed("00"), entries=before)
    assert old.canonical_members.keys() == {"keystead", *before}  # they are cached now
    left = {name: entry for name, entry in before.items() if name not in removed}
    following = old.next({**left, **changes})
    written = json.loads(following.signed("00").render())
    del written["keystead"]["Mac"]
    assert canonical(following.canonical_members) == decoder.canonical(written)


def flips(data: bytes):
    for place, bit in itertools.product(range(len(data)), range(8)):
        yield data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def test_every_flipped_bit_of_an_encrypted_value_is_refused() -> None:
    sealed = KEY.seal_value(GUID, "AWSSecretKey", "a small value", bytes(12))
    raw = bytes.fromhex(sealed)
    spoilt = [data.hex().upper() for data in flips(raw)]
    spoilt += [data.decode("latin-1") for data in flips(sealed.encode())]
    assert len(spoilt) == 8 * 3 * len(raw)
    for text in spoilt:
        with pytest.raises(IntegrityError):
            KEY.open_value(GUID, "AWSSecretKey", text)


def test_any_two_values_swapped_are_refused() -> None:
    places = list(
        itertools.product(
            [GUID, GUID.replace("1", "2")], ["AWSAccessKey", "AWSSecretKey", "ExternalId"]
        )
    )
    sealed = {
        place: KEY.seal_value(*place, "the same text", bytes([number] * 12))
        for number, place in enumerate(places)
    }
    for one, two in itertools.permutations(places, 2):
        with pytest.raises(IntegrityError):
            KEY.open_value(*one, sealed[two])


def small_store(tmp_path: Path) -> tuple[System, Path]:
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("a passphrase")
    environ = {
        "HOME": str(tmp_path),
        "KEYSTEAD_HOME": str(tmp_path / "keystead"),
        "KEYSTEAD_PASSPHRASE_FILE": str(passphrase),
    }
    system = System(environ=environ)
    cheap = Argon2Cost(memory=8192, passes=1, lanes=1)
    store = EncryptedStore(system, protector=PassphraseProtector(system, cost=cheap))
    settings = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "x", "region": "eu-west-1"}
    register(store, Profile("zürich", settings))
    return system, store.path


def test_every_flipped_bit_of_an_open_store_is_refused(tmp_path: Path) -> None:
    system, path = small_store(tmp_path)
    data = path.read_bytes()
    store = EncryptedStore(system)
    assert contents(store)  # unlocks it
    with open(path, "r+b", buffering=0) as file:
        for spoilt in itertools.islice(flips(data), 0, None, amount(short=7, full=1)):
            os.pwrite(file.fileno(), spoilt, 0)
            with pytest.raises((StoreCorrupt, StoreUnavailable)):
                contents(store)
        os.pwrite(file.fileno(), data, 0)
    assert contents(store)


def test_every_flipped_bit_is_refused_when_a_value_is_revealed(tmp_path: Path) -> None:
    system, path = small_store(tmp_path)
    data = path.read_bytes()
    record = parse(data, "f").protectors[0].encode()
    start, end = data.index(record), data.index(record) + len(record)
    for number, spoilt in enumerate(flips(data)):
        # In the record each bit has its turn above; here every 97th keeps the test short, and
        # elsewhere every 17th, because each one needs the passphrase again.
        if number % (97 if start <= number // 8 < end else 17):
            continue
        path.write_bytes(spoilt)
        with pytest.raises((StoreCorrupt, StoreUnavailable)):
            contents(EncryptedStore(system))


def test_any_two_values_of_a_file_swapped_are_refused(tmp_path: Path) -> None:
    system, path = small_store(tmp_path)
    data = path.read_bytes()
    store = EncryptedStore(system)
    places = [(m, key) for m, entry in json.loads(data).items() for key in entry]
    for (one, first), (two, second) in itertools.combinations(places, 2):
        whole = json.loads(data)
        whole[one][first], whole[two][second] = whole[two][second], whole[one][first]
        if whole == json.loads(data):  # format and counter may be the same number
            continue
        path.write_text(json.dumps(whole))
        with pytest.raises((StoreCorrupt, StoreUnavailable)):
            contents(store)
