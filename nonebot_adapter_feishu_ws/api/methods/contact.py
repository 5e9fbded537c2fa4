"""``bot.contact``: users and departments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..method import Group, method, paged
from ..models.app import ContactScope
from ..models.contact import Department, Departments, User, UserIds, Users
from ..paging import Paged
from .im import UserIdType

DepartmentIdType = Literal["open_department_id", "department_id"]


class Contacts(Group):
    """Users and departments (通讯录), as far as the app's contact scope (通讯录权限范围) reaches.

    Which fields an answer has depends on further scopes, such as ``contact:user.base:readonly`` for names,
    ``contact:user.email:readonly``, ``contact:user.phone:readonly`` and ``contact:user.employee_id:readonly``.
    """

    group = "contact"

    @method("GET", "contact/v3/users/{user_id}", returns=User, at=["data", "user"])
    async def get_user(
        self,
        user_id: str,
        *,
        user_id_type: UserIdType | None = None,
        department_id_type: DepartmentIdType | None = None,
    ) -> User:
        """A user's details (获取单个用户信息).

        Args:
            user_id: the user.
            user_id_type: what ``user_id`` is; ``open_id`` when not given.
            department_id_type: which ids of departments the answer has; ``open_department_id`` when not given.

        Scopes (one of): ``contact:contact.base:readonly``.

        Raises:
            ActionFailed: 41050 the user is outside the app's contact scope, 41012 there is no such user.
        """
        ...

    @method("GET", "contact/v3/users/batch", returns=Users)
    async def batch_users(
        self,
        user_ids: Sequence[str],
        *,
        user_id_type: UserIdType | None = None,
        department_id_type: DepartmentIdType | None = None,
    ) -> Users:
        """Several users' details (批量获取用户信息). Those whom the app may not see are left out.

        Args:
            user_ids: at most 50.
            user_id_type: what they are; ``open_id`` when not given.
            department_id_type: which ids of departments the answer has; ``open_department_id`` when not given.

        Scopes (one of): ``contact:contact.base:readonly``.
        """
        ...

    @method("POST", "contact/v3/users/batch_get_id", returns=UserIds, query=["user_id_type"])
    async def batch_get_id(
        self,
        *,
        emails: Sequence[str] | None = None,
        mobiles: Sequence[str] | None = None,
        include_resigned: bool | None = None,
        user_id_type: UserIdType | None = None,
    ) -> UserIds:
        """Users' ids by mail address or mobile number (通过手机号或邮箱获取用户 ID).

        Args:
            emails: at most 50; the company's mail addresses (企业邮箱) find nobody.
            mobiles: at most 50; with ``+`` and country code outside mainland China.
            include_resigned: whether people who left are found too.
            user_id_type: which ids the answer has; ``open_id`` when not given.

        Returns:
            An entry for each address and number; without ``user_id`` where nobody was found.

        Scopes (one of): ``contact:user.id:readonly``.
        """
        ...

    @paged("contact/v3/users/find_by_department", User)
    def list_users(
        self,
        department_id: str,
        *,
        user_id_type: UserIdType | None = None,
        department_id_type: DepartmentIdType | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[User]:
        """The people directly in a department (获取部门直属用户列表).

        Args:
            department_id: the department; ``0`` is the root.
            user_id_type: which ids of users the answer has; ``open_id`` when not given.
            department_id_type: what ``department_id`` is; ``open_department_id`` when not given.
            page_size: users per call, 1 to 50; 10 when not given.
            limit: users altogether.

        Scopes (one of): ``contact:contact.base:readonly``.

        Raises:
            ActionFailed: 40004 the department is outside the app's contact scope (for ``0``: the scope is not all).
        """
        ...

    @method("GET", "contact/v3/departments/{department_id}", returns=Department, at=["data", "department"])
    async def get_department(
        self,
        department_id: str,
        *,
        user_id_type: UserIdType | None = None,
        department_id_type: DepartmentIdType | None = None,
    ) -> Department:
        """A department's details (获取单个部门信息).

        Args:
            department_id: the department.
            user_id_type: which ids of users the answer has; ``open_id`` when not given.
            department_id_type: what ``department_id`` is; ``open_department_id`` when not given.

        Scopes (one of): ``contact:contact.base:readonly``; names need ``contact:department.base:readonly``.

        Raises:
            ActionFailed: 40004 the department is outside the app's contact scope, 40015 there is no such department.
        """
        ...

    @method("GET", "contact/v3/departments/batch", returns=Departments)
    async def batch_departments(
        self,
        department_ids: Sequence[str],
        *,
        department_id_type: DepartmentIdType | None = None,
        user_id_type: UserIdType | None = None,
    ) -> Departments:
        """Several departments' details (批量获取部门信息).

        Args:
            department_ids: at most 50.
            department_id_type: what they are; ``open_department_id`` when not given.
            user_id_type: which ids of users the answer has; ``open_id`` when not given.

        Scopes (one of): ``contact:contact.base:readonly``.
        """
        ...

    @paged("contact/v3/departments/{department_id}/children", Department)
    def list_children(
        self,
        department_id: str,
        *,
        fetch_child: bool | None = None,
        user_id_type: UserIdType | None = None,
        department_id_type: DepartmentIdType | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Department]:
        """The departments below a department (获取子部门列表).

        Args:
            department_id: the department; ``0`` is the root.
            fetch_child: all below it, not only the next level.
            user_id_type: which ids of users the answer has; ``open_id`` when not given.
            department_id_type: what ``department_id`` is; ``open_department_id`` when not given.
            page_size: departments per call, 1 to 50; 10 when not given.
            limit: departments altogether.

        Scopes (one of): ``contact:contact.base:readonly``.

        Raises:
            ActionFailed: 40004 the department is outside the app's contact scope.
        """
        ...

    @paged("contact/v3/departments/parent", Department)
    def list_parents(
        self,
        department_id: str,
        *,
        user_id_type: UserIdType | None = None,
        department_id_type: DepartmentIdType | None = None,
        page_size: int | None = None,
        limit: int | None = None,
    ) -> Paged[Department]:
        """The departments above a department, the nearest first (获取父部门信息).

        Args:
            department_id: the department.
            user_id_type: which ids of users the answer has; ``open_id`` when not given.
            department_id_type: what ``department_id`` is; ``open_department_id`` when not given.
            page_size: departments per call, 1 to 50; 10 when not given.
            limit: departments altogether.

        Scopes (one of): ``contact:contact.base:readonly``.
        """
        ...

    @method("GET", "contact/v3/scopes", returns=ContactScope)
    async def get_scope(
        self,
        *,
        user_id_type: UserIdType | None = None,
        department_id_type: DepartmentIdType | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> ContactScope:
        """Whom the app may see (获取通讯录授权范围).

        Args:
            user_id_type: which ids of users the answer has; ``open_id`` when not given.
            department_id_type: which ids of departments it has; ``open_department_id`` when not given.
            page_size: ids per call, 1 to 100; 50 when not given.
            page_token: from the answer before.

        Scopes (one of): ``contact:contact.base:readonly``.
        """
        ...
