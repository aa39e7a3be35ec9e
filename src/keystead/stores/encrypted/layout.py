"""The format of the encrypted store's file: ``RegisteredAccounts.json`` of the .NET SDK.

A JSON object that maps GUIDs to flat objects of strings; its member ``keystead`` is the header,
which the .NET SDK's file does not have. Parsing and serialising only, no encryption.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from keystead.crypto import FORMAT, DataKey, canonical_members, hkdf
from keystead.errors import Origin, StoreCorrupt
from keystead.model.ordinal_case import folded
from keystead.model.profile import Profile
from keystead.model.settings import DECIDING, SETTINGS, is_secret
from keystead.model.validation import has_control
from keystead.value import Value, field, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEADER = "keystead"
DISPLAY_NAME = "DisplayName"
PROFILE_TYPE = "ProfileType"

Entry = Mapping[str, str]

_NAME_OF = {row.netsdk: row.name for row in SETTINGS.values() if row.netsdk}
_RESERVED = {key.lower() for key in (DISPLAY_NAME, PROFILE_TYPE, *_NAME_OF)} - SETTINGS.keys()

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COUNTER = re.compile(r"0|[1-9][0-9]{0,17}")
_RECIPIENT = re.compile(r"[0-9A-F]{64}")
_PROTECTOR = re.compile(r"Protector\.([1-9][0-9]{0,2})")
_TRAILING_COMMA = re.compile(rb'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_OPAQUE = {"UserIdentity"}
"""Encrypted keys without a setting in keystead; neither shown nor decrypted."""

_SAML = "SAML"
_RESTORE = "restore the file from a backup; keystead does not change it"


def make_guid(random: bytes) -> str:
    """16 random bytes as a GUID of version 4, hyphenated and in lower case."""
    number = bytearray(random)
    number[6] = number[6] & 0x0F | 0x40
    number[8] = number[8] & 0x3F | 0x80
    text = number.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def store_id_of(data_key: bytes) -> str:
    """The id of a new store, derived from its data key."""
    return make_guid(hkdf(data_key, b"", f"keystead/{FORMAT} store id")[:16])


def setting_name(key: str) -> str:
    """The shared-file name of a key; that of an unknown key is the key in lower case."""
    return _NAME_OF.get(key, key.lower())


def key_of(name: str) -> str:
    """The key of the setting ``name`` (in lower case)."""
    row = SETTINGS.get(name)
    return row.netsdk if row and row.netsdk else name


@lru_cache  # thousands of entries have the same keys
def settings_in(keys: tuple[str, ...]) -> Mapping[str, str]:
    """The ``keys`` of an entry by the shared-file names of their settings.

    Of several spellings the one that keystead writes is used, else the first. The shared-file
    name of a setting that has another key here is not that setting.
    """
    found: dict[str, str] = {}
    for key in keys:
        name = setting_name(key)
        if key in (DISPLAY_NAME, PROFILE_TYPE, *_OPAQUE) or (
            name in SETTINGS and key != key_of(name)
        ):
            continue
        if name not in found or key == name:
            found[name] = key
    return found


@lru_cache
def deciding_in(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The settings among `settings_in` that decide types, each with its key."""
    return tuple((name, key) for name, key in settings_in(keys).items() if name in DECIDING)


def is_reserved(name: str) -> bool:
    """Whether a setting of that name would be read as a reserved key."""
    return name in _RESERVED


@lru_cache
def is_sealed(key: str) -> bool:
    """Whether the value of ``key`` is encrypted, by the .NET SDK's table.

    Of the names that are not in it, keystead encrypts its own (in lower case) that sound secret.
    """
    row = SETTINGS.get(_NAME_OF.get(key, ""))
    if row:
        return row.sealed
    return key == key.lower() and is_secret(key)


def is_saml(entry: Entry) -> bool:
    """Whether it is a SAML profile, which earlier .NET SDKs had."""
    return entry.get(PROFILE_TYPE) == _SAML


def profile_type(profile: Profile) -> str | None:
    """The .NET SDK's name of the profile's type; None for no type."""
    row = profile.type
    if row is None:
        return None
    if row.name == "Basic":
        return "AWS"
    word = row.name
    if word == "AssumeRole":
        word += "External" if profile.has("external_id") else ""
        word += "MFA" if profile.has("mfa_serial") else ""
    if word.startswith("AssumeRole") and profile.has("role_session_name"):
        word += "SessionName"
    return word


