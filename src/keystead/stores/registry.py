"""The table of stores, in the order in which profiles are searched."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from keystead.stores.base import KeyKeeper, ProfileStore
from keystead.system import System
from keystead.system.folders import Folders


class StoreRow(NamedTuple):
    """A store by its name for ``--store``, and its class as ``module:class``.

    The module is imported when the store is needed: not where its ``file`` does not exist.
    """

    name: str
    implementation: str
    file: Callable[[Folders], Path] | None = None

    def open(self, system: System, keeper: KeyKeeper | None = None) -> ProfileStore:
        """The store. See `ProfileStore.open`."""
        module, _, name = self.implementation.partition(":")
        kind: type[ProfileStore] = getattr(import_module(module), name)
        return kind.open(system, keeper)

    def is_empty(self, system: System) -> bool:
        """Whether its file is known not to exist, so that there is no profile in it."""
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
    """The version that a name of a `ChangeToken` has now, for a store without a file.

    Such a name is the store's in `STORES`, a colon, and what the store chose.
    """
    row = next((row for row in STORES if name.startswith(f"{row.name}:")), None)
    return dict(row.open(System()).change_token()).get(name) if row else ()
