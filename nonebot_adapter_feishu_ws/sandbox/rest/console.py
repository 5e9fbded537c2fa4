"""What an app can ask about itself: bot, scopes, online clients, subscription, versions."""

from typing import Any

from ..gateway import Gateway
from .call import ApiError, Call

MANAGE = "application:application:self_manage"


class Console:
    """An app as the developer console has it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def info(self, call: Call) -> dict[str, Any]:
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

    async def scopes(self, call: Call) -> dict[str, Any]:
        """查询租户授权状态."""
        granted = [{"scope_name": name, "grant_status": 1, "scope_type": "tenant"} for name in sorted(call.app.scopes)]
        return {"scopes": [*granted, {"scope_name": "contact:contact", "grant_status": 2, "scope_type": "tenant"}]}

    async def connection(self, call: Call) -> dict[str, Any]:
        """The number of the app's long connections."""
        return {"online_instance_cnt": len(self._gateway.connections.get(call.app.app_id, []))}

    async def application(self, call: Call) -> dict[str, Any]:
        """获取应用信息."""
        _need_manage(call)
        callbacks = {"callback_type": call.app.event_mode, "subscribed_callbacks": ["card.action.trigger"]}
        return {"app": {"app_id": call.app.app_id, "status": 1, "callback_info": callbacks}}

    async def versions(self, call: Call) -> dict[str, Any]:
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
