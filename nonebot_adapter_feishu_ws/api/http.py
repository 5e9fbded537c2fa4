"""HTTP exchanges with Feishu over a pooled session; answers become results or errors."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlsplit

import aiohttp
from nonebot.drivers import Response
from pydantic_core import to_json

from ..exception import ApiNotAvailable, NetworkError, make_failure
from ..net.bounded_json import as_object, read_object
from ..net.errors import describe
from ..net.session import make_session
from .upload import PIECE, Meter, Progress, make_form

SLOWEST_UPLOAD = 64 * 1024
"""Bytes per second of the slowest upload that does not time out."""
CONNECT_TIMEOUT = 10.0
"""Seconds to connect: a call without a connection never reached Feishu, so it can always be tried again."""
_PREFIX = "/open-apis/"
_JSON_TYPE = "application/json; charset=utf-8"


class CallOptions(TypedDict, total=False):
    """What a call may carry beside its path and method.

    Attributes:
        params: the query; ``query`` is the same.
        json: the JSON body; ``body`` is the same.
        data: fields of a form.
        files: files of a form: name -> content, or ``(file name, content[, content type])``; paths and open files are
            sent piece by piece.
        content: a raw body.
        headers: headers; with ``Authorization`` among them the bot's token is left out.
        cookies: cookies.
        _timeout: seconds per try; by default uploads get more, by their size.
        _deadline: seconds from the call's turn until no new try begins; 0 for a single try.
        _return_response: return the raw response instead.
        _save_to: the path that a downloaded file is written to, piece by piece; it is also the result.
        _progress: called with a file's bytes as they go over, see :data:`~.upload.Progress`; from 0 for each try.
        _tenant: an ISV app's tenant key; else that of the event being handled.
    """

    params: Any
    query: Any
    json: Any
    body: Any
    data: Mapping[str, Any] | None
    files: Any
    content: Any
    headers: Mapping[str, str] | None
    cookies: Mapping[str, str] | None
    _timeout: float | None
    _deadline: float | None
    _return_response: bool
    _save_to: Path | None
    _progress: Progress | None
    _tenant: str


class Http:
    """The HTTP session of one bot, opened on first use."""

    def __init__(self, origin: str, *, proxy: str | None, timeout: float) -> None:
        self._origin = origin
        self.host: str = urlsplit(origin).netloc
        self._proxy = proxy
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def url(self, path: str) -> str:
        """The URL of a path, below ``/open-apis/`` or from the root.

        Raises:
            ApiNotAvailable: it is no path.
        """
        if "://" in path or path.startswith("//"):
            # The token must never travel to a host that a caller names.
            raise ApiNotAvailable("call_api takes a path of Feishu, such as im/v1/messages, not a full URL")
        return self._origin + (path if path.startswith("/") else _PREFIX + path)

    async def exchange(self, method: str, url: str, token: str | None, data: CallOptions) -> Any:
        """Send one request and read its answer; ``data`` is as :meth:`ApiClient.call` prepares it.

        Raises:
            ActionFailed: Feishu answered with an error code.
            NetworkError: no usable answer came; ``sent`` says whether the request may have been carried out.
            ApiNotAvailable: the adapter is shutting down.
        """
        try:
            return await self._exchange(method, url, token, data)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            text = f"{describe(error, self.host)}; check the network, the proxy and the bot's domain"
            sent = not isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError))
            raise NetworkError(text, sent=sent) from error

    async def close(self) -> None:
        """Close the pooled connections; calls waiting for their next try then fail."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _exchange(self, method: str, url: str, token: str | None, data: CallOptions) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= data.get("headers") or {}
        if cookies := data.get("cookies"):
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in cookies.items())
        content = data.get("content")
        progress = data.get("_progress")
        size = 0
        if (json := data.get("json")) is not None:
            headers["Content-Type"] = _JSON_TYPE
            content = to_json(json)
        elif data.get("files") or data.get("data"):
            content, size = await make_form(data.get("data"), data.get("files") or (), progress)
        # The first byte of the answer comes when the last byte of an upload is there, so an upload's time is bounded by
        # its size.
        patience = data.get("_timeout") or self._timeout + size / SLOWEST_UPLOAD
        save_to = data.get("_save_to")
        # A large download may take any time while bytes keep arriving.
        timeout = aiohttp.ClientTimeout(
            total=None if save_to else patience, sock_read=patience, sock_connect=CONNECT_TIMEOUT
        )
        async with self._get_session().request(
            method, url, params=data.get("params"), data=content, headers=headers, timeout=timeout
        ) as response:
            downloads = progress if _is_file(response) and not data.get("files") else None
            if save_to is not None and _is_file(response):
                return await save(response, save_to, downloads)
            if downloads is None:
                body = await response.read()
            else:
                body = b"".join([piece async for piece in _pieces(response, downloads)])
        request = f"{method.upper()} {urlsplit(url).path}"
        if data.get("_return_response") and response.status < 400:
            return Response(response.status, headers=dict(response.headers), content=body)
        return self._read(request, response, body)

    def _read(self, request: str, response: aiohttp.ClientResponse, body: bytes) -> Any:
        status = response.status
        if "json" not in response.content_type:
            if body and _is_file(response):
                return body
            if status == 429:
                raise make_failure(0, "HTTP 429", headers=response.headers, status_code=429, request=request)
            text = f"{request} got HTTP {status} from {self.host} without Feishu's JSON"
            raise NetworkError(f"{text} ({response.content_type}); a proxy or gateway in between?", status_code=status)
        fields = read_object(body, max_values=math.inf)
        if fields is None:
            raise NetworkError(f"{request} got HTTP {status} from {self.host} with broken JSON", status_code=status)
        code = fields.get("code", 0)
        if code != 0 or status >= 400:
            raise make_failure(
                code if isinstance(code, int) else 0,
                str(fields.get("msg") or fields.get("error_description") or f"HTTP {status}"),
                headers=response.headers,
                log_id=response.headers.get("x-tt-logid", ""),
                status_code=status,
                request=request,
                body=fields,
            )
        inner = as_object(fields.get("data"))
        if "message_id" in inner:
            fields.setdefault("message_id", inner["message_id"])
        return fields

    def _get_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ApiNotAvailable("the adapter is shutting down")
        if self._session is None:
            self._session = make_session(self._proxy, limit=100, keepalive_timeout=25.0)
        return self._session


def _is_file(response: aiohttp.ClientResponse) -> bool:
    return response.status < 400 and "json" not in response.content_type and "html" not in response.content_type


async def save(response: aiohttp.ClientResponse, path: Path, progress: Progress | None = None) -> Path:
    """Write a download to a file, piece by piece; the file appears when it is complete."""
    part = path.with_name(f"{path.name}.part")
    with await asyncio.to_thread(part.open, "wb") as file:
        async for piece in _pieces(response, progress):
            await asyncio.to_thread(file.write, piece)
    await asyncio.to_thread(part.replace, path)
    return path


async def _pieces(response: aiohttp.ClientResponse, progress: Progress | None) -> AsyncIterator[bytes]:
    meter = Meter(progress, response.content_length)
    async for piece in response.content.iter_chunked(PIECE):
        yield piece
        meter.add(len(piece))


def can_replay(data: CallOptions) -> bool:
    """Whether the body of a call can be sent again: what cannot be rewound is used up after the first try."""
    return all(part.content.repeatable for part in data.get("files") or ()) and not hasattr(data.get("content"), "read")
