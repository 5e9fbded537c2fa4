"""REST client of one bot: auth, rate limits, retries; and the clients of all bots."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from pydantic import SecretStr

from ..config import BotConfig
from ..exception import ActionFailed, NetworkError, RateLimited, TargetUnavailable
from ..net.bounded_json import as_object, as_text
from ..net.lark_sdk import make_client, share_token
from ..net.waiting import Sleep
from ..store import Shared
from .call_traits import api_of, lane_of, may_repeat
from .http import CallOptions, Http, can_replay
from .isv_token import IsvTokens, LoadTicket, current_tenant
from .limiter import Clock, Gate, Lane, Limiter, Rate
from .retry import RetryPolicy, next_wait
from .token import TenantToken, share_fetched_token, token_in
from .upload import measure_all, parts_of

if TYPE_CHECKING:
    from lark_oapi import Client

TOKEN_PATH = "auth/v3/tenant_access_token/internal"
TOKEN_CODES = frozenset({99991661, 99991663, 99991664, 99991665, 99991668, 99991671})
_CODE_APP_RATE = 99991400
T = TypeVar("T")


class ApiClient:
    """REST client of one bot. Lives on NoneBot's loop; opens its session on first use."""

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
        """Create the client of one bot; nothing is opened yet.

        Args:
            app_id: the bot's app id.
            app_secret: its secret.
            origin: the platform's origin, e.g. ``https://open.feishu.cn``.
            proxy: a proxy, see :func:`~..net.session.make_session`.
            timeout: seconds per try, unless the call says otherwise.
            retry: when a call is tried again.
            rate: messages to one chat or user.
            load_ticket: makes it the client of an ISV app.
            shared: if the bot has replicas: one token, one rate for all.
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
        self._lark: Client | None = None
        limit = rate or Rate()
        fetch_token = self._fetch_token
        if shared is not None:
            fetch_token = share_fetched_token(shared, f"{app_id}:token:{self._http.host}", fetch_token)
        self._limiter = Limiter(
            limit,
            clock,
            sleep,
            reserve=shared and (lambda lane: shared.reserve(f"{app_id}:{lane}", limit.count, limit.period)),
        )
        self.token: TenantToken = TenantToken(fetch_token, bot=app_id)
        """The token of a self-built app."""
        self.isv_tokens: IsvTokens | None = None
        """The tokens of an ISV app."""
        if load_ticket is not None:
            self.isv_tokens = IsvTokens(app_id, app_secret, self._post_open, load_ticket)

    async def call(self, path: str, *, method: str = "GET", **data: Unpack[CallOptions]) -> Any:
        """Call one method of Feishu's API.

        Messages to one chat go out in the order of the calls, no faster than Feishu allows. A call is tried again when
        that is safe: always after a refusal for rate or when it never reached Feishu; after an unknown outcome only if
        doing it twice has the effect of doing it once (by its method, or by the ``uuid`` it carries).

        Args:
            path: below ``/open-apis/`` (``im/v1/messages``), or from the root (``/open-apis/...``).
            method: the HTTP method.
            data: see :class:`CallOptions`.

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
        if files := data.get("files"):
            data["files"] = parts = parts_of(files, api)
            await measure_all(parts)  # Feishu would refuse a bad file only after its last byte
        params = data["params"] = data.get("params") or data.get("query")
        body = data["json"] = data.get("body") if data.get("json") is None else data.get("json")
        repeatable = can_replay(data) and may_repeat(api, params, body)
        key = lane_of(api, path, body)
        lane = None if key is None else self._limiter.lane(key)
        gate = self._limiter.gate(api)
        perhaps_done = False

        async def attempt(patience: float) -> Any:
            nonlocal perhaps_done
            try:
                return await self._admitted(gate, lane, patience, method, url, data)
            except NetworkError as error:
                perhaps_done = perhaps_done or error.sent
                raise
            except TargetUnavailable:
                if not (perhaps_done and method.upper() == "DELETE"):
                    raise
                return {"code": 0, "msg": "success", "data": {}}  # an earlier try did it, and its answer was lost

        if lane is None or key is None:
            return await self._retrying(attempt, repeatable, data.get("_deadline"))
        await lane.enter()
        try:
            answer = await self._retrying(attempt, repeatable, data.get("_deadline"))
        finally:
            lane.leave()
        self._learn(key, answer)
        return answer

    def learn(self, message_id: str, chat_id: str) -> None:
        """Note which chat a message is in: replies to it count for the chat."""
        self._limiter.learn(message_id, chat_id)

    async def get_token(self) -> str:
        """The access token that calls carry; of a store app, that of the tenant of the event being handled."""
        provider = self._token_of(current_tenant.get())
        return await self._retrying(lambda _: provider.get(), repeatable=True)

    async def get_lark(self) -> Client:
        """The official SDK's client with this bot's token and domain."""
        tenant = "" if self.isv_tokens is None else current_tenant.get()
        token = await self.get_token()
        if self._lark is None:
            is_store = self.isv_tokens is not None
            self._lark = await make_client(
                self._app_id, self._app_secret, self._origin, timeout=self._timeout, is_store=is_store
            )
        share_token(self._app_id, token, self._token_of(tenant).lifetime, tenant)
        return self._lark

    async def close(self) -> None:
        """Close the pooled connections."""
        await self._http.close()

    async def _retrying(
        self, attempt: Callable[[float], Awaitable[T]], repeatable: bool, deadline: float | None = None
    ) -> T:
        """Try until it succeeds, the error stands, or the deadline leaves no time for another try."""
        ends_at = self._clock() + (self._retry.deadline if deadline is None else deadline)
        delays: Iterator[float] | None = None
        while True:
            try:
                return await attempt(ends_at - self._clock())
            except (ActionFailed, NetworkError) as error:
                delays = delays or self._retry.delays(random.random)
                wait = next_wait(error, repeatable=repeatable, delays=delays, random=random.random)
                if wait is None or self._clock() + wait > ends_at:
                    raise
            await self._sleep(wait)

    async def _admitted(
        self, gate: Gate, lane: Lane | None, patience: float, method: str, url: str, data: CallOptions
    ) -> Any:
        """One try within the limits of its chat and its API; the gate learns of the outcome."""
        if gate.opens_in > max(patience, 0.0):
            raise RateLimited(
                code=_CODE_APP_RATE,
                msg="not sent, since Feishu has asked this app to wait longer than the call's deadline",
                retry_after=gate.opens_in,
            )
        if lane is not None:
            await lane.take_token()
        try:
            await gate.enter()
            try:
                answer = await self._authorised(method, url, data)
                gate.passed()
                return answer
            except RateLimited as error:
                if error.code in (_CODE_APP_RATE, 0):
                    gate.refused(error.retry_after)
                raise
            finally:
                gate.leave()
        finally:
            if lane is not None:
                lane.return_token()

    async def _authorised(self, method: str, url: str, data: CallOptions) -> Any:
        """One try with a token; a token that Feishu refuses is replaced once."""
        if (headers := data.get("headers")) and any(name.lower() == "authorization" for name in headers):
            return await self._http.exchange(method, url, None, data)
        provider = self._token_of(data.get("_tenant") or current_tenant.get())
        token = await self._get_token(provider)
        try:
            return await self._http.exchange(method, url, token, data)
        except ActionFailed as error:
            if error.code not in TOKEN_CODES or not can_replay(data):
                raise
            provider.invalidate(token)
        return await self._http.exchange(method, url, await self._get_token(provider), data)

    def _token_of(self, tenant: str) -> TenantToken:
        return self.token if self.isv_tokens is None else self.isv_tokens.of(tenant)

    async def _post_open(self, path: str, json: Mapping[str, str]) -> Mapping[str, Any]:
        """Post JSON without a token."""
        return await self._http.exchange("POST", self._http.url(path), None, {"json": json})

    async def _get_token(self, provider: TenantToken) -> str:
        try:
            return await provider.get()
        except NetworkError as error:
            # The call itself was not sent yet, whatever became of the request for a token.
            raise NetworkError(error.msg, sent=False, status_code=error.status_code) from error

    async def _fetch_token(self) -> tuple[str, float]:
        secret = self._app_secret.get_secret_value()
        body = await self._post_open(TOKEN_PATH, {"app_id": self._app_id, "app_secret": secret})
        return token_in(body, "tenant_access_token")

    def _learn(self, key: str, answer: Any) -> None:
        """Note the chat of a sent message, and so of the message it replies to or the user it was sent to."""
        sent = as_object(as_object(answer).get("data"))
        if (chat_id := as_text(sent.get("chat_id"))) and not key.startswith("edit "):
            self._limiter.learn(key, chat_id)
            self._limiter.learn(as_text(sent.get("message_id")), chat_id)


class ClientPool:
    """The REST clients of all bots. Lives on NoneBot's loop."""

    def __init__(
        self,
        *,
        timeout: float,
        load_ticket: Callable[[str], Awaitable[SecretStr | None]],
        shared: Shared | None,
        make: Callable[..., ApiClient] = ApiClient,
    ) -> None:
        """Create an empty pool; ``load_ticket`` reads the app ticket that is kept for a store app, by its app id."""
        self._make = make
        self._timeout = timeout
        self._load_ticket = load_ticket
        self._shared = shared
        self._clients: dict[str, ApiClient] = {}

    def get(self, bot: BotConfig) -> ApiClient:
        """The client of a bot."""
        if (client := self._clients.get(bot.app_id)) is None:
            client = self._clients[bot.app_id] = self._make(
                app_id=bot.app_id,
                app_secret=bot.app_secret,
                origin=bot.api_origin,
                proxy=bot.proxy_url,
                timeout=self._timeout,
                load_ticket=(lambda: self._load_ticket(bot.app_id)) if bot.app_type == "store" else None,
                shared=self._shared,
            )
        return client

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()
