"""``im/v1/chats``: groups, their members and managers."""

from collections.abc import Sequence
from typing import Any

from ..events import user_ids
from ..state import TENANT, App, Chat
from .call import ApiError, Call, ensure
from .checks import find_any_chat, find_chat, find_user, manages, need, page_of
from .facts import CHAT, ENDPOINTS, GROUPS_ONLY

MAX_INVITED = 50
MAX_MANAGERS = 10
_PLAIN = ("name", "description", "avatar", "i18n_names")
"""What everybody in a group may change."""
_EDITABLE = tuple(each.name for each in ENDPOINTS["PUT im/v1/chats/{chat_id}"].fields if "." not in each.name)
_SECONDS = {"week": 7 * 86400, "year": 365 * 86400}


async def create(call: Call) -> dict[str, Any]:
    """创建群."""
    body, key = call.json, (call.app.app_id, call.query.get("uuid", ""))
    earlier = next((chat for chat in call.world.chats.values() if key[1] and chat.created_with == key), None)
    if earlier is not None:
        return _body(call, earlier)
    name = str(body.get("name") or "")
    ensure(body.get("chat_type") != "public" or name != "", 232042)
    ensure(body.get("chat_type") != "public" or len(name) >= 2, 232020)
    owner = find_user(call.world, call.user_id_type, body.get("owner_id"))
    people = [find_user(call.world, call.user_id_type, each) for each in call.strings("user_id_list")]
    ensure(None not in people and (owner is not None or not body.get("owner_id")), 232043)
    bots = call.strings("bot_id_list")
    ensure(all(each in call.world.apps for each in bots), 232021)
    members = dict.fromkeys(user.open_id for user in (*people, owner) if user is not None)
    mode = "topic" if body.get("group_message_type") == "thread" else "group"
    apps = list(dict.fromkeys([call.app.app_id, *bots]))
    chat = call.world.add_chat(name, mode, list(members), apps)
    chat.owner, chat.created_with = owner.open_id if owner else call.app.app_id, key
    chat.settings = {name: body[name] for name in _EDITABLE if name in body}
    if owner is not None and call.query.get("set_bot_manager", "").lower() == "true":
        chat.managers.append(call.app.app_id)
    _tell_bots(call, chat, "added", apps[1:])
    return {"chat_id": chat.chat_id, **_body(call, chat)}


async def list_chats(call: Call) -> dict[str, Any]:
    """获取用户或机器人所在的群列表."""
    return page_of(call, [_short(call, chat) for chat in _groups(call)], most=100)


async def search(call: Call) -> dict[str, Any]:
    """搜索对用户或机器人可见的群列表."""
    query = call.query.get("query", "")
    return page_of(call, [_short(call, chat) for chat in _groups(call) if query and query in chat.name], most=100)


async def get(call: Call) -> dict[str, Any]:
    """获取群信息."""
    chat = find_chat(call)
    users, bots = _split_managers(call, chat)
    counts = {"user_count": str(len(chat.members)), "bot_count": str(len(chat.apps)), "chat_status": "normal"}
    return {**_body(call, chat), "user_manager_id_list": users, "bot_manager_id_list": bots, **counts}


async def update(call: Call) -> dict[str, Any]:
    """更新群信息."""
    chat, body = find_chat(call), call.json
    ensure(manages(call.app, chat) or set(body) <= set(_PLAIN), 232016)
    if owner_id := body.get("owner_id"):
        owner = find_user(call.world, call.user_id_type, owner_id)
        if owner is None or owner.open_id not in chat.members:
            raise ApiError(232012)
        chat.owner = owner.open_id
    changed = [name for name in _EDITABLE if name in body]
    known = {**CHAT, **chat.settings, "name": chat.name}
    before = {name: known.get(name, "") for name in changed}
    chat.settings |= {name: body[name] for name in changed}
    chat.name = body.get("name") or chat.name
    change = {"before_change": before, "after_change": {name: body[name] for name in changed}}
    event = {"chat_id": chat.chat_id, **call.by_app(), **change}
    call.tell(chat, "im.chat.updated_v1", lambda _: event)
    return {}


