"""What can go wrong, as classes::

    nonebot AdapterException
    └── FeishuAdapterException
        ├── ActionFailed       Feishu answered with an error code
        ├── NetworkError       no usable answer came
        ├── ApiNotAvailable    the call cannot be made at all here
        ├── ConnectionFailed   a long connection could not be opened, or was lost
        ├── ConfigError        the configuration cannot be used (also a ValueError)
        └── BotNotFound        no bot with this app id is configured (also a LookupError)

A message says what happened, what it means and what to do next; it never contains a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from nonebot.exception import ActionFailed as BaseActionFailed
from nonebot.exception import AdapterException
from nonebot.exception import ApiNotAvailable as BaseApiNotAvailable
from nonebot.exception import NetworkError as BaseNetworkError
from typing_extensions import override

from .codes import explain


class FeishuAdapterException(AdapterException):
    """Whatever this adapter raises."""

    def __init__(self, *args: object) -> None:
        super().__init__("Feishu", *args)


class ActionFailed(BaseActionFailed, FeishuAdapterException):
    """Feishu answered with an error code.

    Attributes:
        code: Feishu's code.
        msg: Feishu's message.
        log_id: what Feishu's support asks for.
        troubleshooter: link to the console's troubleshooting page.
        missing_scopes: scopes (权限) that the app lacks for this call.
        grant_url: the page that grants them.
        status_code: HTTP status.
        request: method and path of the call.
        body: the answer's JSON.
        info: the answer's JSON, as the existing adapter's exception names it.
    """

    def __init__(
        self,
        *,
        code: int = 0,
        msg: str = "",
        log_id: str = "",
        status_code: int = 0,
        request: str = "",
        body: Mapping[str, Any] | None = None,
        **info: Any,
    ) -> None:
        FeishuAdapterException.__init__(self)
        self.code = code
        self.msg = msg
        self.status_code = status_code
        self.request = request
        self.body: dict[str, Any] = dict(body or {})
        error = self.body.get("error")
        details = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
        self.log_id = log_id or _text(details.get("log_id"))
        self.troubleshooter = _text(details.get("troubleshooter"))
        self.missing_scopes = _listed(details.get("permission_violations"), "subject")
        self.grant_url = next(iter(_listed(details.get("helps"), "url")), "")
        self.info: dict[str, Any] = {**self.body, **info} or {"code": code, "msg": msg}

    @override
    def __str__(self) -> str:
        known = explain(self.code)
        parts = [f"{self.request or 'The call'} failed: {self.msg or 'no message'} [code {self.code}]"]
        if known is not None:
            parts.append(f"{known.meaning}. {known.advice}")
        if self.missing_scopes:
            parts.append(f"Missing scopes (权限管理): {', '.join(self.missing_scopes)}.")
        if link := self.grant_url or self.troubleshooter:
            parts.append(f"See {link}")
        if self.log_id:
            parts.append(f"(log_id {self.log_id})")
        return " ".join(parts)

    @override
    def __repr__(self) -> str:
        return f"<ActionFailed {self}>"


class NetworkError(BaseNetworkError, FeishuAdapterException):
    """No usable answer came: time-out, refused connection, or something that is not Feishu's JSON.

    Attributes:
        msg: what happened and where.
    """

    def __init__(self, msg: str | None = None) -> None:
        FeishuAdapterException.__init__(self)
        self.msg = msg

    @override
    def __str__(self) -> str:
        return self.msg or "no usable answer came from Feishu"

    @override
    def __repr__(self) -> str:
        return f"<NetworkError {self}>"


class ApiNotAvailable(BaseApiNotAvailable, FeishuAdapterException):
    """The call cannot be made here; the message says why."""

    def __init__(self, msg: str = "") -> None:
        FeishuAdapterException.__init__(self)
        self.msg = msg

    @override
    def __str__(self) -> str:
        return self.msg or "this API is not available"


class ConnectionFailed(FeishuAdapterException):
    """A long connection could not be opened, or was lost.

    Attributes:
        message: what happened.
        code: Feishu's code, where it gave one.
        phase: how far the connection had come.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        phase: Literal["discovery", "handshake", "socket"] = "socket",
    ) -> None:
        super().__init__()
        self.message = message
        self.code = code
        self.phase = phase

    @override
    def __str__(self) -> str:
        return self.message if self.code is None else f"{self.message} [code {self.code}]"


class ConfigError(FeishuAdapterException, ValueError):
    """The configuration cannot be used; each problem is a line that names its entry."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__()
        self.problems = list(problems)

    @override
    def __str__(self) -> str:
        return "\n".join(self.problems)


class BotNotFound(FeishuAdapterException, LookupError):
    """No bot with this app id is configured."""

    def __init__(self, bot_id: str, known: Sequence[str] = ()) -> None:
        super().__init__()
        self.bot_id = bot_id
        self.known = tuple(known)

    @override
    def __str__(self) -> str:
        known = ", ".join(self.known) or "none"
        return f"No enabled bot has the app id {self.bot_id!r}; configured are: {known}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _listed(items: object, key: str) -> list[str]:
    if not isinstance(items, list):
        return []
    values = [cast("dict[str, Any]", item).get(key) for item in cast("list[object]", items) if isinstance(item, dict)]
    return [value for value in values if isinstance(value, str) and value]
