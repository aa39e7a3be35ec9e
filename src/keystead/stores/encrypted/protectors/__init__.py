"""The registry of protectors, and opening the data key by one of them.

A new protector is a module here and a row of `PROTECTORS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keystead.errors import InteractionRequired, KeysteadError, StoreUnavailable
from keystead.stores.encrypted.protectors.base import (
    Protector,
    RandomBytes,
    RollbackGuard,
    StoreRef,
    kind_of,
)
from keystead.stores.encrypted.protectors.dpapi import DpapiProtector
from keystead.stores.encrypted.protectors.keyfile import KeyfileProtector
from keystead.stores.encrypted.protectors.keyring import KeyringProtector
from keystead.stores.encrypted.protectors.passphrase import (
    Argon2Cost,
    PassphraseProtector,
    PassphraseSource,
    require_bounded,
)
from keystead.system import System
from keystead.value import NamedTuple

__all__ = [
    "PROTECTORS",
    "Argon2Cost",
    "DpapiProtector",
    "KeyfileProtector",
    "KeyringProtector",
    "Opened",
    "PassphraseProtector",
    "PassphraseSource",
    "Protector",
    "RandomBytes",
    "RollbackGuard",
    "StoreRef",
    "kind_of",
    "open_data_key",
    "protector_of",
    "require_bounded",
]

PROTECTORS: Mapping[str, type[Protector]] = {
    kind.kind: kind
    for kind in (PassphraseProtector, KeyringProtector, KeyfileProtector, DpapiProtector)
}
"""The protectors by the first word of their records."""


class Opened(NamedTuple):
    """A data key, and the record it was wrapped in."""

    record: str
    data_key: bytes


def protector_of(record: str, system: System) -> Protector | None:
    """The protector of the record, None for an unknown one."""
    kind = PROTECTORS.get(kind_of(record))
    return kind(system) if kind else None


def open_data_key(
    records: Sequence[str],
    store: StoreRef,
    system: System,
    *,
    unattended: bool = False,
    proving: bool = False,
) -> Opened:
    """The data key, from the first record that opens; protectors that ask nothing are tried first.

    ``unattended`` excludes protectors that ask; with ``proving`` those that prove the store are
    tried first. Raises `StoreUnavailable` or `InteractionRequired` with the reasons when none
    opens, and `StoreCorrupt` for the first malformed record.
    """
    require_bounded(records, store)
    known = [(p, record) for record in records if (p := protector_of(record, system))]
    if not known:
        kinds = ", ".join(f"`{kind_of(record)}`" for record in records)
        raise StoreUnavailable(
            f"the encrypted store is protected by {kinds}, which this keystead does not know",
            id="protector-not-known",
            hint="use the version of keystead that set the protector up",
            where=store.where,
        )
    failures: list[KeysteadError] = []
    for protector, record in sorted(
        known, key=lambda pair: (proving and not pair[0].proves, pair[0].asks)
    ):
        if protector.asks and unattended:
            failures.append(InteractionRequired("a question has to be answered"))
            continue
        if protector.asks and failures:
            reasons = "; ".join(failure.message for failure in failures)
            system.terminal.tell(
                f"the encrypted store could not be opened without a passphrase: {reasons}"
            )
        try:
            return Opened(record, protector.unwrap(record, store))
        except (StoreUnavailable, InteractionRequired) as error:
            failures.append(error)
    last = failures[-1]
    if len(failures) > 1:
        last.message = "; ".join(failure.message for failure in failures)
    raise last
