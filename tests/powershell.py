"""PowerShell's text as a grammar of it reads it: no syntax errors, functions and their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_powershell.language()))


@dataclass
class Trait:
    """What one `[Parameter()]` says."""

    set_name: str | None = None
    mandatory: bool = False
    position: int | None = None
    by_value: bool = False
    by_property: bool = False


@dataclass
class Declared:
    """A parameter of a function."""

    name: str
    type: str
    traits: list[Trait] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


@dataclass
class Function:
    """A function; ``node`` is all of it."""

    name: str
    node: Node
    binding: dict[str, str]
    parameters: list[Declared]
    documented: list[str]


def tree(text: bytes) -> Node:
    """The whole of it. Fails at the first syntax error."""
    root = _PARSER.parse(text).root_node
    if root.has_error:
        wrong = next(node for node in nodes(root) if node.type == "ERROR" or node.is_missing)
        raise AssertionError(f"line {wrong.start_point.row + 1}: {said(wrong)[:200]}")
    return root


def nodes(root: Node, kind: str | None = None) -> Iterator[Node]:
    """All nodes below, in order."""
    for node in root.children:
        if kind in (None, node.type):
            yield node
        yield from nodes(node, kind)


def said(node: Node) -> str:
    """Its text."""
    return (node.text or b"").decode()


def functions(root: Node) -> list[Function]:
    """The functions, with what they declare."""
    return [_function(node) for node in nodes(root, "function_statement")]


def literal(text: str) -> str:
    """The value of a literal in single quotes."""
    return text[1:-1].replace("''", "'")


def literals(node: Node) -> list[str]:
    """The values of all of them below."""
    return [literal(said(found)) for found in nodes(node, "verbatim_string_characters")]


def _function(node: Node) -> Function:
    name = said(next(nodes(node, "function_name")))
    block = next(nodes(node, "param_block"), None)
    comment = next(nodes(node, "comment"), None)
    documented = re.findall(
        r"^    \.PARAMETER (\S+)$", said(comment) if comment else "", re.MULTILINE
    )
    if block is None:
        return Function(name, node, {}, [], documented)
    heads = [child for child in block.children if child.type == "attribute_list"]
    binding = {key: value for head in heads for key, value in _arguments(head)}
    declared = [_declared(parameter) for parameter in nodes(block, "script_parameter")]
    return Function(name, node, binding, declared, documented)


def _declared(node: Node) -> Declared:
    made = Declared(said(node.children[-1])[1:], "")
    for attribute in nodes(node, "attribute"):
        name = next(nodes(attribute, "attribute_name"), None)
        if name is None:
            made.type = said(attribute)[1:-1]
        elif said(name) == "Alias":
            made.aliases = literals(attribute)
        elif said(name) == "ValidateSet":
            made.values = literals(attribute)
        elif said(name) == "Parameter":
            given = dict(_arguments(attribute))
            position = given.get("Position")
            made.traits.append(
                Trait(
                    literal(given["ParameterSetName"]) if "ParameterSetName" in given else None,
                    given.get("Mandatory") == "$true",
                    None if position is None else int(position),
                    given.get("ValueFromPipeline") == "$true",
                    given.get("ValueFromPipelineByPropertyName") == "$true",
                )
            )
    return made


def _arguments(node: Node) -> Iterator[tuple[str, str]]:
    for argument in nodes(node, "attribute_argument"):
        if argument.children[0].type == "simple_name":
            yield said(argument.children[0]), said(argument.children[-1])
