"""The exceptions of this adapter::

    nonebot AdapterException
    └── FeishuAdapterException
        ├── ActionFailed       Feishu answered with an error code
        │   ├── RateLimited        too often: wait ``retry_after`` seconds
        │   ├── PermissionDenied   a scope is missing: ``missing_scopes``, ``grant_url``
        │   ├── TargetUnavailable  the chat, user or message cannot be reached (any more)
        │   ├── InvalidContent     the content must be changed
        │   └── Unauthorized       app id, secret or token is not accepted
        ├── NetworkError       no usable answer came
        ├── ApiNotAvailable    the call cannot be made at all here
        ├── ConnectionFailed   a long connection could not be opened, or was lost
        ├── ConfigError        the configuration cannot be used (also a ValueError)
        ├── BotNotFound        no bot with this app id is configured (also a LookupError)
        ├── BotDisabled        the bot is configured with "enabled": false
        ├── SessionBusy        another run of a session is under way, and this one was not to wait
        └── StoreError         the store cannot be read or written
            └── InboxFull          it works, but holds as many events as it may

A message says what happened, what it means and what to do next; it never contains a secret. :func:`make_failure`
is the one place that chooses among the subclasses of :class:`ActionFailed`, by the table in ``codes``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from nonebot.exception import ActionFailed as BaseActionFailed
from nonebot.exception import AdapterException
from nonebot.exception import ApiNotAvailable as BaseApiNotAvailable
from nonebot.exception import NetworkError as BaseNetworkError
from typing_extensions import override

from .codes import Kind, explain
from .net.bounded_json import as_list, as_object, as_text

DEFAULT_WAIT = 1.0
"""Seconds to wait where Feishu names none: the limits of chats and users are counted by the second."""
LONGEST_WAIT = 3600.0
"""Seconds; a longer wait in a header is ignored."""
_RESET = "x-ogw-ratelimit-reset"
_URL = re.compile(r"https?://[^\s;，。)）\]]+")
_SCOPES_IN_TEXT = re.compile(r"\[([a-z][\w.:]*:[\w.:]+(?:,\s*[\w.:]+)*)\]")


class FeishuAdapterException(AdapterException):
    """Base class of this adapter's exceptions.

    Attributes:
        message: what happened.
        log_id: what Feishu's support asks for; empty where Feishu has not answered.
    """

    log_id: str = ""

    def __init__(self, message: str = "") -> None:
        super().__init__("Feishu", message)
        self.message = message

    @override
    def __str__(self) -> str:
        return self.message

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


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
        info: the answer's JSON, under the name that the existing adapter uses.
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
        FeishuAdapterException.__init__(self, msg)
        self.code = code
        self.msg = msg
        self.status_code = status_code
        self.request = request
        self.body: dict[str, Any] = dict(body or {})
        details = as_object(self.body.get("error"))
        self.log_id: str = log_id or as_text(details.get("log_id"))
        self.troubleshooter: str = as_text(details.get("troubleshooter"))
        self.missing_scopes: list[str] = _listed(details.get("permission_violations"), "subject")
        self.grant_url: str = next(iter(_listed(details.get("helps"), "url")), "")
        self.info: dict[str, Any] = {"code": code, "msg": msg, **self.body, **info}

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


class RateLimited(ActionFailed):
    """Too many calls (99991400, 230020, 11232, HTTP 429), more than the adapter's own waiting could even out.

    Attributes:
        retry_after: seconds until another try makes sense.
    """

    def __init__(self, *, retry_after: float = DEFAULT_WAIT, **fields: Any) -> None:
        super().__init__(**fields)
        self.retry_after = retry_after

    @override
    def __str__(self) -> str:
        return f"{super().__str__()} (try again in {self.retry_after:g} s)"


class PermissionDenied(ActionFailed):
    """The app lacks a permission: see ``missing_scopes`` and ``grant_url``."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        # Some answers have scopes and link in the text only.
        if not self.missing_scopes and (found := _SCOPES_IN_TEXT.search(self.msg)):
            self.missing_scopes: list[str] = [scope.strip() for scope in found[1].split(",")]
        if not self.grant_url and (link := _URL.search(self.msg)):
            self.grant_url: str = link[0]


class TargetUnavailable(ActionFailed):
    """The chat, user or message is gone or out of the bot's reach; trying again does not help."""


class InvalidContent(ActionFailed):
    """Feishu does not accept this content: too long, malformed, or stopped by an audit."""


class Unauthorized(ActionFailed):
    """Feishu does not accept the app id, the secret or the token."""


