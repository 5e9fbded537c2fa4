"""One bot's REST client: a pooled session, the token, one place where an answer becomes a result or an error."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import aiohttp
from nonebot.drivers import Response
from pydantic import SecretStr
from pydantic_core import from_json, to_json

from ..diagnosis import describe
from ..exception import ActionFailed, ApiNotAvailable, NetworkError
from ..sdk import make_client, share_token
from .form import make_form
from .token import TenantToken

if TYPE_CHECKING:
    from lark_oapi import Client

TOKEN_PATH = "auth/v3/tenant_access_token/internal"
TOKEN_CODES = frozenset({99991661, 99991663, 99991664, 99991665, 99991668})
_PREFIX = "/open-apis/"
_JSON_TYPE = "application/json; charset=utf-8"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class ApiClient:
    """Calls Feishu's REST API for one bot. Lives on NoneBot's loop; makes its session on first use."""

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: SecretStr,
        origin: str,
        proxy: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        """Args:
        app_id: the bot's app id.
        app_secret: its secret.
        origin: the platform's origin, e.g. ``https://open.feishu.cn``.
        proxy: an ``http://`` proxy.
        timeout: seconds per call, unless the call says otherwise.
        """
        self._app_id = app_id
        self._app_secret = app_secret
        self._origin = origin
        self._host = urlsplit(origin).netloc
        self._proxy = proxy
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._lark: Client | None = None
        self.token = TenantToken(self._fetch_token)

    async def call(self, path: str, *, method: str = "GET", **data: Any) -> Any:
        """Call one method.

        Args:
            path: below ``/open-apis/`` (``im/v1/messages``), or from the root (``/open-apis/...``).
            method: the HTTP method.
            data: ``params`` or ``query``, ``json`` or ``body``, ``data``, ``files``, ``content``, ``headers``,
                ``cookies``, ``_timeout`` (seconds), ``_return_response`` (the raw response instead).

        Returns:
            Feishu's whole body as a dict (with ``message_id`` at its top for sent messages), or bytes for a file.

        Raises:
            ActionFailed: Feishu answered with an error code.
            NetworkError: no usable answer came.
            ApiNotAvailable: ``path`` is not a path of Feishu.
        """
        url = self._url(path)
        token = await self.token.get()
        try:
            return await self._send(method, url, token, data)
        except ActionFailed as error:
            if error.code not in TOKEN_CODES:
                raise
            self.token.invalidate(token)
        return await self._send(method, url, await self.token.get(), data)

    async def get_lark(self) -> Client:
        """The official SDK's client with this bot's token and domain."""
        token = await self.token.get()
        if self._lark is None:
            self._lark = await make_client(self._app_id, self._app_secret, self._origin, timeout=self._timeout)
        share_token(self._app_id, token, self.token.lifetime)
        return self._lark

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _url(self, path: str) -> str:
        if "://" in path or path.startswith("//"):
            # The token must never travel to a host that a caller names.
            raise ApiNotAvailable("call_api takes a path of Feishu, such as im/v1/messages, not a full URL")
        return self._origin + (path if path.startswith("/") else _PREFIX + path)

    async def _fetch_token(self) -> tuple[str, float]:
        secret = self._app_secret.get_secret_value()
        json = {"app_id": self._app_id, "app_secret": secret}
        body = await self._send("POST", self._url(TOKEN_PATH), None, {"json": json})
        token, expire = body.get("tenant_access_token"), body.get("expire")
        if not isinstance(token, str) or not isinstance(expire, int):
            raise NetworkError(f"{self._host} answered the request for a token without one")
        return token, float(expire)

    async def _send(self, method: str, url: str, token: str | None, data: Mapping[str, Any]) -> Any:
        json = data.get("json") if data.get("json") is not None else data.get("body")
        try:
            return await self._exchange(method, url, token, data, json)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError) as error:
            # An idle connection can be closed by the server just as it is used. Safe methods are repeated by
            # aiohttp itself; a send is safe to repeat when its uuid lets Feishu recognise the second one.
            if method.upper() in _SAFE_METHODS or not (isinstance(json, dict) and "uuid" in json):
                raise self._failed(error) from error
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise self._failed(error) from error
        try:
            return await self._exchange(method, url, token, data, json)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise self._failed(error) from error

    async def _exchange(self, method: str, url: str, token: str | None, data: Mapping[str, Any], json: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= cast("dict[str, str]", data.get("headers") or {})
        if cookies := cast("dict[str, str]", data.get("cookies") or {}):
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in cookies.items())
        content: Any = data.get("content")
        if json is not None:
            headers["Content-Type"] = _JSON_TYPE
            content = to_json(json)
        elif data.get("files") or data.get("data"):
            content = make_form(data.get("data"), data.get("files"))
        async with self._get_session().request(
            method,
            url,
            params=data.get("params") or data.get("query"),
            data=content,
            headers=headers,
            proxy=self._proxy,
            timeout=aiohttp.ClientTimeout(total=data.get("_timeout") or self._timeout),
        ) as response:
            body = await response.read()
        request = f"{method.upper()} {urlsplit(url).path}"
        if data.get("_return_response") and response.status < 400:
            return Response(response.status, headers=dict(response.headers), content=body)
        return self._read(request, response, body)

    def _read(self, request: str, response: aiohttp.ClientResponse, body: bytes) -> Any:
        """The one place where an answer becomes a result or an error."""
        status = response.status
        if "json" not in response.content_type:
            if status < 400 and body and "html" not in response.content_type:
                return body
            text = f"{request} got HTTP {status} from {self._host} without Feishu's JSON"
            raise NetworkError(f"{text} ({response.content_type}); a proxy or gateway in between?")
        answer = _parse(body)
        if not isinstance(answer, dict):
            raise NetworkError(f"{request} got HTTP {status} from {self._host} with broken JSON")
        fields = cast("dict[str, Any]", answer)
        code = fields.get("code", 0)
        if code != 0 or status >= 400:
            raise ActionFailed(
                code=code if isinstance(code, int) else 0,
                msg=str(fields.get("msg") or fields.get("error_description") or f"HTTP {status}"),
                log_id=response.headers.get("x-tt-logid", ""),
                status_code=status,
                request=request,
                body=fields,
            )
        inner: object = fields.get("data")
        if isinstance(inner, dict) and "message_id" in inner:
            fields.setdefault("message_id", cast("dict[str, Any]", inner)["message_id"])
        return fields

    def _failed(self, error: BaseException) -> NetworkError:
        return NetworkError(f"{describe(error, self._host)}; check the network, the proxy and the bot's domain")

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=100, keepalive_timeout=25.0),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _parse(body: bytes) -> object:
    try:
        return from_json(body)
    except ValueError:
        try:
            return jsonlib.loads(body)
        except (ValueError, RecursionError):
            return None
