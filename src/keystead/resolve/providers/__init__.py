"""The provider of each kind of source, which retrieves its credentials.

Providers are imported on use: most plans start from keys in a file.
"""

from __future__ import annotations

from keystead.model.account import require_account_of
from keystead.model.credentials import Credentials
from keystead.model.session import Session
from keystead.model.sources import Source
from keystead.model.sources.container import Container
from keystead.model.sources.ec2 import Ec2
from keystead.model.sources.environment import Environment
from keystead.model.sources.login import Login
from keystead.model.sources.process import Process
from keystead.model.sources.sso import Sso
from keystead.model.sources.static import Static
from keystead.model.sources.web_identity import WebIdentity
from keystead.value import assert_never, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.resolve.providers.provider import Provider, ProviderContext
    from keystead.system import System


def provider_of(source: Source, context: ProviderContext) -> Provider:  # noqa: RET503  # of every kind
    """The provider of that kind of source."""
    match source:
        case Static():
            from keystead.resolve.providers.static import StaticProvider

            return StaticProvider(source, context)
        case Environment():
            from keystead.resolve.providers.environment import EnvironmentProvider

            return EnvironmentProvider(source, context)
        case Process():
            from keystead.resolve.providers.process import ProcessProvider

            return ProcessProvider(source, context)
        case Sso():
            from keystead.resolve.providers.sso import SsoProvider

            return SsoProvider(source, context)
        case Login():
            from keystead.resolve.providers.login import LoginProvider

            return LoginProvider(source, context)
        case WebIdentity():
            from keystead.resolve.providers.web_identity import WebIdentityProvider

            return WebIdentityProvider(source, context)
        case Container():
            from keystead.resolve.providers.container import ContainerProvider

            return ContainerProvider(source, context)
        case Ec2():
            from keystead.resolve.providers.ec2 import Ec2Provider

            return Ec2Provider(source, context)
        case _:
            assert_never(source)


def retrieve(source: Source, context: ProviderContext) -> Credentials:
    """The credentials of a source.

    Raises what its provider raises, and `ProfileInvalid` for those of another account than the
    profile is for.
    """
    found = provider_of(source, context).retrieve()
    if source.account_id is None:
        return found
    require_account_of(context.profile, found)
    return replace(found, account_id=found.account_id or source.account_id)


def session_of(credentials: Credentials, system: System) -> Session:
    """The session of credentials retrieved just now."""
    return Session(credentials, system.clock(), system.uptime())
