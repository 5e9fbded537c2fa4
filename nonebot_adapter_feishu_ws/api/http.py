"""HTTP exchanges with Feishu over pooled connections; answers become results or errors."""

import asyncio
import math
import re
from asyncio import timeout
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict, cast
from urllib.parse import quote, urlencode, urlsplit

from nonebot.drivers import Response
from pydantic_core import to_json

from ..exception import ApiNotAvailable, NetworkError, make_failure
from ..net.bounded_json import as_object, read_object
from ..net.errors import failure
from ..net.http1 import Body, HttpResponse
from ..net.session import HttpSession, shared_session, target_of
from .upload import Form, Meter, Progress, make_form, stream_of

SLOWEST_UPLOAD = 64 * 1024
"""Bytes per second of the slowest upload that does not time out."""
MAX_CONNECTIONS = 100
"""Calls of a bot at a time; further ones wait, before their time-out begins. By bot, so that one whose calls hang takes
no place from another."""
_PREFIX = "/open-apis/"
_DOWNLOAD = re.compile(r"GET /open-apis/im/v1/(?:images|files|messages/[^/]+/resources)/[^/]+$")
"""Calls that succeed with a file only."""
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
        self._target = target_of(origin)
        self.host: str = urlsplit(origin).netloc
        self._proxy = proxy
        self._timeout = timeout
        self._session: HttpSession | None = None
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)
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
            async with self._places:
                return await self._exchange(method, url, token, data)
        except OSError as error:
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
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= data.get("headers") or {}
        if cookies := data.get("cookies"):
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in cookies.items())
        form: Form | None = None
        if data.get("files") or data.get("data"):
            form = await make_form(data.get("data"), data.get("files") or (), data.get("_progress"))
        body = _make_body(headers, data, form)
        # The first byte of the answer comes when the last byte of an upload is there, so an upload's time is bounded by
        # its size.
        patience = data.get("_timeout") or self._timeout + (form.size if form else 0) / SLOWEST_UPLOAD
        path = _with_query(_path(url.removeprefix(self._origin)), data.get("params"))
        save_to, progress = data.get("_save_to"), data.get("_progress")
        if save_to is None and (progress is None or data.get("files")):
            response, content = await self._session.request(
                method.upper(), self._target, path, headers, body, patience=patience, size=form and form.length
            )
        else:
            # A large download may take any time while bytes keep arriving.
            stream = self._session.stream(method.upper(), self._target, path, headers, body, patience=patience)
            async with timeout(None if save_to else patience), stream as response:
                if save_to is not None and _is_file(response):
                    return await save(response, save_to, progress, patience=patience)
                content = b"".join([piece async for piece in _pieces(response, progress, patience)])
        if data.get("_return_response") and response.status < 400:
            return Response(response.status, headers=response.headers, content=content)
        result = self._read(f"{method.upper()} {urlsplit(url).path}", response, content)
        if save_to is not None and isinstance(result, bytes):
            await asyncio.to_thread(save_to.write_bytes, result)
            return save_to
        return result

    def _read(self, request: str, response: HttpResponse, body: bytes) -> Any:
        status, content_type = response.status, _content_type(response)
        if _is_file(response) and (body or "content-disposition" in response.headers):
            return body
        is_download = status < 400 and _DOWNLOAD.match(request)
        if "json" not in content_type:
            if is_download and "x-tt-logid" in response.headers:
                return body  # a web page that somebody sent; one of a gateway would not have Feishu's header
            if status == 429:
                raise make_failure(0, "HTTP 429", headers=response.headers, status_code=status, request=request)
            text = f"{request} got HTTP {status} from {self.host} without Feishu's JSON"
            raise NetworkError(f"{text} ({content_type}); a proxy or gateway in between?", status_code=status)
        fields = read_object(body, max_values=math.inf)
        if is_download and not (fields and fields.get("code") and "msg" in fields):
            return body
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


def _make_body(headers: dict[str, str], data: CallOptions, form: Form | None) -> Body:
    """The body of a request; adds the header that names its type."""
    if (json := data.get("json")) is not None:
        headers["Content-Type"] = _JSON_TYPE
        return to_json(json)
    if form is not None:
        headers["Content-Type"] = form.content_type
        return form.pieces()
    content = cast("object", data.get("content"))
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, (bytes, bytearray)):
        return bytes(content)
    return b"" if content is None else stream_of(content)


@lru_cache(256)
def _path(path: str) -> str:
    return quote(path, safe="/%:@!$&'()*+,;=~-._?")


def _with_query(path: str, params: Any) -> str:
    if not params:
        return path
    pairs: Any = cast("Mapping[str, Any]", params).items() if isinstance(params, Mapping) else params
    # As Feishu writes them: true and false; what is None is left out.
    given = [(name, str(value).lower() if isinstance(value, bool) else value) for name, value in pairs]
    query = urlencode([(name, value) for name, value in given if value is not None], doseq=True)
    return f"{path}{'&' if '?' in path else '?'}{query}"


def _content_type(response: HttpResponse) -> str:
    return response.headers.get("content-type", "application/octet-stream").partition(";")[0].lower()


def _is_file(response: HttpResponse) -> bool:
    """Whether an answer is certainly a file: by its type, or since it is one to be saved, whatever its type."""
    content_type = _content_type(response)
    labelled = "json" not in content_type and "html" not in content_type
    return response.status < 400 and (labelled or "content-disposition" in response.headers)


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
    size = response.headers.get("content-length", "")
    meter = Meter(progress if _is_file(response) else None, int(size) if size.isdecimal() else None)
    pieces = response.pieces()
    while True:
        async with timeout(patience):
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece
        meter.add(len(piece))


def can_replay(data: CallOptions) -> bool:
    """Whether the body of a call can be sent again: what cannot be rewound is used up after the first try."""
    return all(part.content.repeatable for part in data.get("files") or ()) and not hasattr(data.get("content"), "read")
