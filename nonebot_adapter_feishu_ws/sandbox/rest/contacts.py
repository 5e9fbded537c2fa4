"""``contact/v3``: users and departments, and how far the app sees. Every app sees everybody."""

from collections.abc import Iterable, Sequence
from typing import Any

from ..events import user_ids
from ..state import ROOT, Department, User
from .call import ApiError, Call
from .checks import find_user, page_of

MAX_BATCH = 50
PAGE_INVALID = 40011


async def get_user(call: Call) -> dict[str, Any]:
    """获取单个用户信息."""
    user = find_user(call.world, call.user_id_type, call.path("user_id"))
    if user is None:
        raise ApiError(41012)
    return {"user": _user_body(call, user)}


async def batch_users(call: Call) -> dict[str, Any]:
    """批量获取用户信息: unknown ones are left out."""
    found = [find_user(call.world, call.user_id_type, each) for each in _batch(call, "user_ids")]
    return {"items": [_user_body(call, user) for user in found if user is not None]}


async def batch_get_id(call: Call) -> dict[str, Any]:
    """通过手机号或邮箱获取用户 ID."""
    if not call.json.get("emails") and not call.json.get("mobiles"):
        raise ApiError(40001, "param error")
    users = call.world.users.values()
    entries: list[dict[str, Any]] = []
    for key in ("email", "mobile"):
        for wanted in call.strings(f"{key}s"):
            user = next((user for user in users if wanted in _spellings(getattr(user, key))), None)
            known = {"user_id": getattr(user, call.user_id_type)} if user else {}
            entries.append({**known, key: wanted})
    return {"user_list": entries}


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
    departments = [key for key, each in call.world.departments.items() if user.open_id in each.members]
    picture = "https://s1-imfile.feishucdn.com/static-resource/v1/sandbox"
    return {
        **user_ids(user, call.app),
        "name": user.name,
        "en_name": "",
        "email": user.email,
        "mobile": user.mobile,
        "mobile_visible": True,
        "gender": 0,
        "avatar": {f"avatar_{size}": picture for size in ("72", "240", "640", "origin")},
        "status": {"is_frozen": False, "is_resigned": False, "is_activated": True, "is_exited": False},
        "department_ids": departments or [ROOT],
        "employee_type": 1,
        "is_tenant_manager": False,
    }


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
