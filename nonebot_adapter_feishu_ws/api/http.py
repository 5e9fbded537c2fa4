"""HTTP exchanges with Feishu over pooled connections; answers become results or errors."""

import asyncio
import math
from asyncio import timeout
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypedDict, cast
from urllib.parse import urlsplit

from nonebot.drivers import Response
from pydantic_core import to_json
from pyreqwest.exceptions import RequestError
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response as HttpResponse

from ..exception import ApiNotAvailable, NetworkError, make_failure
from ..net.bounded_json import as_object, read_object
from ..net.errors import failure
from ..net.session import HttpSession, header_of, headers_of, shared_session
from .upload import PIECE, Meter, Progress, make_form, stream_of

SLOWEST_UPLOAD = 64 * 1024
"""Bytes per second of the slowest upload that does not time out."""
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
    """The HTTP side of one bot; it joins the session of its proxy on first use."""

    def __init__(self, origin: str, *, proxy: str | None, timeout: float) -> None:
        self._origin = origin
        self.host: str = urlsplit(origin).netloc
        self._proxy = proxy
        self._timeout = timeout
        self._session: HttpSession | None = None
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
        except (RequestError, OSError) as error:
            advice = "; check the network, the proxy and the bot's domain"
            raise failure(error, self.host, self._proxy, advice=advice) from error

    async def close(self) -> None:
        """Leave the session; calls waiting for their next try then fail."""
        self._closed = True
        self._session = None

    async def _exchange(self, method: str, url: str, token: str | None, data: CallOptions) -> Any:
        if self._closed:
            raise ApiNotAvailable("the adapter is shutting down")
        if self._session is None:
            self._session = shared_session(self._proxy)
        request = self._session.request(method, url)
        if token:
            request.header("Authorization", f"Bearer {token}", is_sensitive=True)
        size = await _fill(request, data)
        patience = data.get("_timeout") or self._timeout + size / SLOWEST_UPLOAD
        save_to, progress = data.get("_save_to"), data.get("_progress")
        if save_to is None and (progress is None or data.get("files")):
            response = await request.timeout(timedelta(seconds=patience)).build().send()
            body = (await response.bytes()).to_bytes()
        else:
            # A large download may take any time while bytes keep arriving.
            async with timeout(None if save_to else patience), request.build_streamed() as response:
                if save_to is not None and _is_file(response):
                    return await save(response, save_to, progress, patience=patience)
                body = b"".join([piece async for piece in _pieces(response, progress, patience)])
        name = f"{method.upper()} {urlsplit(url).path}"
        if data.get("_return_response") and response.status < 400:
            return Response(response.status, headers=headers_of(response), content=body)
        return self._read(name, response, body)

    def _read(self, request: str, response: HttpResponse, body: bytes) -> Any:
        status, content_type = response.status, _content_type(response)
        if "json" not in content_type:
            if body and _is_file(response):
                return body
            if status == 429:
                raise make_failure(0, "HTTP 429", headers=headers_of(response), status_code=status, request=request)
            text = f"{request} got HTTP {status} from {self.host} without Feishu's JSON"
            raise NetworkError(f"{text} ({content_type}); a proxy or gateway in between?", status_code=status)
        fields = read_object(body, max_values=math.inf)
        if fields is None:
            raise NetworkError(f"{request} got HTTP {status} from {self.host} with broken JSON", status_code=status)
        code = fields.get("code", 0)
        if code != 0 or status >= 400:
            raise make_failure(
                code if isinstance(code, int) else 0,
                str(fields.get("msg") or fields.get("error_description") or f"HTTP {status}"),
                headers=headers_of(response),
                log_id=header_of(response, "x-tt-logid"),
                status_code=status,
                request=request,
                body=fields,
            )
        inner = as_object(fields.get("data"))
        if "message_id" in inner:
            fields.setdefault("message_id", inner["message_id"])
        return fields


async def _fill(request: RequestBuilder, data: CallOptions) -> int:
    """Add query, headers and body to a request; returns the size of its files in bytes.

    The first byte of the answer comes when the last byte of an upload is there, so an upload's time is bounded by its
    size.
    """
    if params := data.get("params"):
        request.query(params)
    for name, value in (data.get("headers") or {}).items():
        request.header(name, value)
    if cookies := data.get("cookies"):
        request.header("Cookie", "; ".join(f"{key}={value}" for key, value in cookies.items()))
    if (json := data.get("json")) is not None:
        request.header("Content-Type", _JSON_TYPE).body_bytes(to_json(json))
    elif data.get("files") or data.get("data"):
        form, size = await make_form(data.get("data"), data.get("files") or (), data.get("_progress"))
        request.multipart(form)
        return size
    elif (content := cast("object", data.get("content"))) is not None:
        if isinstance(content, str):
            request.body_text(content)
        elif isinstance(content, (bytes, bytearray)):
            request.body_bytes(content)
        else:
            request.body_stream(stream_of(content))
    return 0


def _content_type(response: HttpResponse) -> str:
    return (header_of(response, "content-type") or "application/octet-stream").partition(";")[0].lower()


def _is_file(response: HttpResponse) -> bool:
    content_type = _content_type(response)
    return response.status < 400 and "json" not in content_type and "html" not in content_type


async def save(
    response: HttpResponse, path: Path, progress: Progress | None = None, *, patience: float | None = None
) -> Path:
    """Write a download to a file, piece by piece; the file appears when it is complete.

    ``patience``: seconds that the next piece may take.
    """
    part = path.with_name(f"{path.name}.part")
    with await asyncio.to_thread(part.open, "wb") as file:
        async for piece in _pieces(response, progress, patience):
            await asyncio.to_thread(file.write, piece)
    await asyncio.to_thread(part.replace, path)
    return path


async def _pieces(response: HttpResponse, progress: Progress | None, patience: float | None) -> AsyncIterator[bytes]:
    size = header_of(response, "content-length")
    meter = Meter(progress if _is_file(response) else None, int(size) if size.isdecimal() else None)
    while True:
        async with timeout(patience):
            piece = await response.body_reader.read(PIECE)
        if piece is None:
            return
        yield piece.to_bytes()
        meter.add(len(piece))


def can_replay(data: CallOptions) -> bool:
    """Whether the body of a call can be sent again: what cannot be rewound is used up after the first try."""
    return all(part.content.repeatable for part in data.get("files") or ()) and not hasattr(data.get("content"), "read")
