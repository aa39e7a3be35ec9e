"""Plain commands that sign a person in and out: login, logout."""

from __future__ import annotations

from keystead.cli.command import Arguments, Context, argument, command
from keystead.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.app.sign_in import Ended
    from keystead.login.options import Screen, SignedIn
    from keystead.login.targets import Target

NAME = argument(
    "name",
    metavar="NAME",
    nargs="?",
    help="a profile; else AWS_PROFILE, the profile `default`, or the only login there is",
)
SSO_SESSION = argument(
    "--sso-session", metavar="SESSION", help="the login of this sso-session, without a profile"
)


@command(
    "login",
    "sign in to what a profile needs: IAM Identity Center, or the console's sign-in",
    NAME,
    SSO_SESSION,
    argument(
        "--console",
        action="store_true",
        help="by the console's sign-in, also for a new profile; its `login_session` is set",
    ),
    argument("--region", help="with --console: the region, also of a new profile"),
    argument("--device", action="store_true", help="by a code on any device"),
    argument(
        "--no-browser", action="store_true", help="print the address in place of opening a browser"
    ),
    argument("--force", action="store_true", help="sign in although a login is valid"),
    argument("--qr", action="store_true", help="show the address of a code as a QR code too"),
    details="A login that is valid is not made again. It is renewed without a person while it can.",
)
def login(context: Context, args: Arguments) -> None:
    """``keystead login [NAME]``."""
    from keystead import caller
    from keystead.app.sign_in import SigningIn
    from keystead.login.options import Options

    caller.process.require_own_process()
    signing_in = SigningIn(context.app)
    if args.console:
        if args.sso_session:
            raise UsageError("--console and --sso-session exclude each other")
        target: Target = signing_in.console_target(args.name, args.region)
    else:
        target = signing_in.target(args.name, args.sso_session)
    options = Options(
        device=args.device or None,
        opens_browser=not args.no_browser,
        force=args.force,
        qr=args.qr,
    )
    _report(context, signing_in.sign_in(target, _screen(context), options))


def _screen(context: Context) -> Screen:
    from keystead.login.options import Screen

    def show(text: str) -> None:
        context.console.show(text)
        context.console.flush()

    return Screen(context.console.note, context.console.warn, show)


def _report(context: Context, done: SignedIn) -> None:
    from keystead.console.tables import moment

    until = moment(done.ends, context.app.system.zone())
    how = "signed in" if done.is_new else "already signed in"
    renewed = ", and is renewed without you while it can be" if done.is_renewed else ""
    context.console.note(f"{how}: {done.title} is valid until {until}{renewed}")


@command(
    "logout",
    "sign out: end a login, and remove what was made with it",
    NAME,
    SSO_SESSION,
    argument("--all", action="store_true", help="all logins of the files, and stored ones"),
    details="Credentials that were handed out live on until they expire, which it says.",
)
def logout(context: Context, args: Arguments) -> None:
    """``keystead logout [NAME | --all]``."""
    from keystead.app.sign_in import SigningIn
    from keystead.errors import ProviderError
    from keystead.login.targets import identity

    if args.all and (args.name or args.sso_session):
        raise UsageError("`--all` and a login were given", hint="give one of the two")
    signing_in, screen = SigningIn(context.app), _screen(context)
    if args.all:
        found = {identity(each): each for each in (*signing_in.stored(), *signing_in.all())}
        targets = list(found.values())
    else:
        targets = [signing_in.target(args.name, args.sso_session)]
    ended = [signing_in.sign_out(target, screen) for target in targets]
    if args.all:
        signing_in.remove_rest()
        ended = [each for each in ended if each.login.was_there]
        if not ended:
            context.console.note("there was no login")
    for each in ended:
        _report_end(context, each)
    until = max((each.until for each in ended if each.until), default=None)
    if until:
        from keystead.console.tables import moment

        zone = context.app.system.zone()
        context.console.note(f"credentials that were handed out work until {moment(until, zone)}")
    left = [each.login for each in ended if each.login.not_revoked]
    if left:
        raise ProviderError(
            f"{left[0].title} was removed here and not revoked: {left[0].not_revoked}",
            id="login-not-revoked",
            hint="end the session in the access portal, if a copy of the token may exist",
        )


def _report_end(context: Context, ended: Ended) -> None:
    if not ended.login.was_there:
        context.console.note(f"there was no login: {ended.login.title}")
        return
    number = ended.sessions
    sessions = f", with {number} cached session{'s' * (number > 1)}" if number else ""
    context.console.note(f"signed out: {ended.login.title} was removed{sessions}")
