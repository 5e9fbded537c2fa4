"""``im/v1/chats``: groups, their members and managers, announcement, who may speak, what stands on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ..events import user_ids
from ..state import App, Chat, User, World
from .paging import need, page_of
from .routes import ApiError, Call, Handler

MAX_INVITED = 50
MAX_MANAGERS = 10
_EDITABLE = (
    "name",
    "description",
    "avatar",
    "i18n_names",
    "add_member_permission",
    "share_card_permission",
    "at_all_permission",
    "edit_permission",
    "join_message_visibility",
    "leave_message_visibility",
    "membership_approval",
    "chat_type",
    "group_message_type",
)
_SECONDS = {"week": 7 * 86400, "year": 365 * 86400}


@dataclass(slots=True)
class Details:
    """What a group has beyond its name and members; ``owner`` is an open_id or an app id, empty for unknown."""

    owner: str = ""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    managers: list[str] = field(default_factory=list[str])
    uuid: tuple[str, str] = ("", "")
    top_notice: list[Any] = field(default_factory=list[Any])


class Chats:
    """Groups, as their bots see and change them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._details: dict[str, Details] = {}

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each; fixed paths before those with a parameter."""
        one = "im/v1/chats/{chat_id}"
        return [
            ("POST", "im/v1/chats", self.create),
            ("GET", "im/v1/chats", self.list),
            ("GET", "im/v1/chats/search", self.search),
            ("GET", one, self.get),
            ("PUT", one, self.update),
            ("DELETE", one, self.dissolve),
            ("POST", one + "/link", self.link),
            ("GET", one + "/members", self.members),
            ("POST", one + "/members", self.add_members),
            ("DELETE", one + "/members", self.remove_members),
            ("PATCH", one + "/members/me_join", self.join),
            ("GET", one + "/members/is_in_chat", self.is_in_chat),
            ("POST", one + "/managers/add_managers", self.add_managers),
            ("POST", one + "/managers/delete_managers", self.remove_managers),
            ("GET", one + "/announcement", self.announcement),
            ("PUT", one + "/moderation", self.moderate),
            ("POST", one + "/top_notice/put_top_notice", self.put_top_notice),
            ("POST", one + "/top_notice/delete_top_notice", self.delete_top_notice),
        ]

    async def create(self, call: Call) -> dict[str, Any]:
        """创建群."""
        body, key = call.json, (call.app.app_id, call.query.get("uuid", ""))
        earlier = next((chat_id for chat_id, each in self._details.items() if key[1] and each.uuid == key), None)
        if earlier is not None:
            return self._body(self._world.chats[earlier], call.app)
        if body.get("chat_type") == "public" and len(str(body.get("name") or "")) < 2:
            raise ApiError(232020, "Name can NOT be less than two characters for public chats.")
        kind = call.query.get("user_id_type", "open_id")
        wanted = [*_strings(body, "user_id_list"), *([body["owner_id"]] if body.get("owner_id") else [])]
        people = [self._user(kind, each) for each in wanted]
        if None in people:
            raise ApiError(232043, "Your request contains unavailable ids.")
        bots = _strings(body, "bot_id_list")
        if any(each not in self._world.apps for each in bots):
            raise ApiError(232021, "Bot can NOT be found.")
        users = list(dict.fromkeys(user.open_id for user in people if user is not None))
        mode = "topic" if body.get("group_message_type") == "thread" else "group"
        chat = self._world.add_chat(
            str(body.get("name") or ""), mode, users, list(dict.fromkeys([call.app.app_id, *bots]))
        )
        owner = self._user(kind, body.get("owner_id"))
        details = self._details[chat.chat_id] = Details(owner.open_id if owner else call.app.app_id, uuid=key)
        details.settings = {name: body[name] for name in _EDITABLE if name in body}
        if owner is not None and call.query.get("set_bot_manager", "").lower() == "true":
            details.managers.append(call.app.app_id)
        return {"chat_id": chat.chat_id, **self._body(chat, call.app)}

    async def list(self, call: Call) -> dict[str, Any]:
        """获取用户或机器人所在的群列表."""
        return page_of(call, [self._short(chat) for chat in self._groups(call.app)], most=100)

    async def search(self, call: Call) -> dict[str, Any]:
        """搜索对用户或机器人可见的群列表."""
        query = call.query.get("query", "")
        found = [self._short(chat) for chat in self._groups(call.app) if query and query in chat.name]
        return page_of(call, found, most=100)

    async def get(self, call: Call) -> dict[str, Any]:
        """获取群信息."""
        chat = self._chat(call)
        details = self._of(chat)
        managers = {
            "user_manager_id_list": [each for each in details.managers if each in self._world.users],
            "bot_manager_id_list": [each for each in details.managers if each in self._world.apps],
        }
        counts = {"user_count": str(len(chat.members)), "bot_count": str(len(chat.apps)), "chat_status": "normal"}
        return {**self._body(chat, call.app), **managers, **counts}

    async def update(self, call: Call) -> dict[str, Any]:
        """更新群信息."""
        chat, body = self._chat(call), call.json
        details = self._of(chat)
        plain = {"name", "description", "avatar", "i18n_names"}
        if not self._manages(call.app, chat) and set(body) - plain:
            raise ApiError(232016, "Non-chat-owner or Non-chat-admin can only edit certain parts.")
        if owner_id := body.get("owner_id"):
            owner = self._user(call.query.get("user_id_type", "open_id"), owner_id)
            if owner is None or owner.open_id not in chat.members:
                raise ApiError(232012, "New chat owner can NOT be out of the chat.")
            details.owner = owner.open_id
        details.settings |= {name: body[name] for name in _EDITABLE if name in body}
        chat.name = str(body.get("name") or chat.name)
        return {}

    async def dissolve(self, call: Call) -> dict[str, Any]:
        """解散群."""
        chat = self._chat(call)
        if self._of(chat).owner != call.app.app_id:
            raise ApiError(232017, "No Permission: If the operator is NOT owner or creator with the scope.")
        del self._world.chats[chat.chat_id]
        return {}

    async def link(self, call: Call) -> dict[str, Any]:
        """获取群分享链接."""
        chat = self._chat(call)
        if chat.mode == "p2p":
            raise ApiError(232062, "P2P chat cannot be share link.")
        period = str(call.json.get("validity_period") or "week")
        if period not in (*_SECONDS, "permanently"):
            raise ApiError(232001, "Your request contains an invalid request parameter.")
        expires = str(self._world.now_ms() // 1000 + _SECONDS[period]) if period in _SECONDS else ""
        url = f"https://applink.feishu.cn/client/chat/chatter/add_by_link?link_token={chat.chat_id}"
        return {"share_link": url, "expire_time": expires, "is_permanent": period == "permanently"}

    async def members(self, call: Call) -> dict[str, Any]:
        """获取群成员列表."""
        kind = call.query.get("member_id_type", "open_id")
        people = [self._world.users[open_id] for open_id in self._chat(call).members]
        items = [{"member_id_type": kind, "member_id": getattr(each, kind), "name": each.name} for each in people]
        return {**page_of(call, items, most=100), "member_total": len(items)}

    async def add_members(self, call: Call) -> dict[str, Any]:
        """将用户或机器人拉入群聊."""
        chat = self._chat(call)
        invalid: list[str] = []
        for wanted, target in self._targets(call):
            if target is None:
                invalid.append(wanted)
            elif isinstance(target, App):
                chat.apps.extend([target.app_id] if target.app_id not in chat.apps else [])
            elif target.open_id not in chat.members:
                chat.members.append(target.open_id)
        return {"invalid_id_list": invalid, "not_existed_id_list": [], "pending_approval_id_list": []}

    async def remove_members(self, call: Call) -> dict[str, Any]:
        """将用户或机器人移出群聊."""
        chat = self._chat(call)
        if not self._manages(call.app, chat):
            raise ApiError(232017, "No Permission: the operator is NOT owner.")
        invalid: list[str] = []
        for wanted, target in self._targets(call):
            if isinstance(target, App) and target.app_id in chat.apps:
                chat.apps.remove(target.app_id)
            elif isinstance(target, User) and target.open_id in chat.members:
                chat.members.remove(target.open_id)
            else:
                invalid.append(wanted)
        return {"invalid_id_list": invalid}

    async def join(self, call: Call) -> dict[str, Any]:
        """用户或机器人主动加入群聊: public groups only."""
        chat = self._world.chats.get(call.path("chat_id"))
        if chat is None or self._of(chat).settings.get("chat_type") != "public":
            raise ApiError(232006, "Your request specifies a chat_id which is invalid.")
        chat.apps.extend([call.app.app_id] if call.app.app_id not in chat.apps else [])
        return {}

    async def is_in_chat(self, call: Call) -> dict[str, Any]:
        """判断用户或机器人是否在群里."""
        chat = self._world.chats.get(call.path("chat_id"))
        if chat is None:
            raise ApiError(232006, "Your request specifies a chat_id which is invalid.")
        return {"is_in_chat": call.app.app_id in chat.apps}

    async def add_managers(self, call: Call) -> dict[str, Any]:
        """指定群管理员."""
        return self._change_managers(call, add=True)

    async def remove_managers(self, call: Call) -> dict[str, Any]:
        """删除群管理员."""
        return self._change_managers(call, add=False)

    def _change_managers(self, call: Call, *, add: bool) -> dict[str, Any]:
        chat = self._chat(call)
        details = self._of(chat)
        if details.owner != call.app.app_id:
            raise ApiError(232017, "No Permission: the operator is NOT owner.")
        for _, target in self._targets(call, "manager_ids"):
            member = target.app_id if isinstance(target, App) else target.open_id if target else ""
            if member not in (*chat.members, *chat.apps):
                raise ApiError(232001, "Your request contains an invalid request parameter.")
            if add and member not in details.managers:
                details.managers.append(member)
            elif not add and member in details.managers:
                details.managers.remove(member)
        if len(details.managers) > MAX_MANAGERS:
            raise ApiError(232001, "Your request contains an invalid request parameter.")
        return {
            "chat_managers": [each for each in details.managers if each in self._world.users],
            "chat_bot_managers": [each for each in details.managers if each in self._world.apps],
        }

    async def announcement(self, call: Call) -> dict[str, Any]:
        """获取群公告信息: an empty one."""
        chat = self._chat(call)
        owner = self._of(chat).owner
        kind = "app_id" if owner in self._world.apps else "open_id"
        ids = {"owner_id": owner, "owner_id_type": kind, "modifier_id": owner, "modifier_id_type": kind}
        return {"content": "{}", "revision": "0", "create_time": "1700000000", "update_time": "1700000000", **ids}

    async def moderate(self, call: Call) -> dict[str, Any]:
        """更新群发言权限."""
        chat = self._chat(call)
        if not self._manages(call.app, chat):
            raise ApiError(232002, "No Permission: Only chat owner or admin can edit chat information.")
        setting = call.json.get("moderation_setting")
        if setting not in (None, "all_members", "only_owner", "moderator_list"):
            raise ApiError(232001, "Your request contains an invalid request parameter.")
        if setting:
            self._of(chat).settings["moderation_permission"] = setting
        return {}

    async def put_top_notice(self, call: Call) -> dict[str, Any]:
        """更新群置顶."""
        chat, notices = self._chat(call), call.json.get("chat_top_notice")
        if not isinstance(notices, list) or not notices:
            raise ApiError(232001, "Your request contains an invalid request parameter.")
        first = cast("dict[str, Any]", notices[0])
        if first.get("action_type") == "1" and first.get("message_id") not in self._world.messages:
            raise ApiError(232001, "Your request contains an invalid request parameter.")
        self._of(chat).top_notice = cast("list[Any]", notices)
        return {}

    async def delete_top_notice(self, call: Call) -> dict[str, Any]:
        """撤销群置顶."""
        self._of(self._chat(call)).top_notice = []
        return {}

    def _groups(self, app: App) -> Sequence[Chat]:
        return [chat for chat in self._world.chats.values() if app.app_id in chat.apps and chat.mode != "p2p"]

    def _targets(self, call: Call, field: str = "id_list") -> Sequence[tuple[str, User | App | None]]:
        need(call, field)
        ids, kind = _strings(call.json, field), call.query.get("member_id_type", "open_id")
        if len(ids) > MAX_INVITED:
            raise ApiError(232001, "Your request contains an invalid request parameter.")
        if kind == "app_id":
            return [(each, self._world.apps.get(each)) for each in ids]
        return [(each, self._user(kind, each)) for each in ids]

    def _user(self, kind: str, wanted: object) -> User | None:
        if kind not in ("open_id", "user_id", "union_id"):
            raise ApiError(232001, "Your request contains an invalid request parameter.")
        return next((user for user in self._world.users.values() if getattr(user, kind) == wanted), None)

    def _manages(self, app: App, chat: Chat) -> bool:
        details = self._of(chat)
        return app.app_id == details.owner or app.app_id in details.managers

    def _of(self, chat: Chat) -> Details:
        if chat.chat_id not in self._details:
            owner = chat.owner or next(iter(chat.members), "")
            self._details[chat.chat_id] = Details(owner, managers=list(chat.managers))
        return self._details[chat.chat_id]

    def _chat(self, call: Call) -> Chat:
        return member_chat(self._world, call)

    def _short(self, chat: Chat) -> dict[str, Any]:
        details = self._of(chat)
        body = {"chat_id": chat.chat_id, "avatar": "", "name": chat.name, "external": False, "chat_status": "normal"}
        body |= {"description": details.settings.get("description", ""), "tenant_key": "sandbox_tenant"}
        user = self._world.users.get(details.owner)
        return {**body, "owner_id": user.open_id, "owner_id_type": "open_id"} if user else body

    def _body(self, chat: Chat, app: App) -> dict[str, Any]:
        body = self._short(chat)
        del body["chat_id"], body["chat_status"]
        owner = self._world.users.get(self._of(chat).owner)
        ids = user_ids(owner, app) if owner else {}
        mode = "topic" if chat.mode == "topic" else chat.mode
        return {**body, "owner_id": ids.get("open_id", ""), "chat_mode": mode, **self._of(chat).settings}


def member_chat(world: World, call: Call) -> Chat:
    """The chat that a call's path names, if its app is in it.

    Raises:
        ApiError: 232006 there is none, 232011 the app is not in it.
    """
    chat = world.chats.get(call.path("chat_id"))
    if chat is None:
        raise ApiError(232006, "Your request specifies a chat_id which is invalid.")
    if call.app.app_id not in chat.apps:
        raise ApiError(232011, "Operator can NOT be out of the chat.")
    return chat


def _strings(body: dict[str, Any], key: str) -> list[str]:
    value: object = body.get(key)
    return [str(each) for each in cast("list[object]", value)] if isinstance(value, list) else []
