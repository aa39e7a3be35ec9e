"""Encryption and MACs: what they bind, what they refuse, and the vectors of the specification."""

import base64
import json
import re
from pathlib import Path

import pytest

from keystead import crypto
from keystead.crypto import DataKey, IntegrityError, bind, canonical, canonical_members
from keystead.stores.encrypted import layout
from keystead.stores.encrypted.protectors import (
    Argon2Cost,
    KeyfileProtector,
    KeyringProtector,
    PassphraseProtector,
    StoreRef,
)
from keystead.system import Keyring, System
from tests import decoder

PAGE = (Path(__file__).parents[2] / "docs" / "encrypted-store.md").read_text(encoding="utf-8")
[VECTORS, EXAMPLE] = re.findall(r"^```(?:text|json)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
V = dict(line.split(" = ", 1) for line in VECTORS.splitlines() if line)

KEY = DataKey("00112233-4455-4677-8899-aabbccddeeff", bytes(range(32)))
GUID = "12345678-9abc-4def-8123-456789abcdef"
NONCE = bytes(12)


def test_specification_page_has_all_vectors() -> None:
    assert len(V) == 31


def test_vectors_of_value_encryption() -> None:
    key = DataKey(V["StoreId"], bytes.fromhex(V["data key"]))
    assert key._values_key.hex().upper() == V["values key"]
    assert key._file_key.hex().upper() == V["file key"]
    binding = bind("keystead/1 value", V["StoreId"], V["GUID"], V["key"])
    assert binding.hex().upper() == V["value binding"]
    nonce = bytes.fromhex(V["nonce"])
    assert key.seal_value(V["GUID"], V["key"], V["value"], nonce) == V["sealed value"]
    assert key.open_value(V["GUID"], V["key"], V["sealed value"]) == V["value"]


def test_the_id_of_a_new_store_comes_from_its_key() -> None:
    assert layout.store_id_of(bytes.fromhex(V["data key"])) == V["StoreId of a new store"]


def test_vectors_of_a_passphrase(tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(V["passphrase"] + "\n")
    system = System(environ={"KEYSTEAD_PASSPHRASE_FILE": str(passphrase)})
    random = {16: bytes.fromhex(V["salt"]), 12: bytes.fromhex(V["wrapping nonce"])}
    cost = Argon2Cost(memory=8192, passes=1, lanes=1)
    protector = PassphraseProtector(system, cost=cost, random_bytes=random.__getitem__)

    record = protector.wrap(bytes.fromhex(V["data key"]), StoreRef(V["StoreId"], tmp_path))

    assert record == f"{V['record up to key']} key={V['wrapped data key']}"
    wrapping = cost.derive(V["passphrase"].encode(), bytes.fromhex(V["salt"]))
    assert wrapping.hex().upper() == V["wrapping key"]


def test_vectors_of_a_key_file(tmp_path: Path) -> None:
    record = V["keyfile record"]
    salt = re.findall("salt=([0-9A-F]+)", record)[0]
    wrapping = crypto.hkdf(
        V["content of the key file"].encode(), bytes.fromhex(salt), "keystead/1 keyfile"
    )
    assert wrapping.hex().upper() == V["keyfile wrapping key"]
    file = tmp_path / "store.key"
    file.touch(mode=0o600)
    file.write_text(V["content of the key file"] + "\n")
    protector = KeyfileProtector(System({"KEYSTEAD_KEY_FILE": str(file)}))
    data_key = protector.unwrap(record, StoreRef(V["StoreId"], tmp_path))
    assert data_key == bytes.fromhex(V["data key"])
    assert V["keyfile wrapping nonce"] in record


@pytest.mark.usefixtures("system_keyring")
def test_vectors_of_a_keyring(tmp_path: Path) -> None:
    Keyring().set(V["keyring account"], V["keyring wrapping key"])
    data_key = KeyringProtector(System({})).unwrap(
        V["keyring record"], StoreRef(V["StoreId"], tmp_path)
    )
    assert data_key == bytes.fromhex(V["data key"])
    assert V["keyring wrapping nonce"] in V["keyring record"]


def test_vectors_of_an_envelope() -> None:
    key = DataKey(V["StoreId"], bytes.fromhex(V["data key"]))
    assert key.envelope_key.hex().upper() == V["envelope key"]
    assert key.sessions_key.hex().upper() == V["sessions key"]
    assert key.recipient.hex().upper() == V["Recipient"]
    head, _, content = V["envelope of abc"].rpartition(" ")
    assert head == f"{key.recipient.hex()} {once_public()}"
    opening = crypto.agreed_key(
        key.envelope_key, bytes.fromhex(once_public()), "keystead/1 envelope"
    )
    nonce = bytes.fromhex(V["envelope nonce"])
    sealed = crypto.seal_bytes(opening, b"abc", bind("keystead/1 envelope", head), nonce)
    assert base64.b64encode(sealed).decode() == content


def once_public() -> str:
    return crypto.public_key(bytes.fromhex(V["envelope private key"])).hex()


def test_the_example_is_what_keystead_writes() -> None:
    data = EXAMPLE.encode()
    example = layout.parse(data, "example")
    assert example.render() == data
    assert example.protectors == (f"{V['record up to key']} key={V['wrapped data key']}",)
    key = DataKey(V["StoreId"], bytes.fromhex(V["data key"]))
    key.check(example.canonical_members, example.mac)
    sealed = key.seal_value(
        V["GUID"], "AWSAccessKey", "AKIAIOSFODNN7EXAMPLE", bytes.fromhex("0C0D0E0F1011121314151617")
    )
    assert example.entries[V["GUID"]]["AWSAccessKey"] == sealed


def test_the_decoder_opens_the_example() -> None:
    assert decoder.decode(EXAMPLE.encode(), V["passphrase"].encode()) == {
        V["GUID"]: {
            "DisplayName": "zürich",
            "ProfileType": "AWS",
            "AWSAccessKey": "AKIAIOSFODNN7EXAMPLE",
            "AWSSecretKey": "abc",
            "Region": "eu-central-2",
        }
    }


def test_the_table_of_settings_on_the_page_is_the_one_in_the_code() -> None:
    rows = re.findall(
        r"^\| (`[a-z0-9_`, ]+`|any other) \| (.+?) \| ?(.*?) ?\|$", PAGE, re.MULTILINE
    )
    told = {}
    for names, key, sealed in rows:
        for name in re.findall(r"`([a-z0-9_]+)`", names):
            told[name] = (name if key == "the same name" else key.strip("`"), sealed == "yes")
    keys = {name: layout.key_of(name) for name in layout.SETTINGS}
    coded = {name: (key, layout.is_sealed(key)) for name, key in keys.items()}
    assert told.items() <= coded.items()
    # Except what the last row covers: stored under its own name and not encrypted.
    assert all(coded[name] == (name, False) for name in coded.keys() - told.keys())


def test_different_parts_bind_differently() -> None:
    lists = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        ("", "abc"),
        ("abc", ""),
        ("a", "b", "c"),
        ("äb", "c"),
    ]
    assert len({bind(*parts) for parts in lists}) == len(lists)
    assert bind("ä", "") == b"\x00\x00\x00\x02\xc3\xa4\x00\x00\x00\x00"


def test_value_opens_only_in_its_place() -> None:
    sealed = KEY.seal_value(GUID, "AWSSecretKey", "a value", NONCE)
    assert KEY.open_value(GUID, "AWSSecretKey", sealed) == "a value"
    elsewhere = [
        (KEY, GUID, "SessionToken"),
        (KEY, GUID.replace("1", "2"), "AWSSecretKey"),
        (KEY, GUID.upper(), "AWSSecretKey"),
        (DataKey(KEY.store_id, bytes(32)), GUID, "AWSSecretKey"),
        (DataKey(GUID, KEY.raw), GUID, "AWSSecretKey"),
    ]
    for key, guid, name in elsewhere:
        with pytest.raises(IntegrityError):
            key.open_value(guid, name, sealed)


@pytest.mark.parametrize(
    "spoil",
    [
        str.lower,
        lambda s: s[:-2],
        lambda s: s[:-1],
        lambda s: s + "00",
        lambda s: "00" + s,
        lambda s: s + " ",
        lambda s: s[:54],
        lambda s: "",
        lambda s: "not hex",
        lambda s: s.replace("0", "\N{FULLWIDTH DIGIT ZERO}"),
    ],
)
def test_altered_value_is_refused(spoil) -> None:
    sealed = KEY.seal_value(GUID, "AWSSecretKey", "a value", NONCE)
    with pytest.raises(IntegrityError):
        KEY.open_value(GUID, "AWSSecretKey", spoil(sealed))


def test_plaintext_that_is_not_utf8_is_refused() -> None:
    sealed = crypto.seal(KEY._values_key, b"\xff", KEY._binding(GUID, "AWSSecretKey"), NONCE)
    with pytest.raises(IntegrityError):
        KEY.open_value(GUID, "AWSSecretKey", sealed)


def test_the_canonical_form() -> None:
    content = {"b": {"y": 'a"\\ /', "x": "zürich"}, "a": {}}
    made = canonical(canonical_members(content))
    assert made == '{"a":{},"b":{"x":"zürich","y":"a\\"\\\\ /"}}'.encode()
    assert made == decoder.canonical(content)
    assert json.loads(made) == content


def test_mac_over_the_file() -> None:
    content = {"keystead": {"Format": "1"}, GUID: {"Region": "eu-west-1"}}
    members = canonical_members(content)
    mac = KEY.mac(members)
    KEY.check(members, mac)
    no_header = {GUID: content[GUID]}
    for other in (no_header, {**content, "x": {}}, {**content, GUID: {"Region": "eu-west-2"}}):
        with pytest.raises(IntegrityError):
            KEY.check(canonical_members(other), mac)
    for other in (mac.lower(), mac[:-1], mac + " ", "", "ä"):
        with pytest.raises(IntegrityError):
            KEY.check(members, other)


def test_repr_shows_no_key() -> None:
    assert KEY.raw.hex() not in repr(KEY)
    assert repr(KEY) == f"DataKey(store_id='{KEY.store_id}')"
