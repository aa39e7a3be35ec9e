"""The protector ``passphrase``: Argon2id of a passphrase that is typed or read from a file."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterable

from keystead import crypto
from keystead.errors import FileProblem, Origin, StoreCorrupt, StoreUnavailable, WrongPassphrase
from keystead.prompts import PassphraseFunction, PassphraseRequest, answer, until_accepted
from keystead.stores.encrypted.protectors.base import Protector, RandomBytes, StoreRef, binding
from keystead.stores.encrypted.protectors.strength import require_strong
from keystead.system import System
from keystead.text.encoding import refuse_other_encoding
from keystead.value import Value

VARIABLE = "KEYSTEAD_PASSPHRASE_FILE"
NEW_VARIABLE = "KEYSTEAD_NEW_PASSPHRASE_FILE"
"""The file of a new passphrase, if it differs from the old one's."""

_QUESTION = "passphrase of the encrypted store"
_HINT = f"set {VARIABLE} to a file that holds the passphrase"


class Argon2Cost(Value):
    """The parameters of Argon2id: ``memory`` in KiB, ``passes``, ``lanes``.

    The default is the second recommended option of RFC 9106. Raises `ValueError` for values
    outside of `BOUNDS`.
    """

    memory: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        for letter, value in zip(BOUNDS, (self.memory, self.passes, self.lanes), strict=True):
            low, high = BOUNDS[letter]
            if not low <= value <= high:
                raise ValueError(f"`{letter}={value}` is not within its bounds of {low} to {high}")

    def __str__(self) -> str:
        return f"m={self.memory} t={self.passes} p={self.lanes}"

    def derive(self, passphrase: bytes, salt: bytes) -> bytes:
        """The key of the passphrase."""
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        return Argon2id(
            salt=salt,
            length=crypto.KEY_BYTES,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory,
        ).derive(passphrase)


BOUNDS = {"m": (8 * 1024, 1024 * 1024), "t": (1, 16), "p": (1, 16)}
"""The range of each parameter of a record; memory in KiB."""

MOST_MEMORY = BOUNDS["m"][1]
"""The limit for all records of a store together, in KiB, as one is tried after the other."""

SALT_BYTES = (16, 64)
"""The range of a salt's length; new ones have the least."""

_RECORD = re.compile(
    r"(?P<head>passphrase argon2id m=(?P<m>[1-9][0-9]{0,9}) t=(?P<t>[1-9][0-9]{0,9}) "
    r"p=(?P<p>[1-9][0-9]{0,9}) salt=(?P<salt>(?:[0-9A-F]{2})+)) key=(?P<key>(?:[0-9A-F]{2})+)"
)


def require_bounded(records: Iterable[str], store: StoreRef) -> None:
    """Raises `StoreCorrupt` where the records together exceed `MOST_MEMORY`.

    A record outside of `BOUNDS`, which `unwrap` refuses before any work, does not count.
    """
    matches = filter(None, map(_RECORD.fullmatch, records))
    memory = sum(m for match in matches if (m := int(match["m"])) <= MOST_MEMORY)
    if memory > MOST_MEMORY:
        raise StoreCorrupt(
            f"the passphrase records require {memory} KiB of memory together, more than "
            f"{MOST_MEMORY}",
            hint="restore the file from a backup, or remove passphrases",
            where=store.where,
        )


class PassphraseProtector(Protector):
    """Wraps the data key by a passphrase: Argon2id, then AES-256-GCM."""

    kind = "passphrase"

    def __init__(
        self,
        system: System,
        *,
        cost: Argon2Cost | None = None,
        random_bytes: RandomBytes = os.urandom,
    ) -> None:
        self._source = PassphraseSource(system)
        self.asks = not self._source.unattended
        self.proves = self.asks or not self._source.is_in_store_folder
        self._cost = cost or Argon2Cost()
        self._random_bytes = random_bytes

    def wrap(self, data_key: bytes, store: StoreRef) -> str:
        """The record by a new passphrase, which is asked for twice."""
        passphrase = self._source.new()
        salt, nonce = self._random_bytes(SALT_BYTES[0]), self._random_bytes(crypto.NONCE_BYTES)
        head = f"{self.kind} argon2id {self._cost} salt={salt.hex().upper()}"
        key = self._cost.derive(passphrase, salt)
        return f"{head} key={crypto.seal(key, data_key, binding(store, head), nonce)}"

    def unwrap(self, record: str, store: StoreRef) -> bytes:
        """The data key by the passphrase; the record is checked before any work."""
        match = _RECORD.fullmatch(record)
        if not match:
            raise StoreCorrupt("the record of the passphrase is malformed", where=store.where)
        try:
            cost = Argon2Cost(*(int(match[letter]) for letter in BOUNDS))
        except ValueError as error:
            raise StoreCorrupt(
                f"the record of the passphrase is refused: {error}", where=store.where
            ) from error
        salt = bytes.fromhex(match["salt"])
        low, high = SALT_BYTES
        if not low <= len(salt) <= high:
            raise StoreCorrupt(
                "the record of the passphrase is refused: "
                f"a salt of {len(salt)} bytes is not within its bounds of {low} to {high}",
                where=store.where,
            )

        def open_with(passphrase: bytes) -> bytes:
            key = cost.derive(passphrase, salt)
            try:
                return crypto.unseal(key, match["key"], binding(store, match["head"]))
            except crypto.IntegrityError as error:
                raise WrongPassphrase(
                    "the passphrase does not open the encrypted store",
                    hint=f"check the passphrase, or the file that {VARIABLE} names",
                    where=store.where,
                ) from error

        data_key = self._source.use(open_with)
        if len(data_key) != crypto.KEY_BYTES:
            raise StoreCorrupt("the record of the passphrase is malformed", where=store.where)
        return data_key

    def describe(self, record: str) -> str:
        """The parameters of Argon2id."""
        return " ".join(record.split(" ")[1:5])


