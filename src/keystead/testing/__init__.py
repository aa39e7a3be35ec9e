"""For tests: the contracts of stores and protectors, and replacements of what a test cannot use.

The contracts need pytest, which keystead itself does not depend on; the rest does not.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.testing.contracts import (
        EXAMPLES,
        MemoryKeyring,
        ProtectorContract,
        StandInDpapi,
        StoreContract,
        contents,
    )

__all__ = [
    "EXAMPLES",
    "MemoryKeyring",
    "ProtectorContract",
    "StandInDpapi",
    "StoreContract",
    "contents",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(importlib.import_module("keystead.testing.contracts"), name)
