"""botocore's own loader and keystead give every profile the same settings.

On generated files that both accept. Where the two part ways by the rules, the generator stays
away from it, as `AVOIDED` says, or the expectation follows `EXPECTED`; nothing else is tolerated.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import botocore.configloader
import pytest
from botocore.exceptions import ConfigParseError
from hypothesis import given, settings
from hypothesis import strategies as st

from keystead.errors import DocumentError
from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.text.dialect import FileKind, interpret
from keystead.text.document import Document
from tests.properties.shared_files import blanks, indents, words

# What the generator stays away from, with a file that shows the difference: what keystead makes
# of it and what botocore does. None: the file is refused.
AVOIDED = {
    "a section twice": ("[a]\nx = 1\n[a]\n", {"a": {"x": "1"}}, None),
    "a setting twice": ("[a]\nx = 1\nx = 2\n", {"a": {"x": "2"}}, None),
    "two spellings of a setting": ("[a]\nx = 1\nX = 2\n", {"a": {"x": "2"}}, None),
    "a comment behind a value": (
        "[a]\nx = 1 # note\n",
        {"a": {"x": "1"}},
        {"a": {"x": "1 # note"}},
    ),
    "an indented comment": ("[a]\nx = 1\n  # y\n", {"a": {"x": "1\n# y"}}, {"a": {"x": "1"}}),
    "blanks in the brackets": ("[ a ]\nx = 1\n", {"a": {"x": "1"}}, {" a ": {"x": "1"}}),
    "a colon": ("[a]\nx : 1\n", None, {"a": {"x": "1"}}),
    "a colon in a name": ("[a]\nx:y = 1\n", {"a": {"x:y": "1"}}, {"a": {"x": "y = 1"}}),
    "a byte-order mark": ("\ufeff[a]\n", {"a": {}}, None),
    "a prefix in credentials": ("[profile a]\nx = 1\n", {}, {"profile a": {"x": "1"}}),
    "DEFAULT": ("[DEFAULT]\nx = 1\n[a]\n", {"DEFAULT": {"x": "1"}, "a": {}}, {"a": {"x": "1"}}),
    "a bad name": ("[a!]\nb c = 1\n", {}, {"a!": {"b c": "1"}}),
    "a lone CR": ("[a]\nx = 1\ry = 2\n", {"a": {"x": "1\ry = 2"}}, {"a": {"x": "1", "y": "2"}}),
    "a blank line in a long value": (
        "[a]\nx = 1\n\n  2\n",
        {"a": {"x": "1\n2"}},
        {"a": {"x": "1\n\n2"}},
    ),
    "letter case of nested names": (
        "[a]\ns3 =\n  X = 1\n",
        {"a": {"s3": {"x": "1"}}},
        {"a": {"s3": {"X": "1"}}},
    ),
}


def ours(text: str) -> object:
    try:
        found = interpret(Document(text.encode(), "credentials"), FileKind.CREDENTIALS)
    except DocumentError:
        return None
    return {name: {k: e.value for k, e in s.items()} for name, s in found.profiles.items()}


@pytest.mark.parametrize("what", AVOIDED)
def test_what_the_generator_avoids_is_a_difference(what: str, tmp_path: Path) -> None:
    text, by_the_rules, by_botocore = AVOIDED[what]
    path = tmp_path / "credentials"
    path.write_bytes(text.encode())
    try:
        found = botocore.configloader.raw_config_parse(str(path))
    except ConfigParseError:
        found = None
    assert by_the_rules == ours(text)
    assert by_botocore == found
    assert by_the_rules != by_botocore


section_names = st.text("abcZ09_-/.@+", min_size=1, max_size=5).filter(
    lambda name: name not in ("default", "profile")
)
setting_names = st.text("abz09_-./@+%", min_size=1, max_size=8)
plain_values = st.lists(words, max_size=3).map(" ".join)


@st.composite
def bodies(draw: st.DrawFn) -> list[str]:
    """Settings that stand once each, with blocks, long values and lines that carry nothing."""
    lines: list[str] = []
    for name in draw(st.lists(setting_names, max_size=4, unique=True)):
        equals = f"{draw(blanks)}={draw(blanks)}"
        lines += draw(st.sampled_from([[], [], [""], ["# note"], ["; note"]]))
        form = draw(st.sampled_from(["plain", "plain", "long", "block"]))
        if form == "plain":
            spelled = draw(st.sampled_from([name, name.upper()]))
            lines.append(spelled + equals + draw(plain_values))
        elif form == "long":
            lines.append(name + equals + draw(words))
            more = draw(st.lists(words.filter(lambda w: w[0] not in "#;"), min_size=1, max_size=3))
            lines += [draw(indents) + word for word in more]
        else:
            lines.append(name + equals)
            for inner in draw(st.lists(setting_names, min_size=1, max_size=3, unique=True)):
                lines.append(f"{draw(indents)}{inner}{equals}{draw(plain_values)}")
    return lines


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A config file and a credentials file."""
    end = draw(st.sampled_from(["\n", "\r\n"]))

    def file(headers: list[str]) -> bytes:
        lines = [line for header in headers for line in [header, *draw(bodies()), ""]]
        return end.join(lines).encode()

    names = st.lists(section_names, max_size=3, unique=True)
    config = [draw(st.sampled_from(["[default]", "[profile default]"]))]
    config += [f"[profile {name}]" for name in draw(names)]
    config += [f"[profile 'my {name}']" for name in draw(st.lists(section_names, max_size=1))]
    config += [f"[sso-session {name}]" for name in draw(names)]
    config += [f"[services {name}]" for name in draw(names)]
    return file(config), file([f"[{name}]" for name in ["default", *draw(names)]])


@settings(max_examples=250, deadline=None)
@given(pairs())
def test_both_read_the_same_settings(pair: tuple[bytes, bytes]) -> None:
    with TemporaryDirectory() as name:
        config, credentials = Path(name, "config"), Path(name, "credentials")
        config.write_bytes(pair[0])
        credentials.write_bytes(pair[1])
        theirs = botocore.configloader.load_config(str(config))
        keys = botocore.configloader.raw_config_parse(str(credentials))
        reading = SharedStore(System(environ={}), credentials, config).reading()
    profiles = {
        name: {**theirs["profiles"].get(name, {}), **keys.get(name, {})}
        for name in theirs["profiles"].keys() | keys.keys()
    }
    found = {name: {k: e.value for k, e in s.items()} for name, s in reading.profiles.items()}
    assert profiles == found
    for theirs_of_kind, kind in (
        (theirs.get("sso_sessions", {}), reading.sso_sessions),
        (theirs.get("services", {}), reading.services),
    ):
        assert theirs_of_kind == {n: {k: e.value for k, e in s.items()} for n, s in kind.items()}
