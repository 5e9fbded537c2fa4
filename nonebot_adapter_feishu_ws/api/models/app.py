"""Results of the methods about the app itself."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import Result


class Profile(Result):
    """The bot's own profile (机器人信息).

    Attributes:
        open_id: the bot's open_id
        app_name: its name
        avatar_url: its picture
        activate_status: 2 when it is enabled
        ip_white_list: addresses that may call its API; empty for all
    """

    open_id: str | None = None
    app_name: str | None = None
    avatar_url: str | None = None
    activate_status: int | None = None
    ip_white_list: list[str] = Field(default_factory=list[str])


class Scope(Result):
    """A scope of the app (权限).

    Attributes:
        scope_name: such as ``im:message``
        grant_status: 1 granted, 2 not granted
        scope_type: ``tenant`` or ``user``
    """

    scope_name: str | None = None
    grant_status: int | None = None
    scope_type: str | None = None


class Scopes(Result):
    """All scopes of the app.

    Attributes:
        scopes: granted and asked for
    """

    scopes: list[Scope] = Field(default_factory=list[Scope])


class OnlineConnections(Result):
    """The app's long connections.

    Attributes:
        online_instance_cnt: how many clients are online, at most 50
    """

    online_instance_cnt: int | None = None


class ContactScope(Result):
    """What of the contacts the app may see (通讯录授权范围).

    Attributes:
        department_ids: departments
        user_ids: users
        group_ids: user groups
        has_more: whether there is more
        page_token: for the next call
    """

    department_ids: list[str] = Field(default_factory=list[str])
    user_ids: list[str] = Field(default_factory=list[str])
    group_ids: list[str] = Field(default_factory=list[str])
    has_more: bool | None = None
    page_token: str | None = None


class Application(Result):
    """The app as the console shows it (应用信息).

    Attributes:
        app_id: its id
        app_name: its name
        description: its description
        status: 0 disabled, 1 enabled, 2 not yet enabled
        avatar_url: its picture
        online_version_id: the published version
        callback_info: how callbacks are delivered
    """

    app_id: str | None = None
    app_name: str | None = None
    description: str | None = None
    status: int | None = None
    avatar_url: str | None = None
    online_version_id: str | None = None
    callback_info: dict[str, Any] = Field(default_factory=dict[str, Any])
