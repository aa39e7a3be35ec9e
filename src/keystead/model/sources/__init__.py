"""The kinds of sources of credentials, a module each: what a plan starts from. Pure."""

from __future__ import annotations

from keystead.model.sources.container import Container
from keystead.model.sources.ec2 import Ec2
from keystead.model.sources.environment import Environment
from keystead.model.sources.login import Login
from keystead.model.sources.process import Process
from keystead.model.sources.sso import Sso
from keystead.model.sources.static import Static
from keystead.model.sources.web_identity import WebIdentity

Source = (
    Environment  # a line each, so that changes that add a kind do not conflict
    | WebIdentity
    | Sso
    | Static
    | Login
    | Process
    | Container
    | Ec2
)

SOURCES: tuple[type[Source], ...] = (
    Environment,
    WebIdentity,
    Sso,
    Static,
    Login,
    Process,
    Container,
    Ec2,
)
"""Every kind, in order of precedence; a role over another source comes after `WebIdentity`.

The keys of a profile are at the place of `Static` if they are in the credentials file, and after
all other kinds if they are in the config file.
"""

AMBIENT: dict[str, type[Environment | Ec2 | Container]] = {
    kind.setting_value: kind for kind in (Environment, Ec2, Container)
}
"""The values of ``credential_source`` and the kinds that they name."""