class Accounts(Value):
    """One version of the file: its header and its entries by GUID, in the order of the file.

    ``header`` is None in the .NET SDK's file. ``foreign`` are members of that file that are not
    profiles, ``odd`` values that are not text; both are written back.
    """

    header: Entry | None
    entries: Mapping[str, Entry]
    foreign: Mapping[str, object] = field(default_factory=dict)
    odd: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @classmethod
    def new(cls, store_id: str, recipient: bytes, protector: str) -> Accounts:
        """A store without profiles and MAC, with one protector record."""
        header = {
            "Format": str(FORMAT),
            "StoreId": store_id,
            "Counter": "0",
            "Recipient": recipient.hex().upper(),
            "Protector.1": protector,
        }
        return cls(header, {})

    @property
    def own(self) -> Entry:
        """The header of keystead's format."""
        assert self.header is not None  # noqa: S101  # callers know which kind of file it is
        return self.header

    @property
    def store_id(self) -> str:
        """The GUID of the store."""
        return self.own["StoreId"]

    @property
    def counter(self) -> int:
        """The number of writes of the store."""
        return int(self.own["Counter"])

    @property
    def recipient(self) -> bytes | None:
        """The public key of undo copies; None for the .NET SDK's file."""
        return bytes.fromhex(self.header["Recipient"]) if self.header else None

    @property
    def protectors(self) -> tuple[str, ...]:
        """The protector records by number; none in the .NET SDK's file."""
        found = ((_PROTECTOR.fullmatch(key), text) for key, text in (self.header or {}).items())
        return tuple(text for _, text in sorted((int(m[1]), text) for m, text in found if m))

    @property
    def mac(self) -> str:
        """The MAC of the file."""
        return self.own["Mac"]

    @property
    def content(self) -> dict[str, Entry]:
        """The content that the MAC covers: everything but the MAC."""
        header = {key: text for key, text in self.own.items() if key != "Mac"}
        return {HEADER: header, **self.entries}

    @cached_property
    def canonical_members(self) -> dict[str, str]:
        """The canonical text of each member of `content`, by its name."""
        return canonical_members(self.content)

    def named(self, name: str) -> list[str]:
        """The GUIDs of the entries with that display name, ignoring case."""
        return list(self._by_name.get(folded(name), ()))

    def spelled(self, name: str) -> list[str]:
        """The GUIDs of the entries with exactly that display name."""
        return [guid for guid in self.named(name) if self.entries[guid][DISPLAY_NAME] == name]

    def spellings(self, name: str) -> list[str]:
        """The distinct display names that match ``name``, ignoring case as the SDK does."""
        return list(dict.fromkeys(self.entries[guid][DISPLAY_NAME] for guid in self.named(name)))

    def has_clash(self, name: str) -> bool:
        """Whether several entries have that display name, ignoring case."""
        return self._has_clashes and len(self.named(name)) > 1

    @cached_property
    def _has_clashes(self) -> bool:
        return len({*map(folded, self.names())}) < len(self.entries)

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for guid, entry in self.entries.items():
            found.setdefault(folded(entry[DISPLAY_NAME]), []).append(guid)
        return found

    def names(self) -> list[str]:
        """The display names of all entries."""
        return [entry[DISPLAY_NAME] for entry in self.entries.values()]

    def next(self, entries: Mapping[str, Entry]) -> Accounts:
        """The next version with these entries, without a new MAC."""
        if self.header is None:
            return replace(self, entries=entries)
        counter = str(self.counter + 1)
        made = replace(self, header={**self.header, "Counter": counter}, entries=entries)
        if "canonical_members" in vars(self):
            texts, before = self.canonical_members, self.entries
            same = {guid: texts[guid] for guid, e in entries.items() if e is before.get(guid)}
            changed = {name: each for name, each in made.content.items() if name not in same}
            vars(made)["canonical_members"] = {**same, **canonical_members(changed)}
        return made

    def protected(self, key: DataKey, records: Iterable[str]) -> Accounts:
        """The version with another data key and its protector records, without a new MAC."""
        header = {k: text for k, text in self.own.items() if not _PROTECTOR.fullmatch(k)}
        numbered = {f"Protector.{n}": record for n, record in enumerate(records, 1)}
        own = {**header, "StoreId": key.store_id, "Recipient": key.recipient.hex().upper()}
        return replace(self, header={**own, **numbered})

    def signed(self, mac: str) -> Accounts:
        """The version with this MAC."""
        header = {key: text for key, text in self.own.items() if key != "Mac"}
        return replace(self, header={**header, "Mac": mac})

    def render(self) -> bytes:
        """The bytes of the file."""
        head = {} if self.header is None else {HEADER: dict(self.header)}
        members = {guid: {**self.odd.get(guid, {}), **e} for guid, e in self.entries.items()}
        whole = {**head, **members, **self.foreign}
        if not self.entries or self.foreign or any(self.odd.values()):
            return (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()
        # The same text for flat members that are not empty; with `indent`, Python's encoder is not
        # the one in C. No text has a line feed, as JSON escapes it.
        text = json.dumps(whole, ensure_ascii=False, separators=(",\n    ", ":\n "))[1:-2]
        text = text.replace(":\n {", ": {\n    ").replace(":\n ", ": ")
        text = text.replace("},\n    ", "\n  },\n  ")
        return f"{{\n  {text}\n  }}\n}}\n".encode()


def parse(data: bytes, file: str, *, native: bool = False) -> Accounts:
    """Parses the file; ``native``: a file without a header is the .NET SDK's.

    Raises `StoreCorrupt` with the file, and its line where known.
    """
    where = Origin(file)
    members = _load(_native_text(data) if native else data, file, native=native)
    if native and HEADER not in members:
        return _parse_native(members)
    if not isinstance(members.get(HEADER), dict):
        raise StoreCorrupt(
            "the encrypted store has no keystead header",
            id="store-of-another-program",
            hint="the .NET SDK's file opens on Windows only; restore any other file from a backup",
            where=where,
        )
    header = members.pop(HEADER)
    _check_format(header.get("Format"), where)
    is_guid = _GUID.fullmatch
    for guid, entry in members.items():
        if not (is_guid(guid) or is_guid(guid.lower())):
            raise StoreCorrupt(f"{guid!a} is not a GUID", hint=_RESTORE, where=where)
        _check_object(guid, entry, where)
    _check_object(HEADER, header, where)
    # JSON can have one otherwise only as an escape or as a character beyond ASCII.
    if b"\\" in data or b"\x7f" in data or not data.isascii():
        _check_controls({**members, HEADER: header}, where)
    for guid, entry in members.items():
        if not entry.get(DISPLAY_NAME):
            raise StoreCorrupt(f"`{guid}` has no `{DISPLAY_NAME}`", hint=_RESTORE, where=where)
    accounts = Accounts(header, members)
    bad = next(_header_faults(accounts), None)
    if bad:
        raise StoreCorrupt(
            f"the header of the encrypted store has no valid `{bad}`", hint=_RESTORE, where=where
        )
    return accounts


def _parse_native(members: Mapping[str, Any]) -> Accounts:
    """The .NET SDK's file; settings whose values are not text are ignored."""
    profiles: dict[str, Entry] = {}
    odd: dict[str, Mapping[str, object]] = {}
    foreign: dict[str, object] = {}
    for guid, entry in members.items():
        if not isinstance(entry, dict) or not isinstance(entry.get(DISPLAY_NAME) or None, str):
            foreign[guid] = entry
            continue
        profiles[guid] = {key: text for key, text in entry.items() if isinstance(text, str)}
        odd[guid] = {key: value for key, value in entry.items() if not isinstance(value, str)}
    return Accounts(None, profiles, foreign, odd)


def _native_text(data: bytes) -> bytes:
    """The .NET SDK's file as strict JSON in UTF-8, as the SDK accepts more than that."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    return _TRAILING_COMMA.sub(rb"\1", data.removeprefix(codecs.BOM_UTF8))


def _load(data: bytes, file: str, *, native: bool) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs) and not native:  # the SDK uses the last one
            raise StoreCorrupt(
                "a name is repeated in a JSON object", hint=_RESTORE, where=Origin(file)
            )
        return members

    line: int | None = None
    try:
        loaded = json.loads(data.decode(), object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        line, reason = error.lineno, f"not valid JSON: {error.msg.lower()}"
    except UnicodeDecodeError as error:
        line, reason = data.count(b"\n", 0, error.start) + 1, "not valid UTF-8"
    except (ValueError, RecursionError):  # a number or nesting beyond Python's limits
        reason = "not an encrypted store"
    else:
        if isinstance(loaded, dict):
            return loaded
        reason = "not a JSON object"
    raise StoreCorrupt(f"the file is {reason}", hint=_RESTORE, where=Origin(file, line))


def _check_format(text: object, where: Origin) -> None:
    if text == str(FORMAT):
        return
    if isinstance(text, str) and _COUNTER.fullmatch(text) and int(text) > FORMAT:
        raise StoreCorrupt(
            f"the encrypted store is of format {text}, written by a newer keystead",
            id="store-too-new",
            hint="use that version of keystead, or a later one",
            where=where,
        )
    raise StoreCorrupt(
        "the header of the encrypted store has no valid `Format`", hint=_RESTORE, where=where
    )


def _check_object(member: str, entry: object, where: Origin) -> None:
    if not isinstance(entry, dict) or not set(map(type, entry.values())) <= {str}:
        raise StoreCorrupt(
            f"`{member}` is not a flat object of strings", hint=_RESTORE, where=where
        )


def _check_controls(members: Mapping[str, Entry], where: Origin) -> None:
    """Refuse control characters; one search, as thousands take longer than all the rest."""
    texts = ("".join((*entry, *entry.values())) for entry in members.values())
    if not has_control("".join(texts)):
        return
    bad = next(name for name, e in members.items() if has_control("".join((*e, *e.values()))))
    raise StoreCorrupt(f"`{bad}` has a control character", hint=_RESTORE, where=where)


def _header_faults(accounts: Accounts) -> Iterator[str]:
    header = accounts.own
    if not _GUID.fullmatch(header.get("StoreId", "")):
        yield "StoreId"
    if not _COUNTER.fullmatch(header.get("Counter", "")):
        yield "Counter"
    if not _RECIPIENT.fullmatch(header.get("Recipient", "")):
        yield "Recipient"
    if not accounts.protectors:
        yield "Protector"
    if not header.get("Mac"):
        yield "Mac"
