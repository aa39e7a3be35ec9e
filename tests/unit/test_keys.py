"""The keys that a terminal sends, from bytes that may come in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keystead.pick.keys import TEXT, Key, KeyDecoder

KEYS = {
    b"a": [Key(TEXT, "a")],
    "é東🎉".encode(): [Key(TEXT, "é東🎉")],
    b"\x1b[A": [Key("up")],
    b"\x1bOB": [Key("down")],
    b"\x1b[1;5C": [Key("right")],
    b"\x1b[3~": [Key("delete")],
    b"\x1b[5~\x1b[6~": [Key("page-up"), Key("page-down")],
    b"\r": [Key("enter")],
    b"\x7f": [Key("backspace")],
    b"\x03": [Key("cancel")],
    b"\x1a": [Key("suspend")],
    b"\x1b\x7f": [Key("delete-word")],
    b"\x1b\x1b[A": [Key("cancel"), Key("up")],
    b"\x1bx": [],
    b"\x1b[99z": [],
    b"\x1b[I": [],
    b"\x00": [],
    b"\xff": [Key(TEXT, "\ufffd")],
    b"\x1b[200~prod admin\x1b[201~": [Key(TEXT, "prod admin")],
    b"\x1b[200~one\r\ntwo\x1b[A\x03\x1b[201~x": [Key(TEXT, "one two[A"), Key(TEXT, "x")],
    b"\x1b[200~\x1b[201~": [],
}


def joined(keys: list[Key]) -> list[Key]:
    """The keys with neighbouring texts as one."""
    found: list[Key] = []
    for key in keys:
        if key.name == TEXT and found and found[-1].name == TEXT:
            found[-1] = Key(TEXT, found[-1].text + key.text)
        else:
            found.append(key)
    return found


@pytest.mark.parametrize("data", KEYS, ids=repr)
def test_keys(data: bytes) -> None:
    assert KeyDecoder().feed(data) == KEYS[data]


@given(st.lists(st.sampled_from([*KEYS]), max_size=6), st.data())
def test_bytes_may_come_in_any_pieces(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    decoder, found = KeyDecoder(), list[Key]()
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        found += decoder.feed(whole[:size])
        whole = whole[size:]
    assert joined(found) == joined(KeyDecoder().feed(b"".join(parts)))


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error_or_wait_for_ever(data: bytes) -> None:
    decoder = KeyDecoder()
    for key in decoder.feed(data):
        assert key.name != TEXT or not {*"\x1b\x00\r\n\x7f"} & {*key.text}
    decoder.give_up()
    if b"\x1b[200~" not in data:
        assert not decoder.is_waiting


def test_a_pause_separates_the_escape_key_from_a_sequence() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.is_waiting
    assert decoder.give_up() == [Key("cancel")]
    assert decoder.feed(b"[A") == [Key(TEXT, "[A")]


def test_a_paste_without_an_end_is_bounded() -> None:
    decoder = KeyDecoder()
    decoder.feed(b"\x1b[200~")
    for _ in range(100):
        assert decoder.feed(b"a" * 4096) == []
    (key,) = decoder.feed(b"\x1b[201~")
    assert len(key.text) == 65536
