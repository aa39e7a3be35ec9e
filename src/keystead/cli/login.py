"""Plain commands that sign a person in and out: login, logout."""

from __future__ import annotations

from keystead.cli.command import Arguments, Context, argument, command
from keystead.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystead.login.options import SignedIn
    from keystead.login.targets import Target

SSO_SESSION = argument(
    "--sso-session", metavar="SESSION", help="the login of this sso-session, without a profile"
)


@command(
    "login",
    "sign in to what a profile needs: IAM Identity Center, or the console's sign-in",
    argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a profile; else AWS_PROFILE, the profile `default`, or the only login there is",
    ),
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
    details="A login that is valid is not made again. It is renewed without a person while it can.",
)
def login(context: Context, args: Arguments) -> None:
    """``keystead login [NAME]``."""
    from keystead import caller
    from keystead.app.sign_in import SigningIn
    from keystead.login.options import Options, Screen

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
    )

    def show(text: str) -> None:
        context.console.show(text)
        context.console.flush()

    screen = Screen(context.console.note, context.console.warn, show)
    _report(context, signing_in.sign_in(target, screen, options))


def _report(context: Context, done: SignedIn) -> None:
    from keystead.console.tables import moment

    until = moment(done.ends, context.app.system.zone())
    how = "signed in" if done.is_new else "already signed in"
    renewed = ", and is renewed without you while it can be" if done.is_renewed else ""
    context.console.note(f"{how}: {done.title} is valid until {until}{renewed}")
