"""Rules on sections: names, headers, repeated and empty ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keystead.lint.finding import ERROR, REFUSED, WARNING, Problem, Readers
from keystead.lint.view import Block, View, text_rule
from keystead.model.validation import is_identifier
from keystead.near import near_names
from keystead.text.dialect import DEFAULT, OF_THE_CLI, FileKind
from keystead.text.pieces import Span

_KINDS = ("profile", "sso-session", "services")
_ALIKE = 0.8
_QUOTED = re.compile(r"""(?:^|[ \t])(["']).*\1$""")
_BLANKS = re.compile(r"[ \t]+")
_OTHER = "a section like others"


@text_rule(
    "duplicate-section",
    ERROR,
    "a section occurs twice in a file",
    readers=Readers(
        "merged", REFUSED, "merged", "the first one counts", "Go: the last value is used"
    ),
)
def duplicate_section(view: View) -> Iterator[Problem]:
    for block, first in _repeated(view):
        if first is not block:
            line = view.line(first.section.start)
            message = f"the section of line {line}, `[{block.title}]`, occurs here again"
            yield view.at_header(block, message, f"move its settings to line {line}")


@text_rule(
    "two-defaults",
    WARNING,
    "a config file has `[default]` and `[profile default]`",
    fix="merge the settings of both into one section",
    readers=Readers(
        "`[profile default]` counts",
        "the last one is used",
        "`[profile default]` counts",
        "`[default]` counts",
        "keystead: `[default]` where it comes last, else `[profile default]`",
    ),
)
def two_defaults(view: View) -> Iterator[Problem]:
    prefixed = any(
        (block.header.kind, block.header.name, block.header.bare) == ("profile", DEFAULT, False)
        for block in view.blocks
    )
    for block, first in _repeated(view):
        if prefixed and block.header.bare and first is block:
            message = (
                f"the same file has `[profile {DEFAULT}]`, and the AWS CLI uses the last of the "
                "two, the .NET SDK this one, other SDKs the other"
            )
            yield view.at_header(block, message)


def _repeated(view: View) -> Iterator[tuple[Block, Block]]:
    """Each repeated section with the first one of its name."""
    known: dict[tuple[str | None, str, bool], Block] = {}
    for block in view.headers():
        kind, name = block.header.kind, block.header.name
        yield (
            block,
            known.setdefault((kind, name if kind else block.title, block.header.bare), block),
        )


@text_rule(
    "default-section",
    ERROR,
    "a section is called `[DEFAULT]`, in upper case",
    fix=f"write `[{DEFAULT}]`, or give the profile another name",
    readers=Readers(_OTHER, "its settings leak into every section", _OTHER, _OTHER),
)
def default_section(view: View) -> Iterator[Problem]:
    for block in view.headers():
        if block.title == DEFAULT.upper():
            message = f"to some readers `[{block.title}]` is not a separate section"
            yield view.at_header(block, message)


@text_rule(
    "header-comment",
    ERROR,
    "a comment follows a section header",
    fix="put the comment on a separate line",
    readers=Readers(
        "a comment",
        "a comment",
        "accepted after a blank, but touching the bracket it hides the header, and the keys below "
        "overwrite those of the section above",
        REFUSED,
    ),
)
def header_comment(view: View) -> Iterator[Problem]:
    for block in view.headers():
        _, behind = _parts(view, block)
        if behind.strip(" \t"):
            touches = "" if behind.startswith((" ", "\t")) else ", touching its bracket"
            message = f"a comment follows the header `[{block.title}]`{touches}"
            yield view.at_header(block, message)


@text_rule(
    "header-blanks",
    WARNING,
    "a header has blanks at its brackets, or several after its first word",
    readers=Readers(
        "fine", "not found, save for blanks at the end in `config`", "not found", "fine", "Go: fine"
    ),
)
def header_blanks(view: View) -> Iterator[Problem]:
    for block in view.headers():
        usual = " ".join(_BLANKS.split(block.title)) if block.header.kind else block.title
        if block.header.note:  # a name in quotes may contain blanks
            usual = " ".join(_BLANKS.split(block.title, 1))
        if _parts(view, block)[0] != usual:
            message = f"there are too many blanks in the header of `{block.header.name}`"
            yield view.at_header(block, message, f"write `[{usual}]`")


def _parts(view: View, block: Block) -> tuple[str, str]:
    """The text in the brackets of a header, and the text after them."""
    start = block.section.start
    inside, _, behind = view.rest(Span(start, block.section.below), start + 1).partition("]")
    return inside, behind


@text_rule(
    "empty-section",
    WARNING,
    "a section has no settings",
    fix="give it one, such as `region`, or remove it",
    readers=Readers("exists", "exists", "vanishes", "exists"),
)
def empty_section(view: View) -> Iterator[Problem]:
    for block in view.headers():
        lines = map(view.document.content, view.document.lines(block.section.body))
        if block.header.kind and all(
            line.startswith(("#", ";")) or not line.strip(" \t") for line in lines
        ):
            yield view.at_header(block, f"`[{block.title}]` has no settings")


@text_rule(
    "quoted-name",
    WARNING,
    "the name of a section is in quotes",
    readers=Readers(
        "not found by most",
        "taken off in `config`, part of the name in `credentials`",
        "taken off in `config` where the name has no blanks, else part of the name",
        "part of the name",
        "keystead: as botocore",
    ),
)
def quoted_name(view: View) -> Iterator[Problem]:
    return _misread(view, quoted=True)


@text_rule(
    "invalid-name",
    WARNING,
    "the name of a section has characters that names may not have",
    readers=Readers(
        "skipped",
        "read, in `config` not with blanks, quotes or backslashes",
        "read in `credentials`, skipped in `config`",
        "read, but a name with `=` hides the section above it",
        "keystead: where botocore and .NET both read it",
    ),
)
def invalid_name(view: View) -> Iterator[Problem]:
    yield from _misread(view, quoted=False)
    for block, prefix, name in _skipped(view):
        if not _is_moved(view, prefix, name) and (
            view.kind is FileKind.CREDENTIALS or prefix in _KINDS
        ):
            message = (
                f"`[{block.title}]` is skipped, as `{name or block.title}` is not a valid name"
            )
            if block.header.note and ".NET" in block.header.note:
                message = block.header.note
            fix = "use letters, digits and _ - / . % @ : + for the name"
            yield view.at(block.section.start, message, fix)


def _misread(view: View, *, quoted: bool) -> Iterator[Problem]:
    """Names that not all readers find, with or without quotes."""
    for block in view.headers():
        name, kind = block.header.name, block.header.kind
        if block.title == DEFAULT.upper() or kind is None or _is_session(view, block):
            continue
        if block.header.note and bool(_QUOTED.search(block.title)) is quoted:
            message = f"not all readers find the {'quoted ' if quoted else ''}name `{name}`"
            valid = _slug(name) if view.kind is FileKind.CREDENTIALS else f"{kind} {_slug(name)}"
            yield view.at_header(block, message, f"write `[{valid}]`")


@text_rule(
    "prefix-in-credentials",
    WARNING,
    "a section of a credentials file is called `[profile x]` or `[sso-session x]`",
    readers=Readers(
        "skipped",
        "a profile of that whole name",
        "a profile `profile.x`",
        "`[profile x]` is `x`",
        "Go v1: `[profile x]` is `x`",
    ),
)
def prefix_in_credentials(view: View) -> Iterator[Problem]:
    for block, prefix, name in _skipped(view):
        if _is_moved(view, prefix, name):
            message = f"`[{block.title}]` is skipped in a credentials file"
            if _is_session(view, block):
                message = (
                    f"`[{block.title}]` of a credentials file is a profile of that whole name, or "
                    "nothing"
                )
            known = prefix == "profile" and is_identifier(name)
            fix = f"write `[{name}]`" if known else "move the section to the config file"
            yield view.at(block.section.start, message, fix)


@text_rule(
    "bare-section",
    WARNING,
    "a section of a config file is called `[x]`, without `profile`",
    readers=Readers("skipped", "skipped", "skipped", "skipped", "Go v1: read as `x`"),
)
def bare_section(view: View) -> Iterator[Problem]:
    for block, prefix, name in _skipped(view):
        known = prefix in _KINDS or block.title in OF_THE_CLI
        if view.kind is FileKind.CONFIG and not name and not known:
            message = f"`[{block.title}]` is skipped in a config file"
            yield view.at_header(
                block, message, f"write `[profile {_slug(block.title) or 'NAME'}]`"
            )


@text_rule(
    "section-kind",
    WARNING,
    "the first word of a header is nearly `profile`, `sso-session` or `services`",
)
def section_kind(view: View) -> Iterator[Problem]:
    for block, prefix, name in _skipped(view):
        known = view.kind is FileKind.CREDENTIALS or prefix in _KINDS
        for kind in near_names(prefix, _KINDS, likeness=_ALIKE)[:1] if name and not known else ():
            message = f"`[{block.title}]` is ignored, and similar to `[{kind} {name}]`"
            yield view.at_header(block, message, f"write `[{kind} {name}]` if that was meant")


def _skipped(view: View) -> Iterator[tuple[Block, str, str]]:
    """Ignored sections, each with the first word of its title and the rest of it."""
    for block in view.headers():
        if block.title != DEFAULT.upper() and (
            block.header.kind is None or _is_session(view, block)
        ):
            prefix, *rest = _BLANKS.split(block.title, 1)
            yield block, prefix, rest[0] if rest else ""


def _is_moved(view: View, prefix: str, name: str) -> bool:
    """Whether the title of a section is one of the config file."""
    return view.kind is FileKind.CREDENTIALS and name != "" and prefix in _KINDS[:2]


def _is_session(view: View, block: Block) -> bool:
    prefix = _BLANKS.split(block.title, 1)[0]
    return view.kind is FileKind.CREDENTIALS and prefix == _KINDS[1]


def _slug(name: str) -> str:
    """A valid name similar to ``name``."""
    return re.sub(r"[^A-Za-z0-9_\-/.%@:+]+", "-", name).strip("-")
