"""Results of contact methods. Which fields Feishu gives depends on the app's scopes."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import Result


class Avatar(Result):
    """A user's picture in four sizes.

    Attributes:
        avatar_72: URL
        avatar_240: URL
        avatar_640: URL
        avatar_origin: URL
    """

    avatar_72: str | None = None
    avatar_240: str | None = None
    avatar_640: str | None = None
    avatar_origin: str | None = None


class UserStatus(Result):
    """A user's status.

    Attributes:
        is_frozen: suspended
        is_resigned: has left
        is_activated: has activated the account
        is_exited: has left of their own accord
        is_unjoin: has not joined yet
    """

    is_frozen: bool | None = None
    is_resigned: bool | None = None
    is_activated: bool | None = None
    is_exited: bool | None = None
    is_unjoin: bool | None = None


class User(Result):
    """A user (用户).

    Attributes:
        open_id: the id for this app
        union_id: the id for all apps of one developer
        user_id: the id in the tenant
        name: the name
        en_name: the English name
        nickname: the nickname
        email: the mail address
        enterprise_email: the company's mail address
        mobile: the mobile number
        gender: 0 unknown, 1 male, 2 female, 3 other
        avatar: the picture
        status: the status
        department_ids: departments
        leader_user_id: who leads
        city: the city
        country: the country
        work_station: the desk
        join_time: seconds since the epoch
        employee_no: the number in the company
        employee_type: 1 regular, 2 intern, 3 outsourced, 4 contractor, 5 consultant
        job_title: the job
        is_tenant_manager: whether an administrator
    """

    open_id: str | None = None
    union_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    en_name: str | None = None
    nickname: str | None = None
    email: str | None = None
    enterprise_email: str | None = None
    mobile: str | None = None
    gender: int | None = None
    avatar: Avatar = Field(default_factory=Avatar)
    status: UserStatus = Field(default_factory=UserStatus)
    department_ids: list[str] = Field(default_factory=list[str])
    leader_user_id: str | None = None
    city: str | None = None
    country: str | None = None
    work_station: str | None = None
    join_time: int | None = None
    employee_no: str | None = None
    employee_type: int | None = None
    job_title: str | None = None
    is_tenant_manager: bool | None = None


class UserId(Result):
    """What was found for a mail address or mobile number.

    Attributes:
        user_id: the id, of the kind that was asked for; empty when nobody has the address or number
        email: the address that was asked for
        mobile: the number that was asked for
        status: the user's status
    """

    user_id: str | None = None
    email: str | None = None
    mobile: str | None = None
    status: UserStatus = Field(default_factory=UserStatus)


class UserIds(Result):
    """What was found for mail addresses and mobile numbers.

    Attributes:
        user_list: one entry for each
    """

    user_list: list[UserId] = Field(default_factory=list[UserId])


class Users(Result):
    """Several users.

    Attributes:
        items: those whom the app may see
    """

    items: list[User] = Field(default_factory=list[User])


class DepartmentLeader(Result):
    """Who leads a department.

    Attributes:
        leader_type: 1 the leader, 2 a deputy
        leader_id: the user
    """

    leader_type: int | None = None
    leader_id: str | None = None


class Department(Result):
    """A department (部门).

    Attributes:
        name: its name
        i18n_name: its name by language
        parent_department_id: the department above; ``0`` is the root
        department_id: its id in the tenant
        open_department_id: its id for apps, ``od-...``
        leader_user_id: who leads it
        leaders: who lead it
        chat_id: its group
        order: its place among its siblings
        member_count: number of people, with those below
        status: ``is_deleted``
    """

    name: str | None = None
    i18n_name: dict[str, Any] = Field(default_factory=dict[str, Any])
    parent_department_id: str | None = None
    department_id: str | None = None
    open_department_id: str | None = None
    leader_user_id: str | None = None
    leaders: list[DepartmentLeader] = Field(default_factory=list[DepartmentLeader])
    chat_id: str | None = None
    order: str | None = None
    member_count: int | None = None
    status: dict[str, Any] = Field(default_factory=dict[str, Any])


class Departments(Result):
    """Several departments.

    Attributes:
        items: those that the app may see
    """

    items: list[Department] = Field(default_factory=list[Department])
