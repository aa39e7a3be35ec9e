"""AWS credential profiles in two stores, and credentials for any program.

`session` makes a boto3 Session for a profile, `aio_session` one of aiobotocore, `credentials` gives
the keys themselves and `plan` says how they would be retrieved. `ProfileStoreChain` reads and saves
profiles. Every error is a `KeysteadError`. Importing the package loads neither botocore nor
cryptography; they come with the first call that needs them.

>>> import keystead
>>> keystead.session("dev").client("sts").get_caller_identity()["Account"]
'123456789012'
"""

TYPE_CHECKING = False  # type checkers know the name; `typing` costs more than this whole package
if TYPE_CHECKING:
    from keystead._version import __version__
    from keystead.errors import (
        DocumentError,
        FileProblem,
        InteractionRequired,
        KeysteadError,
        MalformedMfaCode,
        NotConfigured,
        ProfileCycle,
        ProfileInvalid,
        ProfileNotFound,
        ProviderError,
        StoreCorrupt,
        StoreUnavailable,
        UsageError,
        UseRefused,
        WrongMfaCode,
        WrongPassphrase,
    )
    from keystead.library import ProfileStoreChain, aio_session, credentials, plan, session
    from keystead.model.assume_role import AssumeRoleStep
    from keystead.model.credentials import Credentials
    from keystead.model.plan import Plan
    from keystead.model.profile import Profile
    from keystead.model.role_options import RoleOptions
    from keystead.prompts import MfaRequest, PassphraseRequest
    from keystead.secret import Secret

__all__ = [
    "AssumeRoleStep",
    "Credentials",
    "DocumentError",
    "FileProblem",
    "InteractionRequired",
    "KeysteadError",
    "MalformedMfaCode",
    "MfaRequest",
    "NotConfigured",
    "PassphraseRequest",
    "Plan",
    "Profile",
    "ProfileCycle",
    "ProfileInvalid",
    "ProfileNotFound",
    "ProfileStoreChain",
    "ProviderError",
    "RoleOptions",
    "Secret",
    "StoreCorrupt",
    "StoreUnavailable",
    "UsageError",
    "UseRefused",
    "WrongMfaCode",
    "WrongPassphrase",
    "__version__",
    "aio_session",
    "credentials",
    "plan",
    "session",
]

_HOMES = {
    "AssumeRoleStep": "keystead.model.assume_role",
    "Credentials": "keystead.model.credentials",
    "MfaRequest": "keystead.prompts",
    "PassphraseRequest": "keystead.prompts",
    "Plan": "keystead.model.plan",
    "Profile": "keystead.model.profile",
    "ProfileStoreChain": "keystead.library",
    "RoleOptions": "keystead.model.role_options",
    "Secret": "keystead.secret",
    "__version__": "keystead._version",
    "aio_session": "keystead.library",
    "credentials": "keystead.library",
    "plan": "keystead.library",
    "session": "keystead.library",
}
"""The module of each public name but errors, which is imported lazily."""


def __dir__() -> list[str]:
    """The public names, imported yet or not, for `help`, `dir` and the Tab key."""
    return sorted(__all__)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'keystead' has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(_HOMES.get(name, "keystead.errors")), name)
    globals()[name] = value
    return value
