"""Credentials from IAM Identity Center, by the login of a person."""

from __future__ import annotations

from keystead.model.credentials import Credentials
from keystead.model.sources.sso import Sso
from keystead.resolve.providers.provider import Provider
from keystead.resolve.sso.credentials import role_credentials
from keystead.resolve.sso.oidc import login_identity, token_file
from keystead.system.path import Path


class SsoProvider(Provider):
    """IAM Identity Center."""

    source: Sso

    def retrieve(self) -> Credentials:
        """The credentials of the permission set. Raises as `role_credentials`."""
        return role_credentials(self.source, self.system, self.client)

    def identity(self) -> list[object]:
        """As `Provider.identity`."""
        return login_identity(self.source, self.system)

    def input_files(self) -> list[Path]:
        """As `Provider.input_files`."""
        return [token_file(self.source, self.system)]
