"""Discovery of a connection's URL, and the parsing of discovery and handshake answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from ..exception import ConnectionFailed
from ..net.bounded_json import as_object, as_text, read_object
from ..net.errors import describe
from ..net.session import HttpSession, target_of
from . import wire
from .status import ClientConfig, Phase


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A single-use connection URL; it carries a ticket and must not be logged."""

    url: str = field(repr=False)
    service_id: int
    client_config: ClientConfig


async def discover(session: HttpSession, origin: str, app_id: str, app_secret: str, *, timeout: float) -> Endpoint:
    """Ask Feishu for the URL of one connection, within ``timeout`` seconds.

    Raises:
        ConnectionFailed: Feishu gave no URL; ``code`` is Feishu's, or None for network errors.
    """
    body = json.dumps({"AppID": app_id, "AppSecret": app_secret}).encode()
    headers = {"locale": "zh", "Content-Type": "application/json"}
    try:
        response, content = await session.request(
            "POST", target_of(origin), wire.ENDPOINT_PATH, headers, body, patience=timeout
        )
    except OSError as error:
        raise network_failure(error, "discovery", origin, session.proxy) from error
    return parse_discovery(response.status, content)


def parse_discovery(status: int, body: bytes) -> Endpoint:
    """Parse the answer of discovery.

    Raises:
        ConnectionFailed: it carries no usable URL.
    """
    answer = read_object(body)
    code = (answer or {}).get("code")
    if answer is None or (status != 200 and not (isinstance(code, int) and code)):
        kind = "no JSON object (a proxy's or gateway's page?)" if answer is None else "JSON without a code"
        raise ConnectionFailed(f"discovery answered HTTP {status} with {kind}", phase="discovery")
    if isinstance(code, int) and code != wire.CODE_OK:
        text = f"discovery refused: {answer.get('msg') or 'no message'}"
        raise ConnectionFailed(text, code=code, phase="discovery")
    data = as_object(answer.get("data"))
    url = as_text(data.get("URL"))
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss"):
        raise ConnectionFailed("discovery answered without a ws:// or wss:// URL", phase="discovery")
    service_id = parse_qs(parts.query).get(wire.QUERY_SERVICE_ID, ["0"])[0]
    config = ClientConfig().merged(data.get("ClientConfig"))
    return Endpoint(url, int(service_id) if service_id.isdecimal() else 0, config)


def parse_handshake_refusal(status: int, headers: Mapping[str, str] | None) -> ConnectionFailed:
    """Parse the reason for a refused handshake from its headers."""
    headers = headers or {}
    raw_code = headers.get(wire.HEADER_HANDSHAKE_STATUS, "")
    message = headers.get(wire.HEADER_HANDSHAKE_MSG, "") or f"HTTP {status}"
    code = int(raw_code) if raw_code.isdecimal() else None
    if code == wire.CODE_AUTH_FAILED and headers.get(wire.HEADER_HANDSHAKE_AUTH_ERRCODE) == str(
        wire.CODE_CONNECTION_LIMIT
    ):
        code = wire.CODE_CONNECTION_LIMIT
    return ConnectionFailed(f"handshake refused: {message}", code=code, phase="handshake")


def network_failure(error: BaseException, phase: Phase, origin: str, proxy: str | None) -> ConnectionFailed:
    """Describe a network error by its cause and the host, never by the full URL."""
    host = urlsplit(origin).netloc.rpartition("@")[2]
    return ConnectionFailed(f"{phase}: {describe(error, host, proxy)}", phase=phase)
