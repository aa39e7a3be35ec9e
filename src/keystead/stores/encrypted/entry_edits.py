"""Changes to the entries of the encrypted store, as pure functions without encryption."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping

from keystead.errors import ProfileInvalid
from keystead.model import validation
from keystead.model.ordinal_case import clash
from keystead.model.profile import Profile, SettingValue, check_writable
from keystead.model.settings import DECIDING
from keystead.secret import Secret, reveal
from keystead.stores.base import Changes, already_there, not_found
from keystead.stores.encrypted.layout import (
    DISPLAY_NAME,
    PROFILE_TYPE,
    Accounts,
    Entry,
    is_reserved,
    is_saml,
    is_sealed,
    key_of,
    profile_type,
    setting_name,
    settings_in,
)

EntryEdit = Mapping[str, str | Secret]
"""An entry to be written; a `Secret` is yet to be encrypted."""

EntryEdits = dict[str, EntryEdit]
"""All entries to be written, by GUID; an unchanged one is the entry of the file itself."""


def require(accounts: Accounts | None, name: str) -> tuple[Accounts, str]:
    """The accounts and the GUID of the profile, preferring the same spelling.

    Raises `ProfileNotFound`, or `ProfileInvalid` where several differ from ``name`` by case.
    """
    guids = accounts.named(name) if accounts else []
    if accounts is None or not guids:
        raise not_found(name, accounts.names() if accounts else ())
    spelled = accounts.spelled(name)
    if not spelled:
        require_one_spelling(accounts, name)
    return accounts, (spelled or guids)[0]


def require_one_spelling(accounts: Accounts, name: str) -> None:
    """Raises `ProfileInvalid` where several profiles ``name`` differ by case."""
    spellings = accounts.spellings(name)
    found = clash(spellings)
    if found:
        command = shlex.join(["keystead", "rename", spellings[0], "NEW"])
        raise ProfileInvalid(
            found, id="invalid-profile-name", hint=f"`{command}` gives one another name"
        )


def edits_of(entries: Mapping[str, Entry], *, without: Collection[str] = ()) -> EntryEdits:
    """The entries unchanged, but for those with a GUID in ``without``."""
    return {guid: entry for guid, entry in entries.items() if guid not in without}


def make_room(accounts: Accounts, guid: str, new: str, *, force: bool) -> EntryEdits:
    """The entries without others named ``new``, which ``force`` allows to remove."""
    validation.check_profile_name(new, shared=False)
    taken = [other for other in accounts.named(new) if other != guid]
    if taken and not force:
        raise already_there(new)
    return edits_of(accounts.entries, without=taken)


def changed(before: Entry, wanted: Changes) -> EntryEdit:
    """The entry with the changes and its new type. Raises `ProfileInvalid`."""
    edit: dict[str, str | Secret] = {k: text for k, text in before.items() if k != PROFILE_TYPE}
    for given, value in wanted.items():
        name = given.lower()
        text = _checked(given, value)
        key = key_of(name)
        edit = {k: v for k, v in edit.items() if k == key or setting_name(k) != name}
        if text:
            edit[key] = Secret(text) if is_sealed(key) else text
        else:  # an empty setting is not set
            edit.pop(key, None)
    settings = {name: _seen(key, edit[key]) for name, key in settings_in(tuple(edit)).items()}
    outcome = Profile(before[DISPLAY_NAME], settings)
    if is_saml(before) and DECIDING.isdisjoint(name.lower() for name in wanted):
        word: str | None = before[PROFILE_TYPE]  # its other settings may change
    else:
        check_writable(outcome)
        word = profile_type(outcome)
    head: EntryEdit = {DISPLAY_NAME: before[DISPLAY_NAME], **({PROFILE_TYPE: word} if word else {})}
    return {**head, **edit}


def _seen(key: str, value: str | Secret) -> str | Secret:
    """The value without its secret, as types depend on which settings are set."""
    return Secret(value) if is_sealed(key) and value and isinstance(value, str) else value


def _checked(name: str, value: SettingValue | None) -> str:
    """The text to store, empty to unset. Raises `ProfileInvalid`."""
    if value is None:
        return ""
    if isinstance(value, Mapping) or "." in name:
        raise ProfileInvalid(
            f"the encrypted store cannot store nested settings such as `{name.partition('.')[0]}`",
            id="nested-settings-not-possible",
            hint="save the profile in the shared files",
        )
    text = reveal(value)
    validation.check_setting(name, text)
    if is_reserved(name.lower()):
        raise ProfileInvalid(
            f"`{name}` is a reserved name of the encrypted store",
            id="invalid-setting-name",
            hint="use another name",
        )
    return text
