"""Tokens of an ISV app (商店应用, "store app"): app ticket -> app access token -> a tenant access token per tenant."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from pydantic import SecretStr

from ..exception import ActionFailed, ApiNotAvailable, NetworkError, RateLimited
from ..net.waiting import wait_for_event
from .token import TenantToken, token_in

APP_TOKEN_PATH: Final = "auth/v3/app_access_token"
TENANT_TOKEN_PATH: Final = "auth/v3/tenant_access_token"
RESEND_PATH: Final = "auth/v3/app_ticket/resend"
CODE_TICKET_INVALID: Final = 10012
TICKET_PATIENCE = 10.0
"""Seconds for which a requested app ticket is awaited."""
MAX_TENANTS = 10_000
"""Tenants whose tokens are kept; the least recently used one goes first."""

current_tenant: ContextVar[str] = ContextVar("feishu_tenant", default="")
"""The tenant that calls of an ISV app are for: that of the event being handled, or of ``bot.for_tenant``."""

Exchange = Callable[[str, Mapping[str, str]], Awaitable[Mapping[str, Any]]]
"""Posts JSON to a path, without a token."""
LoadTicket = Callable[[], Awaitable[SecretStr | None]]
"""Reads the stored ticket, which another process of this app may have received."""


class IsvTokens:
    """The tokens of one ISV app (商店应用获取 tenant_access_token). Lives on NoneBot's loop."""

    def __init__(self, app_id: str, app_secret: SecretStr, exchange: Exchange, load_ticket: LoadTicket) -> None:
        """Create the tokens of one app; each is fetched on first use."""
        self._app_id = app_id
        self._app_secret = app_secret
        self._exchange = exchange
        self._load_ticket = load_ticket
        self._ticket: SecretStr | None = None
        self._arrived = asyncio.Event()
        self._app = TenantToken(self._fetch_app, bot=app_id)
        self._tenants: OrderedDict[str, TenantToken] = OrderedDict()

    def take_ticket(self, ticket: SecretStr) -> None:
        """Use a ticket that Feishu has pushed (app_ticket 事件)."""
        self._ticket = ticket
        self._arrived.set()

    def of(self, tenant_key: str) -> TenantToken:
        """The token of a tenant.

        Raises:
            ApiNotAvailable: no tenant is named.
        """
        if not tenant_key:
            raise ApiNotAvailable(
                "this bot is a store app, and nothing says for which tenant this call is: call it in the handler of an "
                "event, inside `with bot.for_tenant(tenant_key):`, or with call_api(..., _tenant=tenant_key)"
            )
        if (token := self._tenants.get(tenant_key)) is None:
            token = self._tenants[tenant_key] = TenantToken(lambda: self._fetch_tenant(tenant_key), bot=self._app_id)
            if len(self._tenants) > MAX_TENANTS:
                self._tenants.popitem(last=False)
        self._tenants.move_to_end(tenant_key)
        return token

    async def resend(self) -> None:
        """Ask Feishu to push a ticket (重新获取 app_ticket); also checks id and secret without one.

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        secret = self._app_secret.get_secret_value()
        await self._exchange(RESEND_PATH, {"app_id": self._app_id, "app_secret": secret})

    async def _fetch_tenant(self, tenant_key: str) -> tuple[str, float]:
        app_token = await self._app.get()
        try:
            return await self._ask_tenant(app_token, tenant_key)
        except RateLimited:
            raise
        except ActionFailed:
            # Feishu does not document which code a stale app token gets, so one try with a fresh one tells.
            self._app.invalidate(app_token)
        return await self._ask_tenant(await self._app.get(), tenant_key)

    async def _ask_tenant(self, app_token: str, tenant_key: str) -> tuple[str, float]:
        body = await self._exchange(TENANT_TOKEN_PATH, {"app_access_token": app_token, "tenant_key": tenant_key})
        return token_in(body, "tenant_access_token")

    async def _fetch_app(self) -> tuple[str, float]:
        ticket = self._ticket or await self._load_ticket() or await self._ask_for_ticket(None)
        try:
            return await self._ask_app(ticket)
        except ActionFailed as error:
            if error.code != CODE_TICKET_INVALID:
                raise
        newer = await self._load_ticket()
        return await self._ask_app(newer if newer and newer != ticket else await self._ask_for_ticket(ticket))

    async def _ask_app(self, ticket: SecretStr) -> tuple[str, float]:
        fields = {
            "app_id": self._app_id,
            "app_secret": self._app_secret.get_secret_value(),
            "app_ticket": ticket.get_secret_value(),
        }
        body = await self._exchange(APP_TOKEN_PATH, fields)
        self._ticket = ticket
        return token_in(body, "app_access_token")

    async def _ask_for_ticket(self, old: SecretStr | None) -> SecretStr:
        """Request a ticket and wait for it; another process that shares the store may receive it."""
        self._ticket = None
        self._arrived.clear()
        await self.resend()
        polls = 10
        for _ in range(polls):
            if not await wait_for_event(self._arrived, TICKET_PATIENCE / polls):
                kept = await self._load_ticket()
                if kept is not None and kept != old:
                    return kept
            if self._ticket is not None:
                return self._ticket
        raise NetworkError(
            "Feishu has not delivered the app_ticket of this store app: its webhook must be reachable. Check the "
            "request URL under 事件与回调 (Events & Callbacks): https://<your domain>/feishu/" + self._app_id,
            sent=False,
        )
