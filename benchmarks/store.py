"""``python -m benchmarks.store [ROUNDS]``: times it, writes docs/benchmarks-store.md."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.rounds import rounds
from devtools.secretservice import secret_service
from keystead.crypto import KEY_BYTES, NONCE_BYTES, DataKey
from keystead.model.profile import Profile
from keystead.secret import reveal
from keystead.stores.base import register
from keystead.stores.encrypted.protectors import (
    KeyfileProtector,
    KeyringProtector,
    PassphraseProtector,
    Protector,
    StoreRef,
)
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System

SIZES = (10, 1_000, 10_000)
ROUNDS = rounds(9)
DOCS = Path(__file__).parent.parent / "docs"
KEYS = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}


def main() -> None:
    """Run everything; takes less than a minute."""
    with tempfile.TemporaryDirectory() as name, secret_service(Path(name) / "keyring") as found:
        os.environ.update(found)
        folder = Path(name)
        (DOCS / "benchmarks-store.md").write_text(
            _page(_sizes(folder), _unlocking(folder), _speed(1024 * 1024), _speed(40))
        )


def _time(actions: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median milliseconds; each action once per round, after a warm-up."""
    taken: dict[str, list[float]] = {label: [] for label in actions}
    for number in range(ROUNDS + 1):
        for label, action in actions.items():
            start = time.perf_counter()
            action()
            if number:
                taken[label].append((time.perf_counter() - start) * 1000)
    return {label: statistics.median(found) for label, found in taken.items()}


def _system(folder: Path) -> System:
    folder.mkdir(exist_ok=True)
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("of the bench")
    return System(
        {
            "HOME": str(folder),
            "KEYSTEAD_HOME": str(folder / "keystead"),
            "KEYSTEAD_PASSPHRASE_FILE": str(passphrase),
        }
    )


def _sizes(folder: Path) -> dict[int, dict[str, float]]:
    """Reading, decrypting and writing one profile, in an unlocked store."""
    times: dict[int, dict[str, float]] = {}
    for size in SIZES:
        system = _system(folder / str(size))
        protector = KeyfileProtector(system, path=folder / str(size) / "key")
        store = EncryptedStore(system, protector=protector)
        _fill(store, size)
        last = f"profile-{size - 1}"
        numbers = iter(range(1_000_000))

        def change(store: EncryptedStore = store, last: str = last) -> None:
            store.change(last, lambda _: {"team": str(next(numbers))})  # noqa: B023  # called at once

        times[size] = _time(
            {
                "list all": store.profiles,
                "find one, sealed": lambda store=store, last=last: store.find(last),
                "open one of a new process": lambda system=system, last=last: reveal(
                    EncryptedStore(system).find(last).settings["aws_secret_access_key"]
                ),
                "change one": change,
            }
        )
    return times


def _fill(store: EncryptedStore, size: int) -> None:
    """Create the profiles in one write; one by one it would take an hour."""
    register(store, Profile("profile-0", KEYS))
    if size > 1:
        file = store._file  # noqa: SLF001  # the public interface writes one at a time
        version = file.read()
        assert version.accounts
        cipher = file.cipher(version.accounts)
        entries = dict(version.accounts.entries)
        for number in range(1, size):
            guid = file.new_guid()
            entries[guid] = {
                "DisplayName": f"profile-{number}",
                "ProfileType": "AWS",
                "AWSAccessKey": cipher.seal(guid, "AWSAccessKey", KEYS["aws_access_key_id"]),
                "AWSSecretKey": cipher.seal(guid, "AWSSecretKey", KEYS["aws_secret_access_key"]),
            }
        file.put(version, cipher.signed(version.accounts.next(entries)))


def _unlocking(folder: Path) -> dict[str, float]:
    """The time of one unlocking for each protector."""
    system = _system(folder / "unlock")
    store = StoreRef("00112233-4455-4677-8899-aabbccddeeff", folder / "none")
    protectors: tuple[Protector, ...] = (
        PassphraseProtector(system),
        KeyringProtector(system),
        KeyfileProtector(system, path=folder / "unlock" / "key"),
    )
    records = [protector.wrap(bytes(KEY_BYTES), store) for protector in protectors]
    return _time(
        {
            protector.kind: lambda protector=protector, record=record: protector.unwrap(
                record, store
            )
            for protector, record in zip(protectors, records, strict=True)
        }
    )


def _speed(size: int) -> dict[str, float]:
    """Megabytes per second for values of ``size`` bytes, compared with the cipher alone."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = DataKey("00112233-4455-4677-8899-aabbccddeeff", bytes(KEY_BYTES))
    nonce, text = bytes(NONCE_BYTES), "x" * size
    plain = text.encode()
    cipher = AESGCM(bytes(KEY_BYTES))
    bare = cipher.encrypt(nonce, plain, b"")
    sealed = key.seal_value("guid", "key", text, nonce)
    repeat = range(max(1, 1024 * 1024 // size // 10))
    times = _time(
        {
            "seal": lambda: [key.seal_value("guid", "key", text, nonce) for _ in repeat],
            "unseal": lambda: [key.open_value("guid", "key", sealed) for _ in repeat],
            "bare encrypt": lambda: [cipher.encrypt(nonce, plain, b"") for _ in repeat],
            "bare decrypt": lambda: [cipher.decrypt(nonce, bare, b"") for _ in repeat],
        }
    )
    return {label: size * len(repeat) / 1000 / ms for label, ms in times.items()}


def _page(
    sizes: dict[int, dict[str, float]],
    unlocking: dict[str, float],
    long: dict[str, float],
    short: dict[str, float],
) -> str:
    labels = list(sizes[SIZES[0]])
    rows = [
        f"| {label} | " + " | ".join(f"{sizes[size][label]:.2f}" for size in SIZES) + " |"
        for label in labels
    ]
    unlock = [f"| {kind} | {ms:.1f} |" for kind, ms in unlocking.items()]
    speed = [
        f"| {label} | {long[label]:.0f} | {short[label]:.1f} | "
        f"{long[label] / long[bare]:.2f} | {short[label] / short[bare]:.2f} |"
        for label, bare in (("seal", "bare encrypt"), ("unseal", "bare decrypt"))
    ]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    newline = "\n"
    return f"""# Benchmarks of the encrypted store

<!-- Written by `make bench`. -->

Medians of {ROUNDS} rounds in one run, in one process, Python {python}. Absolute figures depend
on the machine; compare within a table.

## One of many profiles

Milliseconds, by the number of profiles in the store. *Open* unlocks with a key file, verifies
the whole file and decrypts one secret; *change* encrypts, signs and writes, with both fsyncs and
the undo copy.

| | {" | ".join(f"{size:,}" for size in SIZES)} |
| --- | {" | ".join("---:" for _ in SIZES)} |
{newline.join(rows)}

## Unlocking

Milliseconds for one unlocking, without starting Python. Passphrase: Argon2id at the cost of a new
store, which is what a guess costs too. Keyring: gnome-keyring over D-Bus.

| protector | ms |
| --- | ---: |
{newline.join(unlock)}

## Encryption

Megabytes per second, for values of 1 MiB and of 40 bytes (a secret key), and the ratio to
AES-256-GCM of the `cryptography` package alone. The overhead is the binding, the text
encoding and, for short values, creating a cipher object for each.

| | 1 MiB | 40 bytes | of bare, 1 MiB | of bare, 40 bytes |
| --- | ---: | ---: | ---: | ---: |
{newline.join(speed)}
"""


if __name__ == "__main__":
    main()
