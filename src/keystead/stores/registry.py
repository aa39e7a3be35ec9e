"""The table of stores, in search order."""

from __future__ import annotations

import os
from collections.abc import Callable

from keystead.stores.base import KeyKeeper, ProfileStore
from keystead.system import System
from keystead.system.folders import Folders
from keystead.system.path import Path
from keystead.value import NamedTuple


class StoreRow(NamedTuple):
    """The name of a store for ``--store``, and its class as ``module:class``.

    The module is imported when the store is needed, which is not the case without its ``file``.
    """

    name: str
    implementation: str
    file: Callable[[Folders], Path] | None = None

    def open(self, system: System, keeper: KeyKeeper | None = None) -> ProfileStore:
        """See `ProfileStore.open`."""
        module, _, name = self.implementation.partition(":")
        kind: type[ProfileStore] = getattr(__import__(module, fromlist=[name]), name)
        return kind.open(system, keeper)

    def is_empty(self, system: System) -> bool:
        """Whether its file does not exist, so that it has no profiles."""
        if self.file is None:
            return False
        try:
            os.stat(self.file(system.folders))
        except FileNotFoundError:
            return True
        except (OSError, ValueError):
            return False
        return False


STORES: tuple[StoreRow, ...] = (
    StoreRow(
        "encrypted",
        "keystead.stores.encrypted.store:EncryptedStore",
        lambda folders: folders.accounts_file,
    ),
    StoreRow("shared", "keystead.stores.shared:SharedStore"),
)


def version_of(name: str) -> tuple[int, ...] | None:
    """The current version of a name in a `ChangeToken`, for a store without a file.

    Such a name is the store's name in `STORES`, a colon, and any text.
    """
    row = next((row for row in STORES if name.startswith(f"{row.name}:")), None)
    return dict(row.open(System()).change_token()).get(name) if row else ()
