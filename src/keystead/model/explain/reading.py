"""What the settings of one profile offer, by the words that `keystead explain` has for it.

Nothing sealed is opened: of keys it is only asked whether they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from keystead.model.profile import Profile
from keystead.model.sources.kind import Offer
from keystead.model.sources.static import KEY, SECRET, Static
from keystead.value import Value

CONFIG_KEYS = "config-keys"


class Reading(Value):
    """The sources that a profile has."""

    profile: Profile

    @cached_property
    def found(self) -> Mapping[str, Offer]:
        """Each source that is there by its word, whole or in part; keys in the config file last."""
        offers = [(self.word(offer), offer) for offer in self.profile.choice.offers]
        return dict(sorted(offers, key=lambda item: item[0] == CONFIG_KEYS))

    def word(self, offer: Offer) -> str:
        """The word for a source."""
        in_config = offer.kind is Static and self._keys_in_config(offer.settings[0])
        return CONFIG_KEYS if in_config else offer.kind.word

    def whole(self, *words: str) -> bool:
        """Whether one of these sources is there and lacks nothing."""
        return any(word in self.found and not self.found[word].lacks for word in words)

    def what(self, word: str) -> str:
        """A source that is there, in words."""
        if word == CONFIG_KEYS:
            return "keys in the config file"
        return self.found[word].kind.in_profile(self.profile, self.found[word])

    def where(self, word: str) -> tuple[str, ...]:
        """The places of its settings."""
        places = (self.profile.where(key) for key in self.found[word].settings)
        return tuple(dict.fromkeys(str(place) for place in places if place))

    @property
    def on_own_keys(self) -> bool:
        """Whether the profile names itself as the source of its role."""
        return self.profile.text("source_profile") == self.profile.name

    @property
    def is_split(self) -> bool:
        """Whether each half of the key pair is in another file."""
        if not self.profile.has_keys or self.profile.location is None:
            return False
        first, second = self.profile.where(KEY), self.profile.where(SECRET)
        return first is not None and second is not None and first.file != second.file

    def _keys_in_config(self, key: str) -> bool:
        place = self.profile.where(key)
        stored = self.profile.location
        return stored is not None and place is not None and place.file != stored
