"""Profiles for names of the form ``session/account/role``, which no profile has."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.errors import ProfileInvalid
from keystead.identity_center.account import Account, RoleFilter
from keystead.identity_center.lister import Lister, Progress
from keystead.identity_center.listing import Listing, unknown_account, unknown_role
from keystead.identity_center.listing_cache import ListingCache
from keystead.identity_center.portal import Portal
from keystead.identity_center.region_rule import parse_rules, region_of
from keystead.model.profile import Profile
from keystead.model.role_reference import REGION_RULES, RoleReference
from keystead.model.sources.sso import Sso
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.sso.oidc import SsoTokenCache
from keystead.system import System

EVERYTHING = RoleFilter((), ())
