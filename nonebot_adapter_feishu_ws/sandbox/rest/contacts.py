"""``contact/v3``: users and departments, and how far the app sees. Every app sees everybody."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...net.bounded_json import as_list
from ..events import user_ids
from ..state import ROOT, Chat, Department, User, new_id
from .call import ApiError, Call, ensure
from .checks import find_user, page_of

MAX_BATCH = 50
PAGE_INVALID = 40011
MAX_NAME, MAX_TITLE = 255, 100
_LOCALES = ("zh_cn", "ja_jp", "en_us")
_NOT_SHOWN = frozenset({"client_token", "subscription_ids"})
_PICTURE = "https://s1-imfile.feishucdn.com/static-resource/v1/sandbox"
_PROFILE: Mapping[str, Any] = {
    "en_name": "",
    "nickname": "",
    "mobile_visible": True,
    "avatar_key": "",
    "geo": "cn",
    "gender": 0,
    "leader_user_id": "",
    "city": "",
    "country": "",
    "work_station": "",
    "join_time": 0,
    "is_tenant_manager": False,
    "employee_no": "",
    "employee_type": 1,
    "custom_attrs": [],
    "enterprise_email": "",
    "is_frozen": False,
    "job_level_id": "",
    "job_family_id": "",
    "dotted_line_leader_user_ids": [],
}
"""What nobody has set."""


async def get_user(call: Call) -> dict[str, Any]:
    """获取单个用户信息."""
    return {"user": _user_body(call, _user(call))}


async def batch_users(call: Call) -> dict[str, Any]:
    """批量获取用户信息: unknown ones are left out."""
    found = [find_user(call.world, call.user_id_type, each) for each in _batch(call, "user_ids")]
    return {"items": [_user_body(call, user) for user in found if user is not None]}


async def batch_get_id(call: Call) -> dict[str, Any]:
    """通过手机号或邮箱获取用户 ID."""
    if not call.json.get("emails") and not call.json.get("mobiles"):
        raise ApiError(40001, "param error")
    left = call.json.get("include_resigned") is True
    users = [user for user in call.world.users.values() if left or not user.resigned]
    entries: list[dict[str, Any]] = []
    for key in ("email", "mobile"):
        for wanted in call.strings(f"{key}s"):
            user = next((user for user in users if wanted in _spellings(getattr(user, key))), None)
            known = {"user_id": getattr(user, call.user_id_type), "status": _status(user)} if user else {}
            entries.append({**known, key: wanted})
    return {"user_list": entries}


async def basic_batch(call: Call) -> dict[str, Any]:
    """通过 ID 获取用户姓名."""
    kind = call.user_id_type
    found = [find_user(call.world, kind, each) for each in call.strings("user_ids")]
    bodies = [
        {"user_id": getattr(each, kind), "name": each.name, "i18n_name": dict.fromkeys(_LOCALES, each.name)}
        for each in found
        if each is not None
    ]
    return {"users": bodies}


async def search(call: Call) -> dict[str, Any]:
    """搜索用户: by name."""
    found = [user for user in call.world.users.values() if call.query["query"] in user.name and not user.resigned]
    page = page_of(call, [_user_body(call, user) for user in found], most=200)
    fields = ("avatar", "department_ids", "name", "open_id", "user_id")
    users = [{name: user[name] for name in fields if name in user} for user in page.pop("items")]
    return {"users": users, **page}


async def create_user(call: Call) -> dict[str, Any]:
    """创建用户."""
    body, users = call.json, call.world.users.values()
    token = call.query.get("client_token")
    earlier = next((user for user in users if token and user.profile.get("client_token") == token), None)
    if earlier is not None:
        return {"user": _user_body(call, earlier)}
    _check_profile(call, body)
    user_id = body.get("user_id") or secrets.token_hex(4)
    ensure(all(user.user_id != user_id for user in users), 41011)
    user = User(new_id("ou"), user_id, new_id("on"), body["name"], call.tenant_key, body.get("job_title", ""))
    user.profile = {**body, "client_token": token}
    _move(call, user, body["department_ids"])
    call.world.users[user.open_id] = user
    call.world.feed.add("person", user.open_id)
    return {"user": _user_body(call, user)}


async def change_user(call: Call) -> dict[str, Any]:
    """修改用户部分信息."""
    user, body = _user(call), call.json
    _check_profile(call, body, user)
    ensure(not user.resigned, 42006)
    if body.get("department_ids"):
        _move(call, user, body["department_ids"])
    user.profile |= body
    user.name, user.role = body.get("name") or user.name, body.get("job_title") or user.role
    call.world.feed.add("person", user.open_id)
    return {"user": _user_body(call, user)}


async def delete_user(call: Call) -> dict[str, Any]:
    """删除用户: their groups and departments lose them."""
    user = _user(call)
    acceptors = [each for name, each in call.json.items() if name.endswith("_acceptor_user_id")]
    ensure(all(find_user(call.world, call.user_id_type, each) for each in acceptors), 41052)
    user.resigned = True
    for each in (*call.world.chats.values(), *call.world.departments.values()):
        if user.open_id in each.members and not (isinstance(each, Chat) and each.mode == "p2p"):
            each.members.remove(user.open_id)
    return {}


async def resurrect(call: Call) -> dict[str, Any]:
    """恢复已删除用户."""
    user = _user(call)
    ensure(user.resigned, 44033)
    _move(call, user, [each["department_id"] for each in as_list(call.json.get("departments"))])
    user.resigned = False
    return {}


async def change_user_id(call: Call) -> dict[str, Any]:
    """更新用户 ID."""
    user, new = _user(call), call.json["new_user_id"]
    ensure(all(each.user_id != new for each in call.world.users.values()), 41011)
    user.user_id = new
    return {}


def _user(call: Call) -> User:
    user = find_user(call.world, call.user_id_type, call.path("user_id"))
    if user is None:
        raise ApiError(41012)
    return user


def _check_profile(call: Call, body: dict[str, Any], own: User | None = None) -> None:
    others = [user for user in call.world.users.values() if user is not own and not user.resigned]
    ensure(not any(body.get("mobile") in _spellings(user.mobile) for user in others), 41001)
    ensure(not body.get("email") or "@" in body["email"], 41005)
    ensure(all(user.email != body.get("email") for user in others), 41002)
    ensure(own is None or body.get("leader_user_id") not in (own.open_id, own.user_id), 41030)
    for name, code in (("name", 41070), ("en_name", 41071), ("nickname", 41072)):
        ensure(len(body.get(name) or "") <= MAX_NAME, code)
    ensure(len(body.get("job_title") or "") <= MAX_TITLE, 41063)


def _move(call: Call, user: User, wanted: Sequence[str]) -> None:
    """Put a user into departments alone; the root is where they are if they are in none."""
    found = [_department(call, each) for each in wanted if each != ROOT]
    for each in call.world.departments.values():
        each.members = [open_id for open_id in each.members if open_id != user.open_id]
    for each in found:
        each.members.append(user.open_id)


async def find_by_department(call: Call) -> dict[str, Any]:
    """获取部门直属用户列表."""
    wanted = call.query["department_id"]
    if wanted == ROOT:
        in_some = {open_id for each in call.world.departments.values() for open_id in each.members}
        members = [open_id for open_id in call.world.users if open_id not in in_some]
    else:
        members = _department(call, wanted).members
    people = [_user_body(call, call.world.users[open_id]) for open_id in members]
    return page_of(call, people, code=PAGE_INVALID)


async def get_department(call: Call) -> dict[str, Any]:
    """获取单个部门信息."""
    return {"department": _department_body(call, _department(call, call.path("department_id")))}


async def batch_departments(call: Call) -> dict[str, Any]:
    """批量获取部门信息."""
    wanted = _batch(call, "department_ids")
    found = [each for each in call.world.departments.values() if _department_key(call, each) in wanted]
    return {"items": [_department_body(call, each) for each in found]}


async def children(call: Call) -> dict[str, Any]:
    """获取子部门列表."""
    wanted = call.path("department_id")
    parent = ROOT if wanted == ROOT else _department(call, wanted).open_department_id
    found = _below(call, parent, call.query.get("fetch_child", "").lower() == "true")
    return page_of(call, [_department_body(call, each) for each in found], code=PAGE_INVALID)


async def parents(call: Call) -> dict[str, Any]:
    """获取父部门信息."""
    departments = call.world.departments
    found: list[Department] = []
    above = _department(call, call.query["department_id"]).parent
    while above in departments:
        found.append(departments[above])
        above = departments[above].parent
    return page_of(call, [_department_body(call, each) for each in found], code=PAGE_INVALID)


async def scope(call: Call) -> dict[str, Any]:
    """获取通讯录授权范围: all."""
    users = [getattr(user, call.user_id_type) for user in call.world.users.values()]
    departments = [_department_key(call, each) for each in call.world.departments.values()]
    return {"department_ids": departments, "user_ids": users, "group_ids": [], "has_more": False, "page_token": ""}


def _below(call: Call, parent: str, deep: bool) -> Iterable[Department]:
    for each in call.world.departments.values():
        if each.parent == parent:
            yield each
            if deep:
                yield from _below(call, each.open_department_id, deep)


def _batch(call: Call, name: str) -> Sequence[str]:
    wanted = call.request.query.getall(name)
    if len(wanted) > MAX_BATCH:
        raise ApiError(99992402, "field validation failed", field_violations=[{"field": name}])
    return wanted


def _spellings(address: str) -> tuple[str, str]:
    """An e-mail address or a mobile number, with and without its country."""
    return address, address.removeprefix("+86")


def _department_key(call: Call, department: Department) -> str:
    plain = call.query.get("department_id_type") == "department_id"
    return department.department_id if plain else department.open_department_id


def _department(call: Call, wanted: str) -> Department:
    found = (each for each in call.world.departments.values() if _department_key(call, each) == wanted)
    if (department := next(found, None)) is None:
        raise ApiError(40015)
    return department


def _user_body(call: Call, user: User) -> dict[str, Any]:
    departments = [key for key, each in call.world.departments.items() if user.open_id in each.members] or [ROOT]
    held = {name: value for name, value in user.profile.items() if name not in _NOT_SHOWN}
    orders = [
        {"department_id": key, "user_order": 0, "department_order": 0, "is_primary_dept": key == departments[0]}
        for key in departments
    ]
    return {
        **_PROFILE,
        "orders": orders,
        **held,
        **user_ids(user, call.app),
        "name": user.name,
        "email": user.email,
        "mobile": user.mobile,
        "job_title": user.role,
        "avatar": {f"avatar_{size}": _PICTURE for size in ("72", "240", "640", "origin")},
        "status": _status(user),
        "department_ids": departments,
    }


def _status(user: User) -> dict[str, bool]:
    changing = {"is_frozen": bool(user.profile.get("is_frozen")), "is_resigned": user.resigned}
    return {**changing, "is_activated": True, "is_exited": False, "is_unjoin": False}


def _department_body(call: Call, department: Department) -> dict[str, Any]:
    below = _below(call, department.open_department_id, deep=True)
    people = {open_id for each in (department, *below) for open_id in each.members}
    return {
        "name": department.name,
        "parent_department_id": department.parent,
        "department_id": department.department_id,
        "open_department_id": department.open_department_id,
        "member_count": len(people),
        "order": "0",
        "status": {"is_deleted": False},
    }
