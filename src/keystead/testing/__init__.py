"""For tests: contracts of stores and protectors, and local services to sign in to.

The contracts need pytest, which keystead itself does not depend on; the services do not.
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
    from keystead.testing.federation import Federation
    from keystead.testing.identity_center import IdentityCenter
    from keystead.testing.sign_in import SignIn

__all__ = [
    "EXAMPLES",
    "Federation",
    "IdentityCenter",
    "MemoryKeyring",
    "ProtectorContract",
    "SignIn",
    "StandInDpapi",
    "StoreContract",
    "contents",
]

_MODULES = {"Federation": "federation", "IdentityCenter": "identity_center", "SignIn": "sign_in"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'contracts')}"), name)
