"""The profile that an entry of the encrypted store is, its secrets still encrypted."""

from __future__ import annotations

from functools import partial

from keystead.model.ordinal_case import clash
from keystead.model.profile import Profile
from keystead.model.search import choose_source
from keystead.secret import Secret
from keystead.stores.base import TypeRow
from keystead.stores.encrypted.file import StoreFile
from keystead.stores.encrypted.layout import (
    DISPLAY_NAME,
    Accounts,
    Entry,
    deciding_in,
    is_saml,
    is_sealed,
    settings_in,
)
from keystead.stores.encrypted.store import TYPE_NAME

_SAML = "it is a SAML profile of the AWS SDK for .NET, and keystead cannot sign in that way"


def profile_of(file: StoreFile, accounts: Accounts, guid: str) -> Profile:
    """The profile ``guid``, whose secrets unlock the store when they are revealed."""
    entry = accounts.entries[guid]
    name = entry[DISPLAY_NAME]
    keys = settings_in(tuple(entry))
    return Profile(
        name,
        {setting: value_of(file, accounts, guid, key) for setting, key in keys.items()},
        TYPE_NAME,
        None,
        dict.fromkeys(keys, file.where),
        guid,
        partial(file.cipher, accounts),
        _refused(accounts, entry),
    )


def type_of(accounts: Accounts, entry: Entry) -> TypeRow:
    """Name, type and problem of the profile that the entry is."""
    refused = _refused(accounts, entry)
    if refused:
        return entry[DISPLAY_NAME], None, refused
    keys = deciding_in(tuple(entry))
    choice = choose_source(frozenset([name for name, key in keys if entry[key]]), keys_last=False)
    return entry[DISPLAY_NAME], choice.type, choice.why


def _refused(accounts: Accounts, entry: Entry) -> str | None:
    """Why the entry is given to nobody."""
    name = entry[DISPLAY_NAME]
    if accounts.has_clash(name):
        found = clash(accounts.spellings(name))
        if found:
            return found
    return _SAML if is_saml(entry) else None


def value_of(file: StoreFile, accounts: Accounts, guid: str, key: str) -> str | Secret:
    """The value of a key: text, or a secret that is opened when it is revealed."""
    text = accounts.entries[guid][key]
    if text and is_sealed(key):
        return Secret(partial(file.open_value, accounts, guid, key))
    return text
