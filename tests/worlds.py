"""Homes with many profiles, in the shared files or in the encrypted store."""

from __future__ import annotations

from pathlib import Path

from keystead.model.profile import Profile
from keystead.stores.base import register
from keystead.stores.encrypted.protectors import KeyfileProtector
from keystead.stores.encrypted.store import EncryptedStore
from keystead.system import System

KEYS = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}


def name(number: int) -> str:
    """The name of a profile."""
    return f"profile-{number:06}"


def environment(home: Path) -> dict[str, str]:
    """The variables of a home."""
    return {
        "HOME": str(home),
        "KEYSTEAD_HOME": str(home / "keystead"),
        "KEYSTEAD_KEY_FILE": str(home / "key"),
        "KEYSTEAD_AGENT": "off",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def shared_files(home: Path, size: int) -> None:
    """A home with ``size`` profiles in both shared files, and a role of the last one."""
    folder = home / ".aws"
    folder.mkdir(parents=True)
    names = [name(number) for number in range(size)]
    role = (
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/demo\n"
        f"source_profile = {names[-1]}\n"
    )
    config = "\n".join(
        [*(f"[profile {each}]\nregion = eu-west-1\noutput = json\n" for each in names), role]
    )
    credentials = "\n".join(
        f"[{each}]\n" + "".join(f"{key} = {value}\n" for key, value in KEYS.items())
        for each in names
    )
    for path, text in ((folder / "config", config), (folder / "credentials", credentials)):
        path.touch(mode=0o600)
        path.write_text(text)


def encrypted_store(home: Path, size: int) -> None:
    """A home with ``size`` profiles in the encrypted store, which a key file opens."""
    home.mkdir(parents=True)
    system = System(environment(home))
    store = EncryptedStore(system, protector=KeyfileProtector(system, path=home / "key"))
    register(store, Profile(name(0), KEYS))
    file = store._file  # the public interface writes one profile at a time
    version = file.read()
    assert version.accounts
    cipher = file.cipher(version.accounts)
    ((_, first),) = version.accounts.entries.items()
    entries = dict(version.accounts.entries)
    for number in range(1, size):
        guid = file.new_guid()
        sealed = {
            key: cipher.seal(guid, key, text)
            for key, text in zip(list(first)[-2:], KEYS.values(), strict=True)
        }
        entries[guid] = {**first, **sealed, "DisplayName": name(number)}
    file.put(version, cipher.signed(version.accounts.next(entries)))
