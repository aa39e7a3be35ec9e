"""Protectors: the passphrase, where it comes from, and what a record may ask for."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from keystead.errors import (
    InteractionRequired,
    StoreCorrupt,
    StoreUnavailable,
    WrongPassphrase,
)
from keystead.prompts import Prompts
from keystead.stores.encrypted.protectors import (
    Argon2Cost,
    PassphraseProtector,
    PassphraseSource,
    StoreRef,
    kind_of,
    open_data_key,
)
from keystead.system import System, Terminal
from tests.canaries import PASSPHRASE

STORE = StoreRef("00112233-4455-4677-8899-aabbccddeeff", Path("store.json"))
CHEAP = Argon2Cost(memory=8192, passes=1, lanes=1)
DATA_KEY = bytes(range(32))
FILE = "KEYSTEAD_PASSPHRASE_FILE"


class Person(Terminal):
    """A user at a terminal who types these answers."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []
        self.told: list[str] = []

    def ask_secret(self, question: str, *, hint: str) -> str:
        self.questions.append(question)
        return self.answers.pop(0)

    def tell(self, text: str) -> None:
        self.told.append(text)


class Nobody(Terminal):
    def available(self) -> bool:
        return False


def typing(*answers: str) -> System:
    return System(environ={}, terminal=Person(*answers))


def wrapped(passphrase: str = PASSPHRASE) -> str:
    system = typing(passphrase, passphrase)
    return PassphraseProtector(system, cost=CHEAP).wrap(DATA_KEY, STORE)


def unwrap(record: str, passphrase: str = PASSPHRASE, store: StoreRef = STORE) -> bytes:
    return PassphraseProtector(typing(*[passphrase] * 3)).unwrap(record, store)


def existing(source: PassphraseSource) -> bytes:
    return source.use(bytes)


def with_file(tmp_path: Path, content: bytes, mode: int = 0o600) -> System:
    path = tmp_path / "pass phrase"
    path.write_bytes(content)
    path.chmod(mode)
    return System(environ={FILE: str(path)}, terminal=Nobody())


def test_wrapped_key_is_unwrapped() -> None:
    record = wrapped()
    assert unwrap(record) == DATA_KEY
    assert record.startswith("passphrase argon2id m=8192 t=1 p=1 salt=")
    assert kind_of(record) == "passphrase"
    assert DATA_KEY.hex().upper() not in record


def test_each_record_has_fresh_random_values() -> None:
    assert wrapped() != wrapped()


def test_new_store_uses_the_specified_cost() -> None:
    record = PassphraseProtector(typing("four random words", "four random words")).wrap(
        DATA_KEY, STORE
    )
    assert record.startswith("passphrase argon2id m=65536 t=3 p=4 salt=")
    assert unwrap(record, "four random words") == DATA_KEY


def test_wrong_passphrase_error_says_nothing_else() -> None:
    record = wrapped()
    said = set()
    for wrong in ("x", PASSPHRASE[:-1], PASSPHRASE + " ", PASSPHRASE.upper()):
        with pytest.raises(StoreUnavailable) as caught:
            unwrap(record, wrong)
        said.add((str(caught.value), caught.value.hint))
    assert said == {
        (
            "store.json: the passphrase does not open the encrypted store",
            f"check the passphrase, or the file that {FILE} names",
        )
    }


def test_record_opens_only_for_its_store() -> None:
    other = StoreRef("99999999-4455-4677-8899-aabbccddeeff", STORE.path)
    with pytest.raises(StoreUnavailable):
        unwrap(wrapped(), store=other)


