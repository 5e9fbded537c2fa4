"""Tokens of both kinds of apps, and the tickets that store apps get theirs with."""

import json
import secrets
from typing import Any

from ..gateway import Delivery, Gateway
from ..state import TOKEN_LIFETIME, App, World
from .call import ApiError


class Tokens:
    """The endpoints that are called without a token, and the push of tickets."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway

    async def internal(self, body: dict[str, Any]) -> dict[str, Any]:
        """自建应用获取 tenant_access_token."""
        app = self._app(body)
        if app.is_store:
            raise ApiError(10003, "invalid app type", 200)
        token, expire = self._world.issue_token(app)
        return {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire}

    async def app_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """商店应用获取 app_access_token."""
        app = self._store_app(body)
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
        self.push_ticket(self._store_app(body))
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

    def _store_app(self, body: dict[str, Any]) -> App:
        app = self._app(body)
        if not app.is_store:
            raise ApiError(10003, "invalid param", 200)
        return app

    def _app(self, body: dict[str, Any]) -> App:
        app = self._world.apps.get(str(body.get("app_id")))
        if app is None:
            raise ApiError(10003, "invalid param", 200)
        if app.app_secret != body.get("app_secret"):
            raise ApiError(10014, "app secret invalid", 200)
        return app
