"""The keys in the environment."""

from __future__ import annotations

from keystead.errors import NotConfigured, ProfileInvalid
from keystead.model.credentials import Credentials
from keystead.model.sources.environment import TOKEN_VARIABLE, VARIABLES, Environment, has_keys
from keystead.resolve.providers.provider import Provider


class EnvironmentProvider(Provider):
    """Keys in variables."""

    source: Environment

    def retrieve(self) -> Credentials:
        """The keys. Raises `NotConfigured` when there are none, `ProfileInvalid` for half a pair,
        which no SDK uses.
        """
        environ = self.system.environ
        where = self.profile.where("credential_source")
        takes = f"profile `{self.profile.name}` takes its keys from the environment"
        try:
            found = has_keys(environ)
        except ProfileInvalid as error:
            if not self.profile.name:
                raise
            message = f"{takes} by its `credential_source`, and {error.message}"
            raise ProfileInvalid(message, id=error.id, hint=error.hint, where=where) from error
        if not found:
            hint = f"set {' and '.join(VARIABLES)}"
            raise NotConfigured(f"{takes}, which has none", hint=hint, where=where)
        key, secret = (environ[name] for name in VARIABLES)
        return Credentials(key, secret, environ.get(TOKEN_VARIABLE) or None, source="environment")
