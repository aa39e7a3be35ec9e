"""The documentation says what the product does: generated pages, names, links and sessions."""

import re
from pathlib import Path

import pytest

from devtools.docs import DOCS, pages
from devtools.words import FILE, words
from keystead.cli.commands import MODULES, rows
from keystead.lint.readings import NO_RULE
from keystead.lint.rules import RULES
from keystead.powershell.table import CMDLETS

ROOT = DOCS.parent
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("tests/**/README.md")]


@pytest.mark.parametrize(
    "name",
    [
        "commands.md",
        "cmdlets.md",
        "profiles.md",
        "readers.md",
        "python.md",
        "errors.md",
        "environment.md",
    ],
)
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == pages()[name], "run `make docs`"


def test_every_argument_says_what_it_is_for() -> None:
    silent = [
        (row.name, item.names)
        for row in rows()
        for item in row.arguments
        if not item.options["help"]
    ]
    assert silent == []
    parameters = [
        (cmdlet.name, row.name)
        for cmdlet in CMDLETS
        for row in cmdlet.all_parameters
        if not row.meaning
    ]
    assert parameters == []


@pytest.mark.parametrize("name", ["commands.md", "cmdlets.md", "profiles.md"])
def test_generated_pages_have_no_missing_text(name: str) -> None:
    lines = pages()[name].splitlines()
    assert [line for line in lines if re.search(r"\bNone\b|^\*.*: *$|\[\]|\(\)", line)] == []


def test_readers_and_rules_name_each_other() -> None:
    differences, rules = (DOCS / "readers.md").read_text().split("## Rules")
    rows = [line.split(" | ") for line in differences.splitlines() if line.startswith("| ")]
    named = {row[0].strip("| "): row[-1].strip("| `") for row in rows[2:]}
    expected = {rule.meaning: rule.id for rule in RULES.values() if any(rule.readers)}
    assert named == expected | {what: "" for what, _ in NO_RULE}
    assert re.findall(r"^\| `(\S+)` \|", rules, re.MULTILINE) == list(RULES)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for target in re.findall(r"\]\(([^)]+)", page.read_text()):
        path, _, heading = target.partition("#")
        to = (page.parent / path) if path else page
        if "://" not in target and (not to.exists() or (heading and heading not in _anchors(to))):
            missing.append(target)
    assert missing == []


def _anchors(page: Path) -> set[str]:
    """What can stand behind `#` for the headings of a page, as the usual hosts make it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_has_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" not in index} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_and_cmdlets_that_are_named_exist(page: Path) -> None:
    verbs = {name.split()[0] for name in MODULES} | {"--help", "--version"}
    named = set(re.findall(r"`keystead (\S+?)[`\s]", page.read_text()))
    cmdlets = {c for c in named if re.fullmatch(r"[A-Z]\w+-\w+", c)}
    placeholders = {"CMDLET", "COMMAND"}
    assert {n for n in named if n.islower() or n.startswith("--")} - verbs - placeholders == set()
    assert all(CMDLETS.find(c) for c in cmdlets)


def test_every_keystead_variable_is_documented() -> None:
    source = "".join(p.read_text() for p in (ROOT / "src").rglob("*.py"))
    text = "".join(p.read_text() for p in PAGES)
    assert {v for v in re.findall(r"KEYSTEAD_[A-Z_]+", source) if v not in text} == set()


def test_names_are_said_nowhere_that_do_not_belong() -> None:
    # A registry's host or a path of somebody's machine has no place in the project.
    banned = re.compile(r"pypi\.(?:org|io)|pythonhosted|npmjs\.|/root/|/wor[k]/")
    kinds = {".py", ".md", ".txt", ".toml", ".yml", ""}
    for path in ROOT.rglob("*"):
        folders = {part for part in path.relative_to(ROOT).parts if part.startswith(("_", "."))}
        if path.suffix not in kinds or folders - {".ci", ".github"}:
            continue
        if path.is_file() and path != Path(__file__):
            assert not banned.search(path.read_text(errors="replace")), path


def test_words_of_completion_are_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == words(), "run `make docs`"
