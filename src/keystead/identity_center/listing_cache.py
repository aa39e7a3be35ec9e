"""What a login reaches, cached in files: what was listed last, and what a run has listed so far.

Accounts are private, though not secret: the files are for their owner alone. The names of the files
depend on sso-session and portal and not on a token, so that they are valid for the next login too.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from keystead.digest import sha256
from keystead.errors import FileProblem
from keystead.identity_center.account import Account
from keystead.identity_center.listing import Listing
from keystead.model.sso_login import PORTAL
from keystead.outside import parse_json, parse_moment, text_in
from keystead.system import System
from keystead.system.journal import Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_VERSION = 1
_CONTINUED = timedelta(hours=1)
"""How long a listing that was not finished is continued."""


class ListingCache:
    """The files of one sso-session and access portal."""

    def __init__(self, system: System, session: str, start_url: str, region: str) -> None:
        self._system = system
        key = f"{session}\n{start_url}\n{region}".encode(errors="replace")
        self.path = system.folders.accounts / f"{sha256(key).hexdigest()[:32]}.json"
        self._journal = Journal(self.path.with_suffix(".partial"))

    @classmethod
    def of_session(cls, system: System, session: str, section: Mapping[str, str]) -> Self:
        """The files of an sso-session with the settings ``section``, complete or not."""
        return cls(system, session, *(section.get(key, "") for key in PORTAL))

    def read(self) -> Listing | None:
        """What was listed last; None where there is nothing that can be read."""
        try:
            document = parse_json(self._system.files.read(self.path).data or b"")
            if document["version"] != _VERSION:
                return None
            accounts = [_account(row) for row in document["accounts"]]
            return Listing(accounts, parse_moment(document["listed_at"]))
        except (FileProblem, ValueError, TypeError, LookupError):
            return None

    def write(self, listing: Listing) -> None:
        """Cache a listing, if the folder can be written."""
        document = {
            "version": _VERSION,
            "listed_at": listing.listed_at.isoformat(),
            "accounts": listing.accounts,
        }
        try:
            self._system.files.put(self.path, json.dumps(document).encode())
        except FileProblem:
            return  # it is listed again where it is needed

    def begin(self) -> dict[str, list[str]]:
        """The roles by the ids of accounts that a run which did not end has listed.

        What was listed longer than an hour ago is dropped.
        """
        now = self._system.clock()
        first, *lines = self._journal.lines() or [b""]
        try:
            began = parse_moment(text_in(parse_json(first)))
        except ValueError:
            began = datetime.min.replace(tzinfo=now.tzinfo)
        if not timedelta(0) <= now - began < _CONTINUED:
            self._journal.remove()
            self._journal.append(json.dumps(now.isoformat()).encode())
            return {}
        return dict(filter(None, map(_listed, lines)))

    def note(self, account_id: str, roles: Sequence[str]) -> None:
        """Record the roles of an account until the run ends."""
        self._journal.append(json.dumps([account_id, roles]).encode())

    def end(self) -> None:
        """Forget what `note` recorded."""
        self._journal.remove()

    def forget(self) -> None:
        """Removes all of it: the login is ended."""
        self.end()
        with contextlib.suppress(OSError):
            os.unlink(self.path)


def _account(row: Sequence[object]) -> Account:
    number, name, email, roles = row
    listed = None if roles is None else tuple(_texts(roles))
    return Account(text_in(number), text_in(name), text_in(email), listed)


def _texts(values: object) -> list[str]:
    if not isinstance(values, list):
        raise ValueError("is not a list")  # noqa: TRY004  # as in `keystead.outside`
    return [text_in(value) for value in values]


def _listed(line: bytes) -> tuple[str, list[str]] | None:
    """The account and roles of a line; None for one that a kill cut short."""
    try:
        account_id, roles = parse_json(line)
        return text_in(account_id), _texts(roles)
    except (ValueError, TypeError):
        return None
