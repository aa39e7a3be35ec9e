"""Checks of the services that provide credentials, and of the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from keystead.app import App
from keystead.doctor.result import Result, ok, problem, refused, warning
from keystead.errors import KeysteadError
from keystead.model.client_settings import NO_CLIENT_SETTINGS, client_settings
from keystead.model.profile import Profile
from keystead.model.search import default_profile
from keystead.resolve.aws.client import AwsClient
from keystead.resolve.connectivity import Probe, probe
from keystead.resolve.http_provider import Endpoint
from keystead.text.document import Grammar
from keystead.value import replace

LATE = timedelta(minutes=4)
"""The tolerated offset of the clock; AWS refuses signatures that are five minutes off."""

_OFFLINE = "check the network, the proxy variables and AWS_ENDPOINT_URL"


def services(app: App) -> Iterator[Result]:
    """STS, IAM Identity Center where a profile uses it, and the clock by their answers."""
    profile = _profile(app)
    try:
        own = client_settings(profile, app.snapshot()) if profile else NO_CLIENT_SETTINGS
    except KeysteadError as error:
        yield refused(error)
        own = NO_CLIENT_SETTINGS
    settings = own.with_variables(app.system.environ)
    wanted = {("STS", settings.region): ("sts", "GetCallerIdentity")}
    wanted |= {
        (f"IAM Identity Center in {region}", region): ("sso", "GetRoleCredentials")
        for region in _sso_regions(app)
    }
    urls: dict[str, str] = {}
    for (name, place), (service, operation) in wanted.items():
        try:
            client = AwsClient(app.system, replace(settings, region=place))
            url = client.address(service, operation)
            Endpoint.parse(url, f"the address of {name}")
        except KeysteadError as error:
            yield problem(error.message, "check the AWS_ENDPOINT_URL variables")
        except ValueError:
            yield problem(f"there is no {name} in the region `{place}`", "check the region")
        else:
            urls[name] = url
    answers = probe(urls.values(), settings.get("ca_bundle"))
    for name, url in urls.items():
        server = Endpoint.parse(url, name).place
        reason = answers[url].reason
        if reason:
            yield warning(f"{name} at {server} was not reached: {reason}", _OFFLINE)
        else:
            yield ok(f"{name} at {server} answers")
    yield _clock(app, answers.get(urls.get("STS", "")))


def _clock(app: App, answer: Probe | None) -> Result:
    if answer is None or answer.date is None:
        return warning("the clock was not compared with STS's", _OFFLINE)
    wrong = app.system.clock() - answer.date
    if abs(wrong) <= LATE:
        return ok("the clock agrees with STS's")
    way = "ahead of" if wrong > timedelta(0) else "behind"
    minutes = abs(wrong) // timedelta(minutes=1)
    return problem(
        f"the clock is {minutes} minutes {way} STS's, so AWS refuses signed requests",
        "set the clock, or let the system do so by the network (NTP)",
    )


def _profile(app: App) -> Profile | None:
    """The profile that is used by default."""
    try:
        return default_profile(app.system.environ, app.snapshot())
    except KeysteadError:  # reported by the check of the environment
        return None


def _sso_regions(app: App) -> list[str]:
    """The regions of IAM Identity Center in the profiles of the shared files."""
    try:
        reading = app.shared.snapshot().reading(Grammar.TOLERANT)
    except KeysteadError:  # reported by the check of the files
        return []
    sections = (*reading.profiles.values(), *reading.sso_sessions.values())
    values = [section["sso_region"].value for section in sections if "sso_region" in section]
    return sorted({value for value in values if isinstance(value, str) and value})
