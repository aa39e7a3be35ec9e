"""What IAM Identity Center gives to a person who is logged in."""

from __future__ import annotations

from pathlib import Path

from keystead.model.credentials import Credentials
from keystead.model.sources.sso import Sso
from keystead.resolve.providers.provider import Provider
from keystead.resolve.sso.credentials import login_identity, sso_credentials, token_file


class SsoProvider(Provider[Sso]):
    """IAM Identity Center."""

    def retrieve(self) -> Credentials:
        """The credentials of the permission set. Raises as `sso_credentials`."""
        source = self.source
        return sso_credentials(
            session_name=source.sso_session,
            start_url=source.sso_start_url,
            region=source.region,
            account_id=source.sso_account_id,
            role_name=source.sso_role_name,
            profile=source.profile,
            system=self.system,
            client_settings=self.client_settings,
        )

    def identity(self) -> list[object]:
        """As `Provider.identity`."""
        return [*login_identity(self.source.sso_session, self.source.sso_start_url, self.system)]

    def input_files(self) -> list[Path]:
        """As `Provider.input_files`."""
        return [token_file(self.source.sso_session, self.source.sso_start_url, self.system)]
