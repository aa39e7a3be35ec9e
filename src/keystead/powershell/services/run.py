"""Runs a service cmdlet: confirmation, call, paging and output."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from keystead.errors import KeysteadError, UsageError
from keystead.model.credentials import Credentials
from keystead.powershell.cmdlet import Values
from keystead.powershell.engine.credential_objects import sts_object
from keystead.powershell.engine.credential_parameters import (
    find_client_settings,
    retrieve_credentials,
)
from keystead.powershell.engine.state import State
from keystead.powershell.objects import AwsObject
from keystead.powershell.services.conversion import Context
from keystead.powershell.services.model import Operation, Shape, operation_of
from keystead.powershell.services.name_overrides import COLUMNS
from keystead.powershell.services.parameters import Field, asks_first, request_of, streamed
from keystead.powershell.services.response import (
    WHOLE,
    as_json,
    chosen,
    holds_secret,
    objects,
    returns_secret_once,
    select,
    shown,
    whole,
)
from keystead.secret import Secret
from keystead.secret import reveal as opened

_PAGES_BEFORE_PROGRESS = 2


def run(
    operation: Operation, rows: tuple[Field, ...], state: State, values: Values
) -> Iterator[object]:
    """The output of the cmdlet of ``operation``, object by object."""
    request = _request(operation, rows, state, values)
    if state.what_if:
        return
    if not (state.lasting or values.get("Reveal")) and returns_secret_once(operation):
        raise UsageError(
            f"{operation.cmdlet} returns a secret that cannot be retrieved again",
            id="secret-not-shown",
            hint="give -Reveal to show it, or assign its output to a variable in `keystead shell`",
        )
    if asks_first(operation) and not values.get("Force"):
        _ask(state, operation, request)
    path = _path(operation, values)
    if path.startswith("^"):
        given = _given(rows, values, path[1:])
        for answer in _call(operation, request, state, values):
            _save_stream(operation, answer, state, values)
        yield from objects(given)
        return
    if operation.output is None:
        for _ in _call(operation, request, state, values):
            pass
        return
    if path != WHOLE:
        select(operation.output, {}, path)  # a wrong path is an error before the call
    pages = _call(operation, request, state, values)
    out = _taken(operation, operation.output, pages, state, values)
    yield from _as_json(out, path, operation) if values.get("AsJson") else out


def _path(operation: Operation, values: Values) -> str:
    """The path of the output: `-Select`, or the member that matters."""
    return str(values.get("Select") or "") or chosen(operation)


def _taken(
    operation: Operation,
    output: Shape,
    pages: Iterator[dict[str, Any]],
    state: State,
    values: Values,
) -> Iterator[object]:
    path = _path(operation, values)
    most = values.get("MaxItem")
    reveal = bool(values.get("Reveal"))
    masked = False
    count = 0
    if path == WHOLE:
        pages = iter((_joined(operation, pages),))
    try:
        for number, answer in enumerate(pages, start=1):
            _save_stream(operation, answer, state, values)
            shape, value = (output, answer) if path == WHOLE else select(output, answer, path)
            for item in objects(shown(shape, value, path.rpartition(".")[2], reveal=reveal)):
                masked = masked or holds_secret(item)
                yield _object(operation, item)
                count += 1
                if count == most:
                    return
            if number >= _PAGES_BEFORE_PROGRESS:
                state.console.progress(f"{count:,} objects of {operation.cmdlet}")
    finally:
        state.console.progress("")
    if masked and state.masks:
        state.console.note("secrets in the answer are masked; -Reveal shows them")


def _object(operation: Operation, item: object) -> object:
    """The output for an item of the answer: properties in the order of PowerShell, and keys
    as a credentials object.
    """
    if not isinstance(item, dict):
        return item
    columns = COLUMNS.get((operation.service.name, operation.name), ())
    if set(columns) == set(item):
        return {name: item[name] for name in columns}
    if item.get("AccessKeyId") and item.get("SecretAccessKey"):
        token = item.get("SessionToken")
        return sts_object(
            item,
            Credentials(
                item["AccessKeyId"],
                opened(item["SecretAccessKey"]),
                opened(token) if token else None,
                expires_at=item.get("Expiration"),
                source=operation.cmdlet,
            ),
        )
    return item


def _as_json(out: Iterator[object], path: str, operation: Operation) -> Iterator[str | Secret]:
    found: list[object] = []
    try:
        found.extend(item.properties if isinstance(item, AwsObject) else item for item in out)
    except (KeysteadError, KeyboardInterrupt):
        if found:
            yield as_json(found)
        raise
    several = path != WHOLE and _is_list(operation, path)
    if several or found:
        yield as_json(found if several else found[0])


def _is_list(operation: Operation, path: str) -> bool:
    return operation.output is not None and any(
        kind == "list" for kind in _kinds(operation.output, path)
    )


def _kinds(shape: Shape, path: str) -> Iterator[str]:
    for name in path.split("."):
        while shape.kind == "list":
            shape = shape.element
        shape = next(row for key, row in shape.members.items() if key.lower() == name.lower())
        yield shape.kind


def _call(
    operation: Operation, request: Mapping[str, object], state: State, values: Values
) -> Iterator[dict[str, Any]]:
    anonymous = operation.traits.get("authtype") == "none"
    credentials = None if anonymous else retrieve_credentials(state, values)
    settings = find_client_settings(state, values)
    client = state.app.client(settings, credentials, values.get("EndpointUrl"))
    answers = client.pages(
        operation.service.name,
        operation.name,
        _placed(operation, request, settings.region),
        paged=_is_paged(operation, request, values),
    )
    last: Mapping[str, object] = {}
    try:
        for answer in answers:
            answer.pop("ResponseMetadata", None)
            last = dict(answer)
            yield answer
    finally:
        if last:
            state.remember(partial(whole, operation, last))


def call_once(
    state: State, values: Values, service: str, operation: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    """The answer of one operation with ``parameters``, stored as that of the last call."""
    credentials = retrieve_credentials(state, values)
    settings = find_client_settings(state, values)
    client = state.app.client(settings, credentials, values.get("EndpointUrl"))
    answer = client.call(service, operation, parameters)
    state.remember(lambda: whole(operation_of(service, operation), answer))
    return answer


def _placed(
    operation: Operation, request: Mapping[str, object], region: str | None
) -> Mapping[str, object]:
    """The request; for a new bucket with the region, as in the AWS Tools.

    S3 requires the location of a bucket, except in one region, where it is not allowed.
    """
    place = "CreateBucketConfiguration"
    is_bucket = (operation.service.name, operation.name) == ("s3", "CreateBucket")
    if not is_bucket or place in request or region in (None, "us-east-1"):
        return request
    return {**request, place: {"LocationConstraint": region}}


def _is_paged(operation: Operation, request: Mapping[str, object], values: Values) -> bool:
    """Whether to call page by page: not with -NoAutoIteration or a token in the request."""
    paging = operation.paging
    if paging is None or values.get("NoAutoIteration"):
        return False
    return not any(token in request for token in paging.tokens_in)


def _joined(operation: Operation, pages: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """All pages as one answer: their lists are joined, the rest is from the first page."""
    first = next(pages)
    results = operation.paging.results if operation.paging else ()
    for page, name in itertools.product(pages, results):
        more = page.get(name)
        if isinstance(more, list):
            first[name] = [*first.get(name, []), *more]
        elif isinstance(more, dict):
            first[name] = {**first.get(name, {}), **more}
    return first


def _request(
    operation: Operation, rows: tuple[Field, ...], state: State, values: Values
) -> dict[str, object]:
    system = state.app.system
    request = request_of(rows, values, Context(system.read, system.zone()))
    body = streamed(operation.input)
    if body and values.get("File"):
        request[body] = system.read(str(values["File"]))
    required = operation.input.required if operation.input else ()
    missing = next((name for name in required if name not in request), None)
    if missing:
        names = [row.parameter.name for row in rows if row.place == (missing,)]
        raise UsageError(
            f"{operation.cmdlet} requires -{names[0]}",
            hint=f"`keystead help {operation.cmdlet}` shows its parameters",
        )
    return request


def _given(rows: tuple[Field, ...], values: Values, name: str) -> object:
    for row in rows:
        if name.lower() in (spelling.lower() for spelling in row.parameter.names):
            return values.get(row.parameter.name)
    raise UsageError(
        f"there is no parameter `-{name}` for -Select to output", id="unknown-parameter"
    )


def _ask(state: State, operation: Operation, request: Mapping[str, object]) -> None:
    """Asks for confirmation. Raises `UsageError` if it is denied or there is no terminal."""
    terminal = state.app.system.terminal
    what = ", ".join(str(value) for value in request.values() if isinstance(value, str))
    hint = f"give -Force to run {operation.cmdlet} without confirmation"
    if not terminal.available():
        raise UsageError(
            f"{operation.cmdlet} removes a resource, and there is no terminal to ask on", hint=hint
        )
    answer = terminal.ask(f"{operation.cmdlet} {what}: really? [y/N]", hint=hint)
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was removed", id="removal-not-confirmed", hint=hint)


def _save_stream(
    operation: Operation, answer: dict[str, Any], state: State, values: Values
) -> None:
    """Write the bytes of an answer to the requested file."""
    body = streamed(operation.output)
    if not body or not values.get("File") or body not in answer:
        return
    system = state.app.system
    path = system.folders.expand(str(values["File"]))
    with system.files.lock(path):
        snapshot = system.files.read(path)
        system.files.replace(path, answer.pop(body).read(), expect=snapshot.version, private=True)
