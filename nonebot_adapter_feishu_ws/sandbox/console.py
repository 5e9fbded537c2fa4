"""What an app can ask about itself: bot, scopes, online clients, subscription, versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .rest.routes import ApiError, Call, Handler

MANAGE = "application:application:self_manage"


def console_endpoints(online: Callable[[str], int]) -> list[tuple[str, str, Handler]]:
    """The endpoints; ``online`` tells how many long connections an app holds."""

    async def info(call: Call) -> dict[str, Any]:
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
        granted = [{"scope_name": name, "grant_status": 1, "scope_type": "tenant"} for name in sorted(call.app.scopes)]
        return {"scopes": [*granted, {"scope_name": "contact:contact", "grant_status": 2, "scope_type": "tenant"}]}

    async def connection(call: Call) -> dict[str, Any]:
        return {"online_instance_cnt": online(call.app.app_id)}

    async def application(call: Call) -> dict[str, Any]:
        _need_manage(call)
        callbacks = {"callback_type": call.app.event_mode, "subscribed_callbacks": ["card.action.trigger"]}
        return {"app": {"app_id": call.app.app_id, "status": 1, "callback_info": callbacks}}

    async def versions(call: Call) -> dict[str, Any]:
        _need_manage(call)
        draft: dict[str, Any] = {"version": "9.9.9", "status": 4, "event_infos": []}
        events = [{"event_type": event_type} for event_type in call.app.subscribed]
        published = {"version": "1.0.0", "status": 1, "publish_time": "1700000000", "event_infos": events}
        return {"items": [draft, published] if call.app.published else [draft], "has_more": False}

    return [
        ("GET", "bot/v3/info", info),
        ("GET", "application/v6/scopes", scopes),
        ("GET", "event/v1/connection", connection),
        ("GET", "application/v6/applications/{app_id}", application),
        ("GET", "application/v6/applications/{app_id}/app_versions", versions),
    ]


def _need_manage(call: Call) -> None:
    if MANAGE not in call.app.scopes:
        violation = {"type": "action_privilege_required", "subject": MANAGE}
        raise ApiError(99991672, "Access denied.", 400, permission_violations=[violation])
