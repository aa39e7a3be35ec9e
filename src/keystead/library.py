"""The public functions, and the chain of stores.

*Long jobs.* Each request is signed with credentials that stay valid for ten minutes at least. They
are renewed before, and all programs share them through the
[cache](resolving.md#cached-sessions). Where renewing fails, those at hand are used until
they expire.

*Rotated keys.* A session looks at the time stamps of the profile files at each request, which costs
microseconds, and reads them again when one has changed. From then on the old keys are not used,
whatever happens: a profile that was removed or broken is an error at the next request.

*Threads.* Sessions may be shared by threads as far as boto3 allows it. One thread renews, or runs
your function for a code or passphrase, and the others wait for it.

*Forks.* A child process continues with the session of its parent, whatever another thread of the
parent was doing at that moment.

*asyncio.* What takes time (a call to STS, your function for a code) runs in a thread, so the event
loop continues.

*People.* An MFA code is asked for when the session is made and when a renewal needs one: by your
function, else on the terminal of the process. Without either, the error is `InteractionRequired`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keystead.app import App
from keystead.audit.grantee import Grantee
from keystead.model.credentials import Credentials
from keystead.model.plan import Plan
from keystead.model.role_options import RoleOptions
from keystead.prompts import MfaFunction, PassphraseFunction, Prompts
from keystead.stores.chain import StoreChain
from keystead.system import System

if TYPE_CHECKING:
    import boto3
    from aiobotocore.session import AioSession

Location = str | os.PathLike[str] | None


def session(
    name: str | None = None,
    *,
    location: Location = None,
    region: str | None = None,
    options: RoleOptions | None = None,
    mfa: MfaFunction | None = None,
    passphrase: PassphraseFunction | None = None,
    profile_name: str | None = None,
    region_name: str | None = None,
) -> boto3.Session:
    """A boto3 Session whose credentials renew themselves.

    * ``name``: the profile. Without it, the default search of the AWS SDKs: keys in the
      environment, ``AWS_PROFILE``, the profile ``default``, a container, EC2.
    * ``location``: the path of a shared credentials file that is searched alone, with the file
      ``config`` in the same folder.
    * ``region``: takes precedence over ``AWS_REGION``, ``AWS_DEFAULT_REGION`` and the profile's.
    * ``options``: options of the profile's last role; they take precedence over its settings.
    * ``mfa``: a function that is called with an `MfaRequest` when a code is needed and returns it.
      It takes precedence over ``KEYSTEAD_MFA_CODE``, the profile's ``mfa_process`` and
      ``mfa_totp_secret``, and the terminal.
    * ``passphrase``: a function that is called with a `PassphraseRequest` when the passphrase of
      the encrypted store is needed and returns it. It takes precedence over
      ``KEYSTEAD_PASSPHRASE_FILE`` and the terminal.
    * ``profile_name``, ``region_name``: boto3's names for ``name`` and ``region``, so that the
      function can stand where ``boto3.Session`` did.

    The first credentials are retrieved at once, so errors are raised here and not at the first
    request: `ProfileNotFound`, `ProfileInvalid`, `NotConfigured`, `StoreUnavailable`,
    `InteractionRequired`, `ProviderError` and others of `KeysteadError`. What your functions raise
    is passed on as it is.

    >>> session = keystead.session("dev", region="eu-central-1")
    >>> session.profile_name, session.region_name, session.available_profiles
    ('dev', 'eu-central-1', ['dev', 'admin', 'secure'])
    >>> session.client("sts").get_caller_identity()["Account"]
    '123456789012'
    >>> keystead.session(profile_name="admin", region_name="eu-west-1")
    Session(region_name='eu-west-1')
    """
    from keystead.delivery.boto import boto_session

    name = _either("name", name, "profile_name", profile_name)
    region = _either("region", region, "region_name", region_name)
    return boto_session(
        app(mfa, passphrase).select(name, location, options, region).session_source()
    )


def aio_session(
    name: str | None = None,
    *,
    location: Location = None,
    region: str | None = None,
    options: RoleOptions | None = None,
    mfa: MfaFunction | None = None,
    passphrase: PassphraseFunction | None = None,
    profile_name: str | None = None,
    region_name: str | None = None,
) -> AioSession:
    """A session of aiobotocore, for asyncio, whose credentials renew themselves.

    The arguments are those of `session`. aiobotocore has to be installed, else the error is
    `UsageError`; ``aioboto3.Session(botocore_session=keystead.aio_session("dev"))`` makes it a
    session of aioboto3. Credentials are retrieved at the first request, in a thread; the functions
    ``mfa`` and ``passphrase`` run there and are not coroutines.

    >>> import asyncio
    >>> async def account():
    ...     async with keystead.aio_session("dev").create_client("sts") as sts:
    ...         return (await sts.get_caller_identity())["Account"]
    >>> asyncio.run(account())
    '123456789012'
    """
    from keystead.delivery.aio import aio_session as made

    name = _either("name", name, "profile_name", profile_name)
    region = _either("region", region, "region_name", region_name)
    return made(app(mfa, passphrase).select(name, location, options, region).session_source())


def credentials(
    name: str | None = None,
    *,
    location: Location = None,
    options: RoleOptions | None = None,
    mfa: MfaFunction | None = None,
    passphrase: PassphraseFunction | None = None,
) -> Credentials:
    """The credentials of a profile, retrieved once; arguments and errors as for `session`.

    A session that is in the cache and stays valid for a while is used again.

    >>> found = keystead.credentials("admin")
    >>> found.source
    'profile dev > arn:aws:iam::123456789012:role/admin'
    >>> found.session_token is not None, found.expires_at is not None
    (True, True)
    """
    return app(mfa, passphrase).select(name, location, options).credentials(Grantee("library"))


def plan(
    name: str | None = None,
    *,
    location: Location = None,
    options: RoleOptions | None = None,
) -> Plan:
    """How the credentials of a profile would be retrieved; arguments and errors as for `session`.

    Nothing is called, nobody is asked, and the plan holds no key.

    >>> plan = keystead.plan("admin")
    >>> plan.base.kind, plan.base.profile
    ('static', 'dev')
    >>> [step.role_arn for step in plan.steps]
    ['arn:aws:iam::123456789012:role/admin']
    >>> keystead.plan("secure").mfa_serials
    ('arn:aws:iam::123456789012:mfa/me',)
    """
    return app().select(name, location, options).plan


class ProfileStoreChain(StoreChain):
    """The profiles of the encrypted store and of the shared files, in this order.

    * ``location``: the path of a shared credentials file; then the chain is that file alone, with
      the file ``config`` in the same folder.
    * ``passphrase``: as for `session`. The store is opened by the agent where that holds its key.

    Finding and listing open nothing: a secret is a `Secret`, which opens the store when it is
    revealed. Saving and removing open the store.

    Without a ``location`` a profile is saved in the encrypted store, which is created if there is
    none. Saving a profile that exists merges the settings; if the new ones make another type of
    profile, those of the old type are removed.

    >>> chain = keystead.ProfileStoreChain(passphrase=lambda request: "correct horse battery")
    >>> keys = {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": "example"}
    >>> chain.register(keystead.Profile("ci", keys))
    >>> [(profile.name, profile.store_type_name) for profile in chain.profiles()][:2]
    [('ci', 'NetSDKCredentialsFile'), ('dev', 'SharedCredentialsFile')]
    >>> chain.find("ci").settings["aws_secret_access_key"].reveal()
    'example'
    >>> chain.register(keystead.Profile("ci", {"region": "eu-west-1"}))
    >>> chain.find("ci").region
    'eu-west-1'
    >>> chain.unregister("ci")
    >>> chain.find("ci")
    Traceback (most recent call last):
    keystead.errors.ProfileNotFound: there is no profile `ci`

    A shared credentials file keeps every other byte, comments included:

    >>> chain = keystead.ProfileStoreChain(location="team/credentials")
    >>> chain.register(keystead.Profile("ci", keys))
    >>> [profile.name for profile in chain.profiles()]
    ['ci']
    >>> keystead.credentials("ci", location="team/credentials").access_key_id
    'AKIAI44QH8DHBEXAMPLE'
    """

    def __init__(
        self, location: Location = None, *, passphrase: PassphraseFunction | None = None
    ) -> None:
        made = app(passphrase=passphrase)
        super().__init__(location, system=made.system, stores=made.stores)


def app(mfa: MfaFunction | None = None, passphrase: PassphraseFunction | None = None) -> App:
    """An `App` that asks these functions. Raises `TypeError` for what is not a function."""
    return App(System(prompts=Prompts(mfa, passphrase)))


def _either(ours: str, value: str | None, boto3s: str, other: str | None) -> str | None:
    """The argument that was given under one of its two names."""
    if value is not None and other is not None:
        raise TypeError(f"`{ours}` and `{boto3s}` are the same argument; pass one of them")
    return other if value is None else value
