"""From operations to the names of cmdlets: ``ListBuckets`` of S3 to ``Get-S3Bucket``.

The rules are those by which the AWS Tools for PowerShell name cmdlets: a verb of PowerShell, the
prefix of the service, a noun in the singular. A name that two operations would have goes to the
one that asks for it more directly; the other takes the next name that its rules allow. Irregular
names are in `keystead.powershell.services.name_overrides`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from keystead.powershell.services.verbs import (
    APPROVED,
    OF_SERVICE,
    PATTERNS,
    PLAIN_LISTS,
    SECOND,
    VERBS,
    WHOLE,
)

_VERB = re.compile(r"[A-Z][a-z]+(?![a-z])")
_LAST_WORD = re.compile(r"[A-Z]*[a-z]+$")
_ALREADY_SINGULAR = re.compile(
    r"(?:ss|us|is|Access|Alexa|Https|Kinesis|Redis|Dns|Sms|Ops|Aws|Ebs|Ecs|Eks|Rds|Kms|Sns|Sqs|Gps|Tls"
    r"|Vcs|Cors|Sas|Lens|Series|Progress|News|Always|As|Os|Canvas|Alias)$"
)
_PLURALS = (
    (re.compile(r"(?<=[a-z])ies$"), "y"),
    (re.compile(r"yses$"), "ysis"),
    (re.compile(r"(?<=[a-z])(ss|sh|ch|x|us|ias)es$"), r"\1"),
    (re.compile(r"s$"), ""),
)
_ES_OF_SINGULAR = re.compile(r"(?:Causes|Uses|Clauses|Houses|Warehouses|Caches|Axes)$")

# Of two operations, the one with the lower rank gets the name.
_RANKS = {"Get": 0, "Describe": 2, "List": 3, "Batch": 4}

# Words before the verb that become the end of the noun.
_BEFORE = ("Admin", "Batch")


def singular(noun: str) -> str:
    """``noun`` with its last word in the singular: ``AccessKeys`` to ``AccessKey``."""
    found = _LAST_WORD.search(noun)
    last = found.group() if found else ""
    if not last.endswith("s") or _ALREADY_SINGULAR.search(last):
        return noun
    if _ES_OF_SINGULAR.search(last):
        return noun[:-1]
    for pattern, ending in _PLURALS:
        changed, count = pattern.subn(ending, noun)
        if count:
            return changed
    return noun


def cmdlet_names(
    service: str, prefix: str, operations: Iterable[str], known: Mapping[str, str]
) -> dict[str, str]:
    """The cmdlet of each of the ``operations`` of a service; no two are alike in any letter case.

    ``known`` has the names that follow no rule, by operation.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for operation in sorted(operations, key=lambda name: (name not in known, *_rank(name))):
        ways = (known[operation],) if operation in known else ()
        for name in chain(ways, _ways(service, prefix, operation)):
            if name.lower() not in taken:
                names[operation] = name
                taken.add(name.lower())
                break
    return names


def by_rule(service: str, prefix: str, operations: Iterable[str]) -> dict[str, str]:
    """The names by the rules, without overrides."""
    return cmdlet_names(service, prefix, operations, {})


def _rank(operation: str) -> tuple[int, bool, str]:
    verb, noun = split(operation)
    return _RANKS.get(verb, 1), singular(noun) != noun, operation


def split(operation: str) -> tuple[str, str]:
    """The verb and the noun of an operation; ``DescribeDBInstances`` has the verb ``Describe``."""
    name = operation[:1].upper() + operation[1:]
    found = _VERB.match(name)
    return (found.group(), name[found.end() :]) if found else ("", name)


def _ways(service: str, prefix: str, operation: str) -> Iterator[str]:
    """The names that an operation may have, the best first; the last one is unique."""
    for verb, noun in _pairs(service, operation):
        yield f"{verb}-{prefix}{noun}"
    whole = operation[:1].upper() + operation[1:]
    yield f"Invoke-{prefix}{whole}"
    number = 2
    while True:
        yield f"Invoke-{prefix}{whole}{number}"
        number += 1


def _pairs(service: str, operation: str) -> Iterator[tuple[str, str]]:
    if operation in WHOLE:
        yield WHOLE[operation]
    verb, plural = split(operation)
    if verb in _BEFORE and split(plural)[0]:
        for inner, noun in _pairs(service, plural):
            yield inner, f"{noun}{verb}"
        return
    noun = singular(plural)
    mapped = OF_SERVICE.get(service, {}).get(verb) or VERBS.get(verb)
    if verb == "List":
        if service in PLAIN_LISTS and noun:
            yield "Get", noun
        yield "Get", f"{noun}List"
        yield "Get", f"{plural}List"
    elif noun:  # a verb without a noun, such as Scan, becomes Invoke-
        yield from _direct(verb, noun, plural, mapped)


def _direct(verb: str, noun: str, plural: str, mapped: str | None) -> Iterator[tuple[str, str]]:
    if verb in ("Get", "Describe"):
        yield "Get", noun
        many = "List" if noun != plural else "Detail"
        yield "Get", f"{noun}{many}"
        yield "Get", plural
    elif mapped:
        yield mapped, noun
        if verb in SECOND:
            yield SECOND[verb], noun
        yield mapped, plural
    elif verb in PATTERNS:
        target, shape = PATTERNS[verb]
        yield target, shape.format(noun)
        yield target, shape.format(plural)
    elif verb in APPROVED:
        yield verb, noun
        yield verb, plural
