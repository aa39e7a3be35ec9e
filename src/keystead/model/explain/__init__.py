"""Explains a choice: every source in order, which won, which lost and why, who chooses otherwise.

Pure: from values that were gathered already to frozen rows, which hold no secret. `sources` is
about the settings of one profile, `search` about what is looked at when none is named, `region`
about the region; `tools` is the table of the programs that are compared.
"""

from __future__ import annotations

from keystead.errors import KeysteadError
from keystead.model.explain.answer import Explanation
from keystead.model.explain.region import explain_region
from keystead.model.explain.search import Explained, Facts, explain_search
from keystead.model.explain.sources import explain_settings
from keystead.model.explain.tools import TOOLS
from keystead.model.plan import make_plan
from keystead.model.profile import Profile, ProfileSource
from keystead.secret import Secret

_NOT_PLANNED = ("external_id", "mfa_serial")
"""What the encrypted store seals and no choice depends on."""


class _Unopened:
    """Profiles without what it would take a person to open."""

    def __init__(self, source: ProfileSource) -> None:
        self._source = source
        self.sso_session = source.sso_session
        self.services = source.services

    def find(self, name: str) -> Profile:
        found = self._source.find(name)
        settings = {
            key: value
            for key, value in found.settings.items()
            if not (key in _NOT_PLANNED and isinstance(value, Secret))
        }
        if len(settings) == len(found.settings):
            return found
        return Profile(name, settings, found.store_type_name, found.location, found.origins)


def explain(facts: Facts, source: ProfileSource) -> Explanation:
    """The explanation of the facts; ``source`` finds the profiles that others name."""
    explained = Explained(facts, source)
    credentials, region = explain_search(explained), explain_region(facts)
    profile = explained.profile
    if profile is None:
        return Explanation(None, credentials, None, region)
    tools = [tool for tool in TOOLS if facts.store_of(profile).is_read_by(tool)]
    settings = explain_settings(profile, tools, _problem(profile, source))
    return Explanation(profile.name, credentials, settings, region)


def _problem(profile: Profile, source: ProfileSource) -> str | None:
    """Why there is no plan for the profile, None when there is one."""
    try:
        make_plan(profile.name, _Unopened(source))
    except KeysteadError as error:
        return error.message
    return None
