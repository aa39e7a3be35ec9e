"""What the program of ``credential_process`` prints."""

from __future__ import annotations

from keystead.model.profile_type import ProfileType
from keystead.model.setting import Group, Setting, switch
from keystead.model.sources.kind import CredentialSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from keystead.model.profile import Profile, ProfileSource

SETTING = "credential_process"
_CACHE = "credential_process_cache"


class Process(CredentialSource):
    """The program that ``profile`` names.

    What it prints may depend on anything, so it is cached where the profile says so: ``cached``.
    """

    kind = "process"
    word = "process"
    meaning = "the program of `credential_process`"
    types = (
        ProfileType(
            "CredentialProcess",
            ((SETTING,),),
            (SETTING,),
            (),
            "credentials that a program prints",
            {SETTING: '/opt/helper --name "a b"'},
        ),
    )
    settings = (
        Setting(SETTING, Group.SOURCE, "the program that prints credentials", netsdk=SETTING),
        switch(
            _CACHE,
            "whether what that program prints is cached until it expires; keystead's own",
            _CACHE,
        ),
    )

    cached: bool | None = None

    @property
    def is_cached(self) -> bool:
        """As `CredentialSource.is_cached`."""
        return bool(self.cached)

    @classmethod
    def from_profile(cls, profile: Profile, sections: ProfileSource) -> Self:
        """As `CredentialSource.from_profile`."""
        del sections
        cached = (profile.text(_CACHE) or "").lower() == "true"
        return cls(profile=profile.name, cached=cached or None)

    def describe(self) -> str:
        """As `CredentialSource.describe`."""
        return f"the program of profile {self.profile}"