class PassphraseSource:
    """Gets the passphrase from the caller's function, the file of `VARIABLE` or the terminal."""

    def __init__(self, system: System) -> None:
        self._system = system

    @property
    def unattended(self) -> bool:
        """Whether no prompt is needed."""
        return bool(self._system.environ.get(VARIABLE)) and self._system.prompts.passphrase is None

    @property
    def is_in_store_folder(self) -> bool:
        """Whether it is in a file that users who can write the store's folder can replace."""
        folders = self._system.folders
        return folders.within_store_folder(folders.expand(self._system.environ.get(VARIABLE, "")))

    def use(self, open_with: Callable[[bytes], bytes]) -> bytes:
        """Calls ``open_with`` with the passphrase of an existing store.

        The user, or the function, is asked again after `WrongPassphrase`. Raises that,
        `StoreUnavailable` or `InteractionRequired`.
        """
        function = self._system.prompts.passphrase
        if function:
            return self._answered(function, open_with, new=False)
        named = self._system.environ.get(VARIABLE)
        if named:
            return open_with(self._read(VARIABLE, named))
        return self._system.terminal.until_accepted(
            lambda: open_with(self._ask(_QUESTION)), (WrongPassphrase,)
        )

    def new(self) -> bytes:
        """A new passphrase, typed twice at a terminal. Raises as `use`."""
        function = self._system.prompts.passphrase
        if function:
            return self._answered(function, self._strong, new=True)
        for variable in (NEW_VARIABLE, VARIABLE):
            named = self._system.environ.get(variable)
            if named:
                passphrase = self._read(variable, named)
                # It could not be typed.
                what = f"the passphrase in the file that {variable} names"
                refuse_other_encoding(passphrase, what, Origin(named), StoreUnavailable)
                if passphrase.startswith(codecs.BOM_UTF8):
                    raise StoreUnavailable(
                        f"{what} begins with a byte-order mark",
                        id="passphrase-file-unusable",
                        hint="save the file as UTF-8 without such a mark",
                        where=Origin(named),
                    )
                return self._strong(passphrase)
        return self._system.terminal.until_accepted(self._ask_new, (WrongPassphrase,))

    def _strong(self, passphrase: bytes) -> bytes:
        return require_strong(passphrase, self._system.prompts)

    def _answered(
        self, function: PassphraseFunction, open_with: Callable[[bytes], bytes], *, new: bool
    ) -> bytes:
        path = str(self._system.folders.accounts_file)

        def attempt(number: int) -> bytes:
            text = answer(function, PassphraseRequest(path, new, number), "passphrase")
            return open_with(_encoded(text))

        return until_accepted(attempt, (WrongPassphrase,))

    def _ask_new(self) -> bytes:
        passphrase = self._strong(self._ask("new passphrase for the encrypted store"))
        if passphrase != self._ask("the same passphrase again"):
            raise WrongPassphrase(
                "the two passphrases differ",
                id="new-passphrase-invalid",
                hint="run the command again",
            )
        return passphrase

    def _ask(self, question: str) -> bytes:
        return _encoded(self._system.terminal.ask_secret(question, hint=_HINT))

    def _read(self, variable: str, named: str) -> bytes:
        path = self._system.folders.expand(named)
        where = Origin(str(path))
        try:
            # It may be a pipe: KEYSTEAD_PASSPHRASE_FILE=<(pass show x)
            data = self._system.files.read_pipe(path)
            if data is None:
                data = self._system.files.read(path, private=True).data
        except FileProblem as error:
            raise StoreUnavailable(
                f"{variable} names a file that {error.message}",
                id="passphrase-file-unusable",
                hint=error.hint,
                where=where,
            ) from error
        if data is None:
            raise StoreUnavailable(
                f"{variable} names a file that does not exist",
                id="passphrase-file-unusable",
                hint=_HINT,
                where=where,
            )
        passphrase = data[:-1].removesuffix(b"\r") if data.endswith(b"\n") else data
        if not passphrase:
            raise StoreUnavailable(
                f"{variable} names a file that is empty",
                id="passphrase-file-unusable",
                hint=_HINT,
                where=where,
            )
        return passphrase


def _encoded(passphrase: str) -> bytes:
    if not passphrase:
        raise WrongPassphrase(
            "an empty passphrase protects nothing", id="new-passphrase-invalid", hint="type one"
        )
    # The bytes of the terminal, also where they are not valid in the locale's encoding.
    return passphrase.encode("utf-8", "surrogateescape")