_CLASSES: Final[Mapping[Kind, type[ActionFailed]]] = {
    "credentials": Unauthorized,
    "permission": PermissionDenied,
    "target": TargetUnavailable,
    "content": InvalidContent,
    "other": ActionFailed,
    "busy": ActionFailed,
}


def make_failure(code: int, msg: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> ActionFailed:
    """The exception for an answer with an error code.

    Args:
        code: Feishu's code; 0 where it gave none.
        msg: Feishu's message.
        headers: of the answer; ``x-ogw-ratelimit-reset`` names the seconds to wait.
        fields: the further arguments of :class:`ActionFailed`.
    """
    known = explain(code)
    kind = known.kind if known is not None else "other"
    if kind == "rate" or fields.get("status_code") == 429:
        return RateLimited(code=code, msg=msg, retry_after=_retry_after(headers or {}), **fields)
    return _CLASSES[_refine(code, msg, kind)](code=code, msg=msg, **fields)


def _refine(code: int, msg: str, kind: Kind) -> Kind:
    """The kind of a 230001, whose text alone says what is wrong (如何解决 230001 错误)."""
    if code != 230001:
        return kind
    if "content" in msg:
        return "content"
    return "target" if any(name in msg for name in ("receive_id", "message_id", "chat_id")) else kind


def _retry_after(headers: Mapping[str, str]) -> float:
    try:
        seconds = float(headers.get(_RESET) or DEFAULT_WAIT)
    except ValueError:
        return DEFAULT_WAIT
    return seconds if 0 <= seconds <= LONGEST_WAIT else DEFAULT_WAIT


class NetworkError(BaseNetworkError, FeishuAdapterException):
    """No usable answer came: a timeout, a refused connection, or a body that is not Feishu's JSON.

    Attributes:
        msg: what happened and where.
        sent: False when the request never reached Feishu; True when it may have been carried out.
        status_code: HTTP status of the unusable answer; 0 when there was none.
    """

    def __init__(self, msg: str | None = None, *, sent: bool = True, status_code: int = 0) -> None:
        FeishuAdapterException.__init__(self, msg or "no usable answer came from Feishu")
        self.msg = msg
        self.sent = sent
        self.status_code = status_code


class ApiNotAvailable(BaseApiNotAvailable, FeishuAdapterException):
    """The call cannot be made here; the message says why."""

    def __init__(self, msg: str = "") -> None:
        FeishuAdapterException.__init__(self, msg or "this API is not available")
        self.msg = msg


class ConnectionFailed(FeishuAdapterException):
    """A long connection could not be opened, or was lost.

    Attributes:
        message: what happened.
        code: Feishu's code, where it gave one.
        phase: how far the connection had come; ``setup``: it cannot even be attempted.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        phase: Literal["setup", "discovery", "handshake", "socket"] = "socket",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.phase = phase

    @override
    def __str__(self) -> str:
        return self.message if self.code is None else f"{self.message} [code {self.code}]"


class ConfigError(FeishuAdapterException, ValueError):
    """The configuration is invalid; each problem is a line that names its entry."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems: list[str] = list(problems)


class BotNotFound(FeishuAdapterException, LookupError):
    """No bot with this app id is configured."""

    def __init__(self, bot_id: str, known: Sequence[str] = ()) -> None:
        super().__init__(f"No bot has the app id {bot_id!r}; configured are: {', '.join(known) or 'none'}")
        self.bot_id = bot_id
        self.known: tuple[str, ...] = tuple(known)


class BotDisabled(FeishuAdapterException):
    """The bot is configured with ``"enabled": false``."""

    def __init__(self, bot_id: str) -> None:
        super().__init__("Bot is disabled")
        self.bot_id = bot_id


class SessionBusy(FeishuAdapterException):
    """Another run of a session is under way: ``bot.session_lock(..., when_busy="refuse")`` does not wait for it.

    Attributes:
        key: the session.
    """

    def __init__(self, key: str) -> None:
        super().__init__(
            f"another run of the session {key} is under way: say so to whoever asks, or wait for it with "
            'when_busy="queue", or end it with when_busy="interrupt"'
        )
        self.key = key


class StoreError(FeishuAdapterException):
    """The store cannot be read or written; the message says why and what to do."""


class InboxFull(StoreError):
    """The store works, but its inbox is full; Feishu keeps further events and pushes them again."""


def _listed(items: object, key: str) -> list[str]:
    return [text for item in as_list(items) if (text := as_text(as_object(item).get(key)))]