def test_parameters_are_authenticated() -> None:
    record = wrapped()
    for old, new in (("m=8192", "m=8193"), ("t=1", "t=2"), ("p=1", "p=2")):
        with pytest.raises(StoreUnavailable):
            unwrap(record.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("m=8192", "m=8191", "`m=8191` is not within its bounds of 8192 to 1048576"),
        ("m=8192", "m=1048577", "`m=1048577` is not within its bounds of 8192 to 1048576"),
        ("m=8192", "m=9999999999", "`m=9999999999` is not within its bounds"),
        ("t=1", "t=17", "`t=17` is not within its bounds of 1 to 16"),
        ("p=1", "p=17", "`p=17` is not within its bounds of 1 to 16"),
        ("salt=", "salt=" + "00" * 49, "a salt of 65 bytes is not within its bounds of 16 to 64"),
        ("m=8192", "m=99999999999", "malformed"),
        ("m=8192", "m=08192", "malformed"),
        ("m=8192", "m=\u0668192", "malformed"),
        ("t=1", "t=0", "malformed"),
        ("t=1", "t=-1", "malformed"),
        ("argon2id", "argon2i", "malformed"),
        ("salt=", "salt=0", "malformed"),
        (" key=", "  key=", "malformed"),
        (" key=", " key= ", "malformed"),
    ],
)
def test_records_are_validated_before_a_prompt(old: str, new: str, said: str) -> None:
    system = System(environ={}, terminal=Person())  # would fail if it were asked
    record = wrapped().replace(old, new, 1)
    with pytest.raises(StoreCorrupt, match="record of the passphrase") as caught:
        PassphraseProtector(system).unwrap(record, STORE)
    assert said in str(caught.value)
    assert str(caught.value).startswith("store.json: ")


def test_a_short_salt_and_lower_case_are_refused() -> None:
    head, _, key = wrapped().partition(" key=")
    for record in (f"{head[:-2]} key={key}", f"{head} key={key.lower()}", f"{head} key={key}\n"):
        with pytest.raises(StoreCorrupt):
            unwrap(record)


@pytest.mark.parametrize(
    "cost",
    [(8191, 1, 1), (1048577, 1, 1), (8192, 0, 1), (8192, 1, 0), (8192, 17, 1), (8192, 1, 17)],
)
def test_cost_out_of_bounds_is_refused(cost: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Argon2Cost(*cost)


def test_records_of_other_types_are_ignored() -> None:
    ours = wrapped()
    assert open_data_key(("tpm x", ours), STORE, typing(PASSPHRASE)) == (ours, DATA_KEY)
    with pytest.raises(StoreUnavailable, match="protected by `tpm`, `yubikey`, which"):
        open_data_key(("tpm x", "yubikey"), STORE, typing())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"two words\n", b"two words"),
        (b"two words", b"two words"),
        (b"two words\r\n", b"two words"),
        (b"two\nlines\n\n", b"two\nlines\n"),
        (b" blanks stay \n", b" blanks stay "),
        (b"\xff\x00 any bytes\r", b"\xff\x00 any bytes\r"),
    ],
)
def test_a_passphrase_from_a_file(tmp_path: Path, content: bytes, expected: bytes) -> None:
    source = PassphraseSource(with_file(tmp_path, content))
    assert (source.use(bytes), source.new()) == (expected, expected)


def test_passphrase_file_path_may_start_with_tilde(tmp_path: Path) -> None:
    with_file(tmp_path, b"x")
    system = System(environ={FILE: "~/pass phrase", "HOME": str(tmp_path)})
    assert PassphraseSource(system).use(bytes) == b"x"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(StoreUnavailable, match=f"{FILE} names a file that is empty"):
        PassphraseSource(with_file(tmp_path, content)).use(bytes)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    system = System(environ={FILE: str(tmp_path / "nothing")})
    with pytest.raises(StoreUnavailable, match=f"{FILE} names a file that does not exist"):
        PassphraseSource(system).new()


def test_passphrase_file_must_be_a_regular_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    system = System(environ={FILE: str(tmp_path)})
    with pytest.raises(StoreUnavailable, match=f"{FILE} names a file that cannot be read"):
        PassphraseSource(system).new()


@pytest.mark.posix("modes, owners and symbolic links")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    system = with_file(tmp_path, b"x", mode)
    with pytest.raises(StoreUnavailable, match="may be read or written by other users") as caught:
        PassphraseSource(system).use(bytes)
    assert caught.value.hint == f"run `chmod 600 '{tmp_path / 'pass phrase'}'`"


