"""What profiles share on the way to their credentials: a login, an MFA session, an opened store."""

from __future__ import annotations

from keystead.app.selection import Selection
from keystead.delivery import permission
from keystead.model.sources.login import Login
from keystead.model.sources.process import Process
from keystead.model.sources.sso import Sso

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable


def shared_by(selected: Selection) -> Hashable | None:
    """A value that is equal for profiles of which the first asks a person, if anyone is asked.

    None: each asks for itself. Raises what making the plan raises.
    """
    plan = selected.plan
    base, session = plan.base, plan.user_session
    asked = plan.mfa_serials[1:] if session else plan.mfa_serials
    if asked or isinstance(base, Process) or any(map(permission.has_rule, selected.profiles_used)):
        return None
    if isinstance(base, Sso):
        return base.kind, base.sso_session or base.sso_start_url
    if isinstance(base, Login):
        return base.kind, base.login_session
    if base.profile and not selected.profiles.opens_unasked(base.profile):
        return None
    return base.kind, base.profile, session and session.mfa_serial
