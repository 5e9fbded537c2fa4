"""What an app gets for itself: tokens of both kinds of apps, tickets, and what the developer console knows of it."""

import json
import secrets
from typing import Any

from ..delivery import Delivery
from ..gateway import Gateway
from ..state import TOKEN_LIFETIME, App, World
from .call import ApiError, Call

MANAGE = "application:application:self_manage"


class Tokens:
    """The endpoints that are called without a token, and the push of tickets."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    async def internal(self, body: dict[str, Any]) -> dict[str, Any]:
        """自建应用获取 tenant_access_token."""
        token, expire = self._world.issue_token(self._app(body, store=False))
        return {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire}

    async def internal_app(self, body: dict[str, Any]) -> dict[str, Any]:
        """自建应用获取 app_access_token: the same token under both names."""
        answer = await self.internal(body)
        return {**answer, "app_access_token": answer["tenant_access_token"]}

    async def app_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """商店应用获取 app_access_token."""
        app = self._app(body, store=True)
        if not app.app_ticket or body.get("app_ticket") != app.app_ticket:
            raise ApiError(10012, "app ticket invalid", 200)
        token = f"a-{secrets.token_hex(20)}"
        app.app_tokens[token] = self._world.clock() + TOKEN_LIFETIME
        return {"code": 0, "msg": "success", "app_access_token": token, "expire": int(TOKEN_LIFETIME)}

    async def tenant_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """商店应用获取 tenant_access_token."""
        app_token, now = body.get("app_access_token"), self._world.clock()
        app = next((app for app in self._world.apps.values() if app.app_tokens.get(str(app_token), 0.0) > now), None)
        if app is None:
            raise ApiError(99991664, "Invalid app access token.", 200)
        tenant_key = str(body.get("tenant_key") or "")
        if tenant_key not in {user.tenant_key for user in self._world.users.values()}:
            raise ApiError(99991673, "The tenant has not installed the app.", 200)
        token, expire = self._world.issue_token(app, tenant_key)
        return {"code": 0, "msg": "success", "tenant_access_token": token, "expire": expire}

    async def resend_ticket(self, body: dict[str, Any]) -> dict[str, Any]:
        """重新获取 app_ticket."""
        self.push_ticket(self._app(body, store=True))
        return {"code": 0, "msg": "success"}

    def push_ticket(self, app: App) -> Delivery:
        """Push a new ticket (app_ticket 事件); the old one is no longer valid."""
        app.app_ticket = f"ticket-{secrets.token_hex(16)}"
        event_id = secrets.token_hex(16)
        payload = {
            "ts": str(self._world.clock()),
            "uuid": event_id,
            "token": app.verification_token or "",
            "type": "event_callback",
            "event": {"app_id": app.app_id, "app_ticket": app.app_ticket, "type": "app_ticket"},
        }
        return self._gateway.push(app, json.dumps(payload).encode(), event_id, "webhook")

    def _app(self, body: dict[str, Any], *, store: bool) -> App:
        app = self._world.apps.get(str(body.get("app_id")))
        if app is None:
            raise ApiError(10003, "invalid param", 200)
        if app.app_secret != body.get("app_secret"):
            raise ApiError(10014, "app secret invalid", 200)
        if app.is_store != store:
            raise ApiError(10003, "invalid param" if store else "invalid app type", 200)
        return app


async def info(call: Call) -> dict[str, Any]:
    """获取机器人信息."""
    if not call.app.has_bot:
        raise ApiError(11205, "app do not have bot", 200)
    bot: dict[str, Any] = {
        "activate_status": 2,
        "app_name": call.app.name,
        "avatar_url": "https://s1-imfile.feishucdn.com/static-resource/v1/sandbox",
        "ip_white_list": [],
        "open_id": call.app.bot_open_id,
    }
    return {"code": 0, "msg": "ok", "bot": bot}


async def scopes(call: Call) -> dict[str, Any]:
    """查询租户授权状态."""
    granted = [{"scope_name": name, "grant_status": 1, "scope_type": "tenant"} for name in sorted(call.app.scopes)]
    return {"scopes": [*granted, {"scope_name": "corehr:corehr", "grant_status": 2, "scope_type": "tenant"}]}


async def connection(call: Call) -> dict[str, Any]:
    """The number of the app's long connections."""
    return {"online_instance_cnt": len(call.gateway.connections.get(call.app.app_id, []))}


async def application(call: Call) -> dict[str, Any]:
    """获取应用信息."""
    _need_manage(call)
    callbacks = {"callback_type": call.app.event_mode, "subscribed_callbacks": ["card.action.trigger"]}
    return {"app": {"app_id": call.app.app_id, "status": 1, "callback_info": callbacks}}


async def versions(call: Call) -> dict[str, Any]:
    """获取应用版本列表."""
    _need_manage(call)
    draft: dict[str, Any] = {"version": "9.9.9", "status": 4, "event_infos": []}
    events = [{"event_type": event_type} for event_type in call.app.subscribed]
    published = {"version": "1.0.0", "status": 1, "publish_time": "1700000000", "event_infos": events}
    return {"items": [draft, published] if call.app.published else [draft], "has_more": False}


def _need_manage(call: Call) -> None:
    if MANAGE not in call.app.scopes:
        violation = {"type": "action_privilege_required", "subject": MANAGE}
        raise ApiError(99991672, "Access denied.", permission_violations=[violation])
