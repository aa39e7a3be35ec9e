"""Credentials from IAM Identity Center, by the login of a person."""

from __future__ import annotations

from keystead.model.credentials import Credentials
from keystead.model.sources.sso import Sso
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.providers.provider import Provider
from keystead.resolve.sso.credentials import role_credentials
from keystead.resolve.sso.oidc import SsoTokenCache


class SsoProvider(Provider):
    """IAM Identity Center."""

    source: Sso

    def retrieve(self) -> Credentials:
        """The credentials of the permission set. Raises as `role_credentials`."""
        return role_credentials(self.source, self.login(), self._portal)

    def identity(self) -> list[object]:
        """As `Provider.identity`."""
        place = self.login().place
        return [str(place.path), place.identity()]

    def login(self) -> SsoTokenCache:
        """As `Provider.login`."""
        return SsoTokenCache(self.source.login, self.system, self._portal, self.context.logins())

    @property
    def _portal(self) -> AwsClient:
        return self.client.in_region(self.source.region)
