"""A role by web identity: the token of another identity provider, in a file, instead of keys."""

from __future__ import annotations

import re

from keystead.errors import Origin, ProfileInvalid
from keystead.model.credentials import Credentials
from keystead.model.role_options import request_members
from keystead.model.sources.web_identity import TOKEN_FILE, TOKEN_FILE_VARIABLE, WebIdentity
from keystead.resolve.providers.provider import Provider
from keystead.resolve.sts_response import temporary_credentials
from keystead.system import System
from keystead.system.path import Path
from keystead.text.encoding import refuse_other_encoding

MOST_TOKEN_BYTES = 20_000
"""The longest token that STS accepts."""

_TOKEN = re.compile(rb"[!-~]+")


class WebIdentityProvider(Provider):
    """STS, for the token in a file."""

    source: WebIdentity

    def retrieve(self) -> Credentials:
        """The credentials that STS gives for the token, by an unsigned request.

        The file is read each time, as another program renews it; blanks and line breaks at both
        ends are not part of the token.

        Raises `ProfileInvalid` for a file that is not there or holds no token, `FileProblem` for
        one that cannot be read, `ProviderError` when STS refuses or cannot be reached.
        """
        service, operation = self.source.call
        parameters = {
            "RoleArn": self.source.role_arn,
            "WebIdentityToken": read_token(self._token_file(), self.system),
            **request_members(self.source),
        }
        answer = self.client.call(service, operation, parameters)
        return temporary_credentials(answer, operation, self.source.label, self.system)

    def identity(self) -> list[object]:
        """As `Provider.identity`."""
        return [read_token(self._token_file(), self.system)]

    def input_files(self) -> list[Path]:
        """As `Provider.input_files`."""
        return [self._token_file()]

    def _token_file(self) -> Path:
        of_environment = self.system.environ.get(TOKEN_FILE_VARIABLE)
        named = self.profile.text(TOKEN_FILE) if self.source.profile else of_environment
        return self.system.folders.expand(named or "")


def read_token(file: Path, system: System) -> str:
    """The token in a file. Raises as `WebIdentityProvider.retrieve`."""
    where = Origin(str(file))
    data = system.files.read(file).data
    if data is None:
        raise ProfileInvalid(
            "the file in `web_identity_token_file` does not exist",
            id="token-file-unusable",
            hint="check the path, and that what writes the token there runs",
            where=where,
        )
    refuse_other_encoding(data, "the web identity token file", where, ProfileInvalid)
    token = data.strip()
    if not token:
        raise ProfileInvalid(
            "the web identity token file is empty", id="token-file-unusable", where=where
        )
    if len(token) > MOST_TOKEN_BYTES or not _TOKEN.fullmatch(token):
        raise ProfileInvalid(
            "the file does not hold a web identity token", id="token-file-unusable", where=where
        )
    return token.decode()
