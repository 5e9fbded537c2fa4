"""One bot's REST client: the token, the politeness, and the second tries around each exchange."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import SecretStr

from ..exception import ActionFailed, NetworkError, RateLimited, TargetUnavailable
from ..net.lark_sdk import make_client, share_token
from ..store import Shared
from .call_traits import api_of, lane_of, may_repeat
from .form import can_replay, check_parts, parts_of
from .http import Http, json_of
from .isv_token import IsvTokens, LoadTicket, current_tenant
from .limiter import Clock, Gate, Lane, Limiter, Rate, Reserve, Sleep
from .retry import RetryPolicy, backoff, next_wait
from .share import share_fetched_token
from .token import TenantToken

if TYPE_CHECKING:
    from lark_oapi import Client

TOKEN_PATH = "auth/v3/tenant_access_token/internal"
TOKEN_CODES = frozenset({99991661, 99991663, 99991664, 99991665, 99991668, 99991671})
_CODE_APP_RATE = 99991400
T = TypeVar("T")


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
        retry: RetryPolicy | None = None,
        rate: Rate | None = None,
        load_ticket: LoadTicket | None = None,
        shared: Shared | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Args:
        app_id: the bot's app id.
        app_secret: its secret.
        origin: the platform's origin, e.g. ``https://open.feishu.cn``.
        proxy: a proxy, see :func:`~..session.make_session`.
        timeout: seconds per try, unless the call says otherwise.
        retry: when a call is tried again.
        rate: messages to one chat or user; Feishu's documented 5 per second when not given.
        load_ticket: the app ticket that is kept; makes it the client of a store app.
        shared: where the bot's replicas meet, if it has any: one token, and the rates of all together.
        clock: monotonic seconds, for rates and waits.
        sleep: waits for seconds of that clock.
        """
        self._app_id = app_id
        self._app_secret = app_secret
        self._origin = origin
        self._timeout = timeout
        self._retry = retry or RetryPolicy()
        self._clock = clock
        self._sleep = sleep
        self._http = Http(origin, proxy=proxy, timeout=timeout)
        self._limiter = Limiter(rate or Rate(), clock, sleep, reserve=reserve_of(shared, app_id, rate or Rate()))
        self._lark: Client | None = None
        self.token: TenantToken = TenantToken(
            share_fetched_token(shared, f"{app_id}:token:{self._http.host}", self._fetch_token)
        )
        """The token of a self-built app."""
        self.isv_tokens: IsvTokens | None = None
        """The tokens of a store app."""
        if load_ticket is not None:
            self.isv_tokens = IsvTokens(app_id, app_secret, self._exchange_open, load_ticket)

    async def call(self, path: str, *, method: str = "GET", **data: Any) -> Any:
        """Call one method.

        Messages to one chat go out in the order of the calls, no faster than Feishu allows. A call is tried again when
        that is safe: always after a refusal for rate or when it never reached Feishu; after an unknown outcome only if
        doing it twice has the effect of doing it once (by its method, or by the ``uuid`` it carries).

        Args:
            path: below ``/open-apis/`` (``im/v1/messages``), or from the root (``/open-apis/...``).
            method: the HTTP method.
            data: ``params`` or ``query``, ``json`` or ``body``, ``data``, ``files``, ``content``, ``headers``,
                ``cookies``, ``_timeout`` (seconds per try; by
                default uploads get more, by their size), ``_deadline`` (seconds from the call's turn until no new
                try begins; 0 for a single one), ``_return_response`` (the raw response instead), ``_save_to`` (a
                ``Path``: a file is written there piece by piece, and the path is the result), ``_progress`` (told of
                a file's bytes as they go over, see :data:`~.upload.Progress`; a further try begins at 0 again).
                ``_tenant`` (a store app's tenant key; else that of the event being handled).
                ``files`` may be paths and open files: they are sent piece by piece.

        Returns:
            Feishu's whole body as a dict (with ``message_id`` at its top for sent messages), or bytes for a file.

        Raises:
            ActionFailed: Feishu answered with an error code; see its subclasses.
            NetworkError: no usable answer came.
            ApiNotAvailable: ``path`` is not a path of Feishu.
            ValueError: a file cannot be read, is empty, or larger than Feishu takes.
        """
        url = self._http.url(path)
        api = api_of(method, path)
        if data.get("files"):
            data["files"] = parts_of(data["files"])
            data["_upload_bytes"] = await check_parts(data["files"], api)
        gate, body = self._limiter.gate(api), json_of(data)
        key = lane_of(api, path, body)
        repeatable = _can_replay(data) and may_repeat(api, data.get("params") or data.get("query"), body)
        lane = None if key is None else self._limiter.lane(key)
        perhaps_done = False

        async def attempt(patience: float) -> Any:
            nonlocal perhaps_done
            try:
                return await self._polite(lambda: self._authorised(method, url, data), gate, lane, patience)
            except NetworkError as error:
                perhaps_done = perhaps_done or error.sent
                raise
            except TargetUnavailable:
                if not (perhaps_done and method.upper() == "DELETE"):
                    raise
                return {"code": 0, "msg": "success", "data": {}}  # an earlier try did it, and its answer was lost

        async with lane.turn() if lane is not None else nullcontext():
            answer = await self._persist(attempt, repeatable, data.get("_deadline"))
        if key is not None:
            self._learn(key, answer)
        return answer

    def learn(self, message_id: str, chat_id: str) -> None:
        """An event told which chat a message is in: replies to it count for the chat."""
        self._limiter.learn(message_id, chat_id)

    async def get_lark(self) -> Client:
        """The official SDK's client with this bot's token and domain."""

        async def attempt(_: float) -> str:
            return await provider.get()

        tenant = "" if self.isv_tokens is None else current_tenant.get()
        provider = self._token_of(tenant)
        token = await self._persist(attempt, repeatable=True)
        if self._lark is None:
            is_store = self.isv_tokens is not None
            self._lark = await make_client(
                self._app_id, self._app_secret, self._origin, timeout=self._timeout, is_store=is_store
            )
        share_token(self._app_id, token, provider.lifetime, tenant)
        return self._lark

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._http.close()

    async def _persist(
        self, attempt: Callable[[float], Awaitable[T]], repeatable: bool, deadline: float | None = None
    ) -> T:
        """Try until it works, the error stands, or the deadline leaves no time for another try."""
        ends_at = self._clock() + (self._retry.deadline if deadline is None else deadline)
        delays = backoff(self._retry, random.random)
        while True:
            try:
                return await attempt(ends_at - self._clock())
            except (ActionFailed, NetworkError) as error:
                wait = next_wait(error, repeatable=repeatable, delays=delays, random=random.random)
                if wait is None or self._clock() + wait > ends_at:
                    raise
            await self._sleep(wait)

    async def _polite(
        self, exchange: Callable[[], Awaitable[Any]], gate: Gate, lane: Lane | None, patience: float
    ) -> Any:
        """One try, when the chat and the API allow it."""
        if gate.opens_in > max(patience, 0.0):
            raise RateLimited(
                code=_CODE_APP_RATE,
                msg="not sent, since Feishu has asked this app to wait longer than the call's deadline",
                retry_after=gate.opens_in,
            )
        async with lane.token() if lane is not None else nullcontext(), gate.passage():
            try:
                answer = await exchange()
            except RateLimited as error:
                if error.code in (_CODE_APP_RATE, 0):
                    gate.refused(error.retry_after)
                raise
            gate.passed()
            return answer

    async def _authorised(self, method: str, url: str, data: Mapping[str, Any]) -> Any:
        """One try with a token; a token that Feishu refuses is replaced once."""
        own_headers = cast("Mapping[str, str]", data.get("headers") or {})
        if any(name.lower() == "authorization" for name in own_headers):
            return await self._http.exchange(method, url, None, data)
        provider = self._token_of(str(data.get("_tenant") or current_tenant.get()))
        token = await self._get_token(provider)
        try:
            return await self._http.exchange(method, url, token, data)
        except ActionFailed as error:
            if error.code not in TOKEN_CODES or not _can_replay(data):
                raise
            provider.invalidate(token)
        return await self._http.exchange(method, url, await self._get_token(provider), data)

    def _token_of(self, tenant: str) -> TenantToken:
        return self.token if self.isv_tokens is None else self.isv_tokens.of(tenant)

    async def _exchange_open(self, path: str, json: Mapping[str, str]) -> Mapping[str, Any]:
        return await self._http.exchange("POST", self._http.url(path), None, {"json": json})

    async def _get_token(self, provider: TenantToken) -> str:
        try:
            return await provider.get()
        except NetworkError as error:
            # The call itself was not sent yet, whatever became of the request for a token.
            raise NetworkError(error.msg, sent=False, status_code=error.status_code) from error

    async def _fetch_token(self) -> tuple[str, float]:
        secret = self._app_secret.get_secret_value()
        json = {"app_id": self._app_id, "app_secret": secret}
        body = await self._http.exchange("POST", self._http.url(TOKEN_PATH), None, {"json": json})
        token, expire = body.get("tenant_access_token"), body.get("expire")
        if not isinstance(token, str) or not isinstance(expire, int):
            raise NetworkError(f"{self._http.host} answered the request for a token without one")
        return token, float(expire)

    def _learn(self, key: str, answer: Any) -> None:
        """A sent message tells in which chat it is, and so are what it answers and whom it was sent to."""
        sent = cast("dict[str, Any]", answer).get("data") if isinstance(answer, dict) else None
        if not isinstance(sent, dict):
            return
        fields = cast("dict[str, Any]", sent)
        chat_id, message_id = fields.get("chat_id"), fields.get("message_id")
        if isinstance(chat_id, str) and not key.startswith("edit "):
            self._limiter.learn(key, chat_id)
            if isinstance(message_id, str):
                self._limiter.learn(message_id, chat_id)


def _can_replay(data: Mapping[str, Any]) -> bool:
    return can_replay(data.get("files") or (), data.get("content"))


def reserve_of(shared: Shared | None, app_id: str, rate: Rate) -> Reserve | None:
    """How a bot's lanes take their turns among its replicas; None for a bot that has none."""
    if shared is None:
        return None
    return lambda lane: shared.reserve(f"{app_id}:{lane}", rate.count, rate.period)
