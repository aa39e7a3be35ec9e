"""Cache keys of sessions: digests of everything that the requests for them depend on. Pure.

Requests with the same key get equivalent sessions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from keystead.digest import sha256
from keystead.model.calls import Call
from keystead.model.client_settings import ClientSettings
from keystead.model.credentials import Credentials
from keystead.model.plan import Plan
from keystead.value import Value, asdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WHO_ASKS = ("profile", "region", "mfa_answer")
"""Fields that do not change what is given: the region counts as part of the call."""


_REACH = (
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "sts_regional_endpoints",
    "ca_bundle",
    "proxy_ca_bundle",
    "proxy_client_cert",
)
"""Client settings that decide, with region and address, which server answers."""


def session_keys(
    plan: Plan, first: str, called: Sequence[Call], environ: Mapping[str, str]
) -> list[str]:
    """A name for the base, the user's session if there is one, and the session of each step.

    Each depends on all before it, on which server is reached, and on ``first``, which identifies
    the base: the access key id of keys, else what `base_inputs` gives. ``called`` has the calls
    after the base, in order. A generated session name counts as none.
    """
    keys = [_digest(plan.base.kind, first, _reach(plan.client_settings, environ))]
    inputs: list[dict[str, Any]] = [_inputs(step, plan) for step in plan.steps]
    if plan.user_session:
        for step in inputs[:1]:
            step["mfa_serial"] = None  # the session has the code
        inputs.insert(0, {"mfa_serial": plan.user_session.mfa_serial})
    for call, asked in zip(called, inputs, strict=True):
        keys.append(_digest(keys[-1], call, asked))
    return keys


def key_inputs(credentials: Credentials) -> str:
    """What identifies keys as the base."""
    return credentials.access_key_id + (credentials.session_token or "")


def flight_key(plan: Plan, inputs: Sequence[object]) -> str:
    """A name for the requests that one run of the source's program answers, while it runs."""
    return _digest("flight", base_inputs(plan, *inputs))


def base_inputs(plan: Plan, *more: object) -> str:
    """All that a base other than keys is requested with; ``more`` is what the plan does not say."""
    asked = _inputs(plan.base, plan, without=("profile",))
    return json.dumps([plan.base.kind, asked, more], sort_keys=True)


def _reach(settings: ClientSettings, environ: Mapping[str, str]) -> list[object]:
    proxies = [environ.get(name) or environ.get(name.upper()) for name in _PROXIES]
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY") if any(proxies) else None
    return [[settings.get(name) for name in _REACH], proxies, exempt]


_PROXIES = ("http_proxy", "https_proxy")


def _inputs(row: Value, plan: Plan, without: Sequence[str] = _WHO_ASKS) -> dict[str, Any]:
    """The fields that change what is given; a generated session name counts as none."""
    asked = {name: value for name, value in asdict(row).items() if name not in without}
    if asked.get("role_session_name") == plan.generated_session_name:
        asked["role_session_name"] = None
    return asked


def _digest(*parts: object) -> str:
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]
