"""``keystead console``: opens the AWS console in a browser, signed in with a profile."""

from __future__ import annotations

from keystead import caller
from keystead.browser.availability import facts, why_no_browser
from keystead.browser.launch import BROWSERS, Browser, open_page
from keystead.cli.command import LOCATION, NAME_OR_DEFAULT, Arguments, Context, argument, command
from keystead.cli.role_options import ROLE_OPTIONS, role_options
from keystead.errors import (
    InteractionRequired,
    KeysteadError,
    NameMissing,
    NotConfigured,
    UsageError,
)
from keystead.federation.destination import SERVICES
from keystead.federation.limits import parse_duration
from keystead.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.secret import Secret

_WAIT_SECONDS = 60.0


@command(
    "console",
    "open the AWS console in a browser, signed in with a profile",
    NAME_OR_DEFAULT,
    argument(
        "--service",
        metavar="SERVICE",
        choices=list(SERVICES),
        help="the page of a service, such as `s3`",
    ),
    argument("--url", metavar="URL", help="another page of the console"),
    argument("--region", help="the region of the page"),
    argument(
        "--duration",
        metavar="TIME",
        type=parse_duration,
        help="how long the console session lasts, such as `8h`",
    ),
    argument(
        "--browser",
        metavar="BROWSER",
        choices=list(BROWSERS),
        help="a browser by name; else the default one",
    ),
    argument("--browser-profile", metavar="PROFILE", help="a profile of that browser"),
    argument(
        "--container",
        action="store_true",
        help="a Firefox container named after the profile, by the extension `Open external links "
        "in a container`",
    ),
    argument("--print", action="store_true", help="print the URL, which is a secret"),
    *ROLE_OPTIONS,
    LOCATION,
    details="The browser opens a page of this machine, which redirects once: the URL that signs in "
    "is in no other program's arguments.",
)
def console(context: Context, args: Arguments) -> None:
    """``keystead console [NAME]``."""
    from keystead.federation.sign_in import Page, console_url

    if args.service and args.url:
        raise UsageError("--service and --url exclude each other")
    app, options = context.app, role_options(context, args)
    selected = app.select(args.name, args.location, region=args.region)
    try:
        profile = selected.plan.profile  # without the options, as a user's keys take only some
    except NotConfigured:
        raise NameMissing("a profile is missing", hint="keystead console NAME") from None
    if options:
        selected = replace(selected, options=options)
    container = (profile or "default") if args.container else None
    browser = Browser(args.browser, args.browser_profile, container)
    if not args.print:
        caller.process.require_own_process()
        why = None if args.browser or args.container else why_no_browser(facts(app.environ))
        if why:
            raise InteractionRequired(
                f"no browser can be opened here: {why}",
                id="no-browser",
                hint="--print prints the URL, to be opened in a browser of another machine",
            )
    url = console_url(selected, Page(args.service, args.url, args.duration))
    if args.print:
        context.console.show(url.reveal())
    else:
        _open(context, url, browser)


def _open(context: Context, url: Secret, browser: Browser) -> None:
    """Opens a one-time page that redirects to the URL, and waits until the browser has it."""
    import threading

    from keystead.browser.loopback import TURN_SECONDS, Pages, serving

    visited = threading.Event()
    with serving(Pages) as pages:
        address = pages.redirect_once(url.reveal(), visited.set)
        opening = open_page(context.app.system, address, browser)
        left = _WAIT_SECONDS
        while not visited.wait(TURN_SECONDS) and left > 0 and not opening.has_failed():
            left -= TURN_SECONDS
        if not visited.is_set():
            raise KeysteadError(
                "the browser did not open the page",
                id="browser-silent",
                hint="name a browser with --browser, or print the URL with --print",
            )
    context.console.note("the console is open in the browser")
