"""Discovery of a connection's URL, and what the answers of discovery and handshake mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import aiohttp

from ..exception import ConnectionFailed
from ..net.errors import describe
from .status import ClientConfig, Phase
from .wire import (
    CODE_AUTH_FAILED,
    CODE_CONNECTION_LIMIT,
    CODE_OK,
    ENDPOINT_PATH,
    HEADER_HANDSHAKE_AUTH_ERRCODE,
    HEADER_HANDSHAKE_MSG,
    HEADER_HANDSHAKE_STATUS,
    QUERY_SERVICE_ID,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, once: the URL carries a ticket and must not be logged."""

    url: str = field(repr=False)
    service_id: int
    client_config: ClientConfig


async def discover(
    session: aiohttp.ClientSession,
    origin: str,
    app_id: str,
    app_secret: str,
    *,
    timeout: float,
) -> Endpoint:
    """Ask Feishu for the URL of one connection.

    Args:
        origin: ``https://open.feishu.cn`` or the like, without a path.
        timeout: seconds for the whole call.

    Raises:
        ConnectionFailed: no URL was given; ``code`` is Feishu's, or None for network trouble.
    """
    try:
        async with session.post(
            origin + ENDPOINT_PATH,
            json={"AppID": app_id, "AppSecret": app_secret},
            headers={"locale": "zh"},
            timeout=aiohttp.ClientTimeout(total=timeout),
        ) as response:
            return parse_discovery(response.status, await response.read())
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise network_failure(error, "discovery", origin) from error


def parse_discovery(status: int, body: bytes) -> Endpoint:
    """Read the answer of discovery.

    Raises:
        ConnectionFailed: it carries no usable URL.
    """
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or (status != 200 and not _code(cast("dict[str, Any]", answer))):
        kind = "JSON without a code" if isinstance(answer, dict) else "no JSON (a proxy's or gateway's page?)"
        raise ConnectionFailed(f"discovery answered HTTP {status} with {kind}", phase="discovery")
    fields = cast("dict[str, Any]", answer)
    code = _code(fields)
    if code != CODE_OK:
        text = f"discovery refused: {fields.get('msg') or 'no message'}"
        raise ConnectionFailed(text, code=code, phase="discovery")
    data = fields.get("data")
    url = cast("dict[str, Any]", data).get("URL") if isinstance(data, dict) else None
    if not isinstance(url, str) or urlsplit(url).scheme not in ("ws", "wss"):
        raise ConnectionFailed("discovery answered without a ws:// or wss:// URL", phase="discovery")
    service_id = parse_qs(urlsplit(url).query).get(QUERY_SERVICE_ID, ["0"])[0]
    config = ClientConfig().merged(cast("dict[str, Any]", data).get("ClientConfig"))
    return Endpoint(url, int(service_id) if service_id.isdecimal() else 0, config)


def _code(answer: dict[str, Any]) -> int:
    code = answer.get("code")
    return code if isinstance(code, int) else 0


def parse_handshake_refusal(status: int, headers: Mapping[str, str] | None) -> ConnectionFailed:
    """The reason for a refused handshake, which Feishu gives in headers."""
    headers = headers or {}
    raw_code = headers.get(HEADER_HANDSHAKE_STATUS, "")
    message = headers.get(HEADER_HANDSHAKE_MSG, "") or f"HTTP {status}"
    code = int(raw_code) if raw_code.isdecimal() else None
    if code == CODE_AUTH_FAILED and headers.get(HEADER_HANDSHAKE_AUTH_ERRCODE) == str(CODE_CONNECTION_LIMIT):
        code = CODE_CONNECTION_LIMIT
    return ConnectionFailed(f"handshake refused: {message}", code=code, phase="handshake")


def network_failure(error: BaseException, phase: Phase, origin: str) -> ConnectionFailed:
    """Put a network error into words that name the cause and the host, never the full URL."""
    host = urlsplit(origin).netloc.rpartition("@")[2]
    return ConnectionFailed(f"{phase}: {describe(error, host)}", phase=phase)
