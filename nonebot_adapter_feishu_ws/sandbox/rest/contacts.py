"""``contact/v3``: users and departments, and how far the app sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ..events import user_ids
from ..state import App, User, World, new_id
from .paging import need, page_of
from .routes import ApiError, Call, Handler

ROOT = "0"
MAX_BATCH = 50
PAGE = {"default": 10, "most": 50, "code": 40011}


@dataclass(slots=True)
class Department:
    """A department; ``members`` are open_ids, ``parent`` is an open_department_id."""

    open_department_id: str
    department_id: str
    name: str
    parent: str = ROOT
    members: list[str] = field(default_factory=list[str])


class Contacts:
    """The tenant's people. Every app sees all of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.departments: dict[str, Department] = {}

    def add_department(self, name: str, members: Iterable[User] = (), parent: Department | None = None) -> Department:
        """A new department, below the root or another one."""
        key = new_id("od").replace("_", "-")
        made = Department(key, f"D{len(self.departments) + 1:03}", name, parent.open_department_id if parent else ROOT)
        made.members.extend(user.open_id for user in members)
        self.departments[key] = made
        return made

    def endpoints(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each; fixed paths before those with a parameter."""
        users, departments = "contact/v3/users", "contact/v3/departments"
        return [
            ("GET", users + "/batch", self.batch_users),
            ("POST", users + "/batch_get_id", self.batch_get_id),
            ("GET", users + "/find_by_department", self.find_by_department),
            ("GET", users + "/{user_id}", self.get_user),
            ("GET", departments + "/batch", self.batch_departments),
            ("GET", departments + "/parent", self.parents),
            ("GET", departments + "/{department_id}", self.get_department),
            ("GET", departments + "/{department_id}/children", self.children),
            ("GET", "contact/v3/scopes", self.scope),
        ]

    def email(self, user: User) -> str:
        """A user's mail address."""
        return f"{user.user_id}@sandbox"

    def mobile(self, user: User) -> str:
        """A user's mobile number."""
        return f"+86138{int(user.user_id, 16) % 10**8:08}"

    async def get_user(self, call: Call) -> dict[str, Any]:
        """获取单个用户信息."""
        user = self._user(call, call.path("user_id"))
        if user is None:
            raise ApiError(41012, "user id invalid error")
        return {"user": self._body(user, call.app)}

    async def batch_users(self, call: Call) -> dict[str, Any]:
        """批量获取用户信息: unknown ones are left out."""
        found = [self._user(call, each) for each in self._batch(call, "user_ids")]
        return {"items": [self._body(user, call.app) for user in found if user is not None]}

    async def batch_get_id(self, call: Call) -> dict[str, Any]:
        """通过手机号或邮箱获取用户 ID."""
        emails, mobiles = _strings(call.json, "emails"), _strings(call.json, "mobiles")
        if (not emails and not mobiles) or len(emails) > MAX_BATCH or len(mobiles) > MAX_BATCH:
            raise ApiError(40001, "param error")
        kind = self._kind(call)
        entries: list[dict[str, Any]] = []
        for key, wanted, read in (("email", emails, self.email), ("mobile", mobiles, self.mobile)):
            for each in wanted:
                user = next((user for user in self._world.users.values() if _same(read(user), each)), None)
                entries.append({key: each} if user is None else {"user_id": getattr(user, kind), key: each})
        return {"user_list": entries}

    async def find_by_department(self, call: Call) -> dict[str, Any]:
        """获取部门直属用户列表."""
        need(call, "department_id")
        wanted = call.query["department_id"]
        in_some = {open_id for each in self.departments.values() for open_id in each.members}
        members: Iterable[str] = (
            [open_id for open_id in self._world.users if open_id not in in_some]
            if wanted == ROOT
            else self._department(call, wanted).members
        )
        people = [self._body(self._world.users[open_id], call.app) for open_id in members]
        return page_of(call, people, **PAGE)

    async def get_department(self, call: Call) -> dict[str, Any]:
        """获取单个部门信息."""
        return {"department": self._department_body(self._department(call, call.path("department_id")))}

    async def batch_departments(self, call: Call) -> dict[str, Any]:
        """批量获取部门信息."""
        wanted = self._batch(call, "department_ids")
        found = [each for each in self.departments.values() if self._department_key(call, each) in wanted]
        return {"items": [self._department_body(each) for each in found]}

    async def children(self, call: Call) -> dict[str, Any]:
        """获取子部门列表."""
        wanted = call.path("department_id")
        parent = ROOT if wanted == ROOT else self._department(call, wanted).open_department_id
        found = list(self._below(parent, call.query.get("fetch_child", "").lower() == "true"))
        return page_of(call, [self._department_body(each) for each in found], **PAGE)

    async def parents(self, call: Call) -> dict[str, Any]:
        """获取父部门信息."""
        need(call, "department_id")
        found: list[Department] = []
        above = self._department(call, call.query["department_id"]).parent
        while above in self.departments:
            found.append(self.departments[above])
            above = self.departments[above].parent
        return page_of(call, [self._department_body(each) for each in found], **PAGE)

    async def scope(self, call: Call) -> dict[str, Any]:
        """获取通讯录授权范围: all."""
        kind = self._kind(call)
        users = [getattr(user, kind) for user in self._world.users.values()]
        departments = [self._department_key(call, each) for each in self.departments.values()]
        return {"department_ids": departments, "user_ids": users, "group_ids": [], "has_more": False, "page_token": ""}

    def _below(self, parent: str, deep: bool) -> Iterable[Department]:
        for each in self.departments.values():
            if each.parent == parent:
                yield each
                if deep:
                    yield from self._below(each.open_department_id, deep)

    def _batch(self, call: Call, name: str) -> Sequence[str]:
        wanted = call.request.query.getall(name, [])
        if not wanted or len(wanted) > MAX_BATCH:
            raise ApiError(99992402, "field validation failed", field_violations=[{"field": name}])
        return wanted

    def _kind(self, call: Call) -> str:
        kind = call.query.get("user_id_type", "open_id")
        if kind not in ("open_id", "user_id", "union_id"):
            raise ApiError(99992402, "field validation failed", field_violations=[{"field": "user_id_type"}])
        return kind

    def _user(self, call: Call, wanted: str) -> User | None:
        kind = self._kind(call)
        return next((user for user in self._world.users.values() if getattr(user, kind) == wanted), None)

    def _department_key(self, call: Call, department: Department) -> str:
        plain = call.query.get("department_id_type") == "department_id"
        return department.department_id if plain else department.open_department_id

    def _department(self, call: Call, wanted: str) -> Department:
        found = (each for each in self.departments.values() if self._department_key(call, each) == wanted)
        if (department := next(found, None)) is None:
            raise ApiError(40015, "department not exist")
        return department

    def _body(self, user: User, app: App) -> dict[str, Any]:
        departments = [key for key, each in self.departments.items() if user.open_id in each.members]
        picture = "https://s1-imfile.feishucdn.com/static-resource/v1/sandbox"
        return {
            **user_ids(user, app),
            "name": user.name,
            "en_name": "",
            "email": self.email(user),
            "mobile": self.mobile(user),
            "mobile_visible": True,
            "gender": 0,
            "avatar": {f"avatar_{size}": picture for size in ("72", "240", "640", "origin")},
            "status": {"is_frozen": False, "is_resigned": False, "is_activated": True, "is_exited": False},
            "department_ids": departments or [ROOT],
            "employee_type": 1,
            "is_tenant_manager": False,
        }

    def _department_body(self, department: Department) -> dict[str, Any]:
        below = self._below(department.open_department_id, deep=True)
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


def _same(mine: str, wanted: str) -> bool:
    return wanted in (mine, mine.removeprefix("+86"))


def _strings(body: dict[str, Any], key: str) -> list[str]:
    value: object = body.get(key)
    return [str(each) for each in cast("list[object]", value)] if isinstance(value, list) else []
