"""Dispatch of ``call_api``: typed methods by name, anything else by its REST path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from ..exception import ApiNotAvailable
from .client import ApiClient
from .method import to_request
from .registry import METHODS, RENAMED_GROUPS
from .upload import as_path


def make_random(target: str) -> str:
    """A random idempotency key."""
    return uuid4().hex


async def call_api(
    client: ApiClient, api: str, data: Mapping[str, Any], make_uuid: Callable[[str], str] = make_random
) -> Any:
    """Call a typed method by its name, or a REST path.

    Args:
        client: makes the REST call.
        api: a name of :data:`METHODS`, or what :meth:`ApiClient.call` takes.
        data: its arguments.
        make_uuid: makes the idempotency key of a send from its target. Operations with a ``sequence`` get a random
            one, since a replayed handler may have new content for the card.

    Returns:
        Feishu's whole body as a dict, or bytes when the answer is a file.

    Raises:
        ValueError: an argument is missing or unknown.
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
        ApiNotAvailable: the name has changed; the text has the new one.
    """
    method = METHODS.get(api)
    if method is None:
        _refuse_old_name(api)
        return await client.call(api, **data)
    make = make_random if "sequence" in method.parameters else make_uuid
    target = str(data.get("receive_id") or data.get("message_id") or api)
    request = to_request(api, method, data, lambda: make(target))
    options = dict(request.options)
    if request.files:
        options["files"] = {key: as_path(file) for key, file in request.files.items()}
    return await client.call(request.path, **options)


def _refuse_old_name(api: str) -> None:
    group, _, name = api.partition(".")
    if (new := RENAMED_GROUPS.get(group)) is not None and f"{new}.{name}" in METHODS:
        raise ApiNotAvailable(f"{api} has a new name: use {new}.{name}")