async def dissolve(call: Call) -> dict[str, Any]:
    """解散群."""
    chat = find_chat(call)
    ensure(chat.owner_id == call.app.app_id, 232017)
    call.tell(chat, "im.chat.disbanded_v1", lambda _: _about(call, chat))
    call.world.dissolve(chat)
    return {}


async def link(call: Call) -> dict[str, Any]:
    """获取群分享链接."""
    chat, period = find_chat(call), call.json.get("validity_period") or "week"
    ensure(chat.mode != "p2p", 232062)
    expires = str(call.world.now_ms() // 1000 + _SECONDS[period]) if period in _SECONDS else ""
    url = f"https://applink.feishu.cn/client/chat/chatter/add_by_link?link_token={chat.chat_id}"
    return {"share_link": url, "expire_time": expires, "is_permanent": period == "permanently"}


async def members(call: Call) -> dict[str, Any]:
    """获取群成员列表."""
    kind = call.query.get("member_id_type", "open_id")
    people = [call.world.users[open_id] for open_id in find_chat(call).members]
    items = [{"member_id_type": kind, "member_id": getattr(each, kind), "name": each.name} for each in people]
    items = [{**item, "tenant_key": each.tenant_key} for item, each in zip(items, people, strict=True)]
    return {**page_of(call, items, most=100), "member_total": len(items)}


async def add_members(call: Call) -> dict[str, Any]:
    """将用户或机器人拉入群聊."""
    chat = find_chat(call)
    present, targets = _targets(call, chat, "id_list")
    new = [key for key in dict.fromkeys(targets.values()) if key is not None and key not in present]
    present += new
    _tell_members(call, chat, "added", new)
    invalid = [wanted for wanted, key in targets.items() if key is None]
    return {"invalid_id_list": invalid, "not_existed_id_list": [], "pending_approval_id_list": []}


async def remove_members(call: Call) -> dict[str, Any]:
    """将用户或机器人移出群聊."""
    chat = find_chat(call)
    ensure(manages(call.app, chat), 232017)
    present, targets = _targets(call, chat, "id_list")
    ensure(chat.owner_id not in targets.values(), 232076)
    invalid = [wanted for wanted, key in targets.items() if key not in present]
    gone = [key for key in present if key in targets.values()]
    present[:] = [key for key in present if key not in gone]
    chat.managers = [key for key in chat.managers if key not in gone]
    _tell_members(call, chat, "deleted", gone)
    return {"invalid_id_list": invalid}


async def join(call: Call) -> dict[str, Any]:
    """用户或机器人主动加入群聊: public groups only."""
    chat = find_any_chat(call)
    ensure(chat.settings.get("chat_type") == "public", 232006)
    if call.app.app_id not in chat.apps:
        chat.apps.append(call.app.app_id)
        _tell_bots(call, chat, "added", [call.app.app_id])
    return {}


async def is_in_chat(call: Call) -> dict[str, Any]:
    """判断用户或机器人是否在群里."""
    return {"is_in_chat": call.app.app_id in find_any_chat(call).apps}


async def add_managers(call: Call) -> dict[str, Any]:
    """指定群管理员."""
    chat, targets = _manager_targets(call)
    managers = list(dict.fromkeys([*chat.managers, *targets]))
    ensure(len(managers) <= MAX_MANAGERS, 232040)
    chat.managers = managers
    return _managers_body(call, chat)


async def remove_managers(call: Call) -> dict[str, Any]:
    """删除群管理员."""
    chat, targets = _manager_targets(call)
    chat.managers = [each for each in chat.managers if each not in targets]
    return _managers_body(call, chat)


def _groups(call: Call) -> Sequence[Chat]:
    return [chat for chat in call.world.chats.values() if call.app.app_id in chat.apps and chat.mode != "p2p"]


def _targets(call: Call, chat: Chat, field: str) -> tuple[list[str], dict[str, str | None]]:
    """The list that a call changes, users or apps; and each wanted id -> its open_id or app id, None if unknown."""
    need(call, field)
    wanted, kind = call.strings(field), call.query.get("member_id_type", "open_id")
    ensure(len(wanted) <= MAX_INVITED, 232001)
    if kind == "app_id":
        return chat.apps, {each: each if each in call.world.apps else None for each in wanted}
    found = {each: find_user(call.world, kind, each) for each in wanted}
    return chat.members, {each: user.open_id if user else None for each, user in found.items()}


def _tell_members(call: Call, chat: Chat, what: str, keys: Sequence[str]) -> None:
    """Of people all bots of the group hear, of bots only they themselves (机器人进群)."""
    users = [call.world.users[key] for key in keys if key in call.world.users]

    def event(app: App) -> dict[str, Any]:
        people = [{"name": each.name, "tenant_key": each.tenant_key, "user_id": user_ids(each, app)} for each in users]
        return {**_about(call, chat), "users": people}

    if users:
        call.tell(chat, f"im.chat.member.user.{what}_v1", event)
    _tell_bots(call, chat, what, [key for key in keys if key in call.world.apps])


def _tell_bots(call: Call, chat: Chat, what: str, apps: Sequence[str]) -> None:
    if apps:
        call.tell(chat, f"im.chat.member.bot.{what}_v1", lambda _: _about(call, chat), apps)


def _about(call: Call, chat: Chat) -> dict[str, Any]:
    return {"chat_id": chat.chat_id, "name": chat.name, **call.by_app()}


def _manager_targets(call: Call) -> tuple[Chat, Sequence[str]]:
    chat = find_chat(call)
    ensure(chat.owner_id == call.app.app_id, 232017)
    present, targets = _targets(call, chat, "manager_ids")
    keys = [key for key in targets.values() if key is not None]
    ensure(bool(keys), 232027)
    ensure(len(keys) == len(targets) and set(keys) <= set(present), 232001)
    return chat, keys


def _managers_body(call: Call, chat: Chat) -> dict[str, Any]:
    users, bots = _split_managers(call, chat)
    return {"chat_managers": users, "chat_bot_managers": bots}


def _split_managers(call: Call, chat: Chat) -> tuple[list[str], list[str]]:
    people = [call.world.users[each] for each in chat.managers if each in call.world.users]
    users: list[str] = [getattr(each, call.user_id_type) for each in people]
    return users, [each for each in chat.managers if each in call.world.apps]


def _short(call: Call, chat: Chat) -> dict[str, Any]:
    body = {"chat_id": chat.chat_id, "avatar": "", "name": chat.name, "external": False, "chat_status": "normal"}
    body |= {"description": chat.settings.get("description", ""), "tenant_key": TENANT}
    owner = call.world.users.get(chat.owner_id)
    return {**body, "owner_id": owner.open_id, "owner_id_type": "open_id"} if owner else body


def _body(call: Call, chat: Chat) -> dict[str, Any]:
    """A chat as 获取群信息 shows it; a private chat lacks what only groups have, a bot as owner is not named."""
    body = {**_short(call, chat), **CHAT, **chat.settings, "chat_mode": chat.mode}
    for name in ("chat_id", "chat_status", "owner_id", "owner_id_type"):
        body.pop(name, None)
    if chat.mode == "p2p":
        return {name: value for name, value in body.items() if name not in GROUPS_ONLY}
    if (owner := call.world.users.get(chat.owner_id)) is not None:
        ids = {"open_id": owner.open_id, **user_ids(owner, call.app)}
        body |= {"owner_id": ids.get(call.user_id_type) or "", "owner_id_type": call.user_id_type}
    return {"group_message_type": "chat", **body} if chat.mode == "group" else body