NEW = "four random words"


def test_old_passphrase_is_prompted_for_once_and_a_new_one_twice() -> None:
    person = Person("old", NEW, NEW)
    source = PassphraseSource(System(environ={}, terminal=person))
    assert (source.use(bytes), source.new()) == (b"old", NEW.encode())
    assert person.questions == [
        "passphrase of the encrypted store",
        "new passphrase for the encrypted store",
        "the same passphrase again",
    ]


def test_a_mistyped_new_passphrase_is_asked_again() -> None:
    person = Person(NEW, "two", "", NEW, NEW)
    assert PassphraseSource(System(environ={}, terminal=person)).new() == NEW.encode()
    assert person.told == [
        "keystead: the two passphrases differ; try again",
        "keystead: an empty passphrase protects nothing; try again",
    ]


def test_three_mistyped_new_passphrases_end_the_command() -> None:
    person = Person(*[NEW, "two"] * 3)
    with pytest.raises(WrongPassphrase, match="the two passphrases differ"):
        PassphraseSource(System(environ={}, terminal=person)).new()
    assert len(person.questions) == 6


def test_a_wrong_passphrase_is_asked_again_twice() -> None:
    record = wrapped()
    assert PassphraseProtector(typing("x", "", PASSPHRASE)).unwrap(record, STORE) == DATA_KEY
    person = Person(*"xyz", PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        PassphraseProtector(System(environ={}, terminal=person)).unwrap(record, STORE)
    assert len(person.questions) == 3


def test_wrong_passphrase_in_a_file_does_not_prompt(tmp_path: Path) -> None:
    system = replace(with_file(tmp_path, b"wrong"), terminal=Person(PASSPHRASE))
    with pytest.raises(WrongPassphrase):
        PassphraseProtector(system).unwrap(wrapped(), STORE)


def test_passphrase_is_used_as_the_terminal_sent_it() -> None:
    assert PassphraseSource(typing("zürich \udcff")).use(bytes) == b"z\xc3\xbcrich \xff"


def test_without_a_terminal_the_variable_is_named() -> None:
    source = PassphraseSource(System(environ={}, terminal=Nobody()))
    for ask in (lambda: existing(source), source.new):
        with pytest.raises(InteractionRequired) as caught:
            ask()
        assert FILE in (caught.value.hint or "")


@pytest.mark.parametrize("weak", ["abc", "x", "secret", "letmein", "passw0rd", "aaaaaaaa"])
def test_easily_guessed_new_passphrase_is_refused(tmp_path: Path, weak: str) -> None:
    warned: list[str] = []
    system = with_file(tmp_path, weak.encode())
    for answering in (
        system,
        System(environ={}, prompts=Prompts(passphrase=lambda _: weak)),
        System(environ={}, terminal=Person(*[weak] * 3)),
    ):
        with pytest.raises(WrongPassphrase, match="would be guessed at once"):
            PassphraseSource(answering).new()
        assert PassphraseSource(system).use(bytes) == weak.encode()
    accepting = replace(system, prompts=Prompts(accept_weak=True, warn=warned.append))
    assert PassphraseSource(accepting).new() == weak.encode()
    assert len(warned) == 1


@pytest.mark.parametrize(
    ("passphrase", "warnings"),
    [
        (b"opensesame", 1),
        (b"correct horse battery staple", 0),
        (hashlib.sha256(b"a key").digest(), 0),
        ("vier zuf\u00e4llige W\u00f6rter".encode(), 0),
        (b"a long one " * 1000, 0),
    ],
    ids=["weak", "words", "bytes", "letters of all scripts", "longer than the estimator takes"],
)
def test_a_weak_passphrase_is_warned_of(tmp_path: Path, passphrase: bytes, warnings: int) -> None:
    warned: list[str] = []
    system = replace(with_file(tmp_path, passphrase), prompts=Prompts(warn=warned.append))
    assert PassphraseSource(system).new() == passphrase
    assert len(warned) == warnings
