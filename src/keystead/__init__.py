"""AWS shared credentials, kept safe: profiles in two stores, and credentials for any program.

The common case is one line::

    import keystead

    keystead.session("prod").client("s3").list_buckets()

`credentials` gives the keys themselves, `plan` says how they would be got, `ProfileStoreChain`
reads and saves profiles. Every error descends from `KeysteadError`. Importing this package loads
neither botocore nor cryptography; they come with the first call that needs them.
"""

TYPE_CHECKING = False  # type checkers know the name; `typing` costs more than this whole package
if TYPE_CHECKING:
    import os

    import boto3
    from aiobotocore.session import AioSession

    from keystead._version import __version__
    from keystead.errors import (
        DocumentError,
        FileProblem,
        InteractionRequired,
        KeysteadError,
        NotConfigured,
        ProfileCycle,
        ProfileInvalid,
        ProfileNotFound,
        ProviderError,
        StoreCorrupt,
        StoreUnavailable,
        UsageError,
        UseRefused,
    )
    from keystead.model.credentials import Credentials
    from keystead.model.plan import AssumeRoleStep, Plan
    from keystead.model.profile import Profile
    from keystead.model.roleoptions import RoleOptions
    from keystead.secret import Secret
    from keystead.stores.chain import ProfileStoreChain

__all__ = [
    "AssumeRoleStep",
    "Credentials",
    "DocumentError",
    "FileProblem",
    "InteractionRequired",
    "KeysteadError",
    "NotConfigured",
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
    "__version__",
    "aio_session",
    "credentials",
    "plan",
    "session",
]

_HOMES = {
    "AssumeRoleStep": "keystead.model.plan",
    "Credentials": "keystead.model.credentials",
    "Plan": "keystead.model.plan",
    "Profile": "keystead.model.profile",
    "ProfileStoreChain": "keystead.stores.chain",
    "RoleOptions": "keystead.model.roleoptions",
    "Secret": "keystead.secret",
    "__version__": "keystead._version",
}


def __dir__() -> list[str]:
    """The public names alone, imported yet or not: what `help`, `dir` and the Tab key show."""
    return sorted(__all__)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'keystead' has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(_HOMES.get(name, "keystead.errors")), name)
    globals()[name] = value
    return value


def session(
    name: str | None = None,
    *,
    location: "str | os.PathLike[str] | None" = None,
    region: str | None = None,
    options: "RoleOptions | None" = None,
    profile_name: str | None = None,
    region_name: str | None = None,
) -> "boto3.Session":
    """A boto3 Session whose credentials renew themselves.

    ``name`` None follows the default search of the AWS SDKs (environment, ``AWS_PROFILE``,
    ``default``); ``location`` searches the shared file at that path alone; ``region`` takes
    precedence over the environment's and the profile's, ``options`` over the profile's for its last
    role. ``profile_name`` and ``region_name`` are boto3's words for ``name`` and ``region``.
    Raises `ProfileNotFound`, `ProfileInvalid`, `StoreUnavailable`, `InteractionRequired` or
    `ProviderError`.
    """
    from keystead.app import App
    from keystead.delivery.boto import boto_session

    name = _either("name", name, "profile_name", profile_name)
    region = _either("region", region, "region_name", region_name)
    return boto_session(App().source(name, location, region, options))


def aio_session(
    name: str | None = None,
    *,
    location: "str | os.PathLike[str] | None" = None,
    region: str | None = None,
    options: "RoleOptions | None" = None,
    profile_name: str | None = None,
    region_name: str | None = None,
) -> "AioSession":
    """The same for asyncio: a session of aiobotocore, which has to be installed.

    ``aioboto3.Session(botocore_session=keystead.aio_session("prod"))`` makes it one of aioboto3.
    """
    from keystead.app import App
    from keystead.delivery.aio import aio_session as made

    name = _either("name", name, "profile_name", profile_name)
    region = _either("region", region, "region_name", region_name)
    return made(App().source(name, location, region, options))


def _either(ours: str, value: str | None, boto3s: str, other: str | None) -> str | None:
    """The argument that was given under one of its two names."""
    if value is not None and other is not None:
        raise TypeError(f"`{ours}` and `{boto3s}` are the same argument; pass one of them")
    return other if value is None else value


def credentials(
    name: str | None = None,
    *,
    location: "str | os.PathLike[str] | None" = None,
    options: "RoleOptions | None" = None,
) -> "Credentials":
    """The credentials of a profile; arguments and errors as for `session`."""
    from keystead.app import App

    return App().credentials(name, location, options)


def plan(
    name: str | None = None,
    *,
    location: "str | os.PathLike[str] | None" = None,
    options: "RoleOptions | None" = None,
) -> "Plan":
    """How the credentials of a profile would be got. It calls nobody and holds no key.

    Arguments and errors as for `session`.
    """
    from keystead.app import App

    return App().plan(name, location, options)
