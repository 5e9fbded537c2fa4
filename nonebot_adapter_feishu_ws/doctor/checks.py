"""Checks of one bot that ask Feishu: from the credentials to the published version."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ..api import ONCE, ApiClient, IsvTokens, get_bot_info
from ..codes import explain
from ..config import FEISHU, LARK, BotConfig
from ..exception import ActionFailed, ConnectionFailed, NetworkError
from ..net.bounded_json import as_list, as_object
from ..net.session import shared_session
from ..transport.endpoint import discover
from ..transport.wire import CODE_WRONG_DOMAIN
from .console import BACKFILL_NEEDS, MESSAGE_EVENT, NEEDS, Console

TIMEOUT = 15.0
"""Seconds per call."""
MISSING_SCOPE = 99991672
NO_BOT = frozenset({11205, 230006, 232025})
OTHER_CLIENTS_ADVICE: Final = (
    "If that is not your own second process, find and stop it (old container, other machine, colleague, --reload): "
    "Feishu gives each event to only one of them."
)
_ACTIVATE_STATUS = {
    0: "the tenant has not installed the app yet",
    1: "the tenant has disabled the app",
    3: "the app is installed and waits for being enabled",
    4: "an upgrade waits for being enabled",
    5: "the app is disabled because its licence has ended",
    6: "the app is disabled because the Lark plan has ended or was downgraded",
}
PUBLISHED = 1
GRANTED = 1


class Level(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        level: how severe it is.
        text: what was found.
        advice: what to do, with the console's menu in both languages.
        link: the console's page.
    """

    level: Level
    text: str
    advice: str = ""
    link: str = ""


async def examine(bot: BotConfig, *, own_connections: int = 0, backfill: bool = False) -> list[Finding]:
    """Run all checks on one bot; ends early when further checks would only repeat the first problem.

    Args:
        bot: its entry of the configuration.
        own_connections: long connections that the caller itself holds, so that they are not taken for another client's.
        backfill: whether missed messages are fetched, which requires scopes of its own.

    Returns:
        The findings, in the order of the checks.
    """
    client = _make_client(bot, bot.api_origin)
    try:
        return await _Examination(bot, client, own_connections, backfill).run()
    finally:
        await client.close()


async def count_clients(client: ApiClient) -> int | None:
    """Count the app's open long connections (获取长连接在线数量), ours included; None if Feishu won't say."""
    count = _data(await client.call("event/v1/connection")).get("online_instance_cnt")
    return count if isinstance(count, int) else None


def _make_client(bot: BotConfig, origin: str) -> ApiClient:
    return ApiClient(
        app_id=bot.app_id,
        app_secret=bot.app_secret,
        origin=origin,
        proxy=bot.proxy_url,
        timeout=TIMEOUT,
        retry=ONCE,
        load_ticket=_no_ticket if bot.app_type == "store" else None,
    )


async def _no_ticket() -> None:
    return None


class _Examination:
    def __init__(self, bot: BotConfig, client: ApiClient, own_connections: int, backfill: bool) -> None:
        self._bot = bot
        self._client = client
        self._own_connections = own_connections
        self._needs = (*NEEDS, *BACKFILL_NEEDS) if backfill else NEEDS
        self._console = Console(bot.api_origin, bot.app_id)

    async def run(self) -> list[Finding]:
        if (tokens := self._client.isv_tokens) is not None:
            return await self._isv_app(tokens)
        findings: list[Finding] = []
        for check in (self._credentials, self._long_connection):
            findings.append(await check())
            if findings[-1].level is Level.PROBLEM:
                return findings
        checks: list[Callable[[], Awaitable[list[Finding]]]] = [
            self._bot_ability,
            self._scopes,
            self._other_clients,
            self._subscription,
            self._version,
        ]
        for check in checks:
            findings += await self._ask(check)
        return findings

    async def _ask(self, check: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
        subject = (check.__doc__ or "").strip().rstrip(".")
        try:
            return await check()
        except ActionFailed as error:
            if error.code != MISSING_SCOPE:
                return [Finding(Level.UNKNOWN, f"{subject} cannot be checked: {error}")]
            scopes = " or ".join(error.missing_scopes) or "a scope"
            text = f"{subject} cannot be checked: the app lacks {scopes}"
            return [Finding(Level.UNKNOWN, text, "Not needed for the bot itself.")]
        except NetworkError as error:
            return [Finding(Level.UNKNOWN, f"{subject} cannot be checked: {error}")]

    async def _credentials(self) -> Finding:
        """Credentials."""
        try:
            await self._client.token.get()
        except NetworkError as error:
            return Finding(Level.PROBLEM, f"Feishu cannot be reached: {error}")
        except ActionFailed as error:
            if (other := self._other_domain()) is not None and await self._works_at(other):
                return self._wrong_domain(other)
            known = explain(error.code)
            text = f"the credentials are refused: {error.msg} [code {error.code}]"
            advice = known.advice if known else "Compare app_id and app_secret with the console."
            return Finding(Level.PROBLEM, text, advice, self._console.credentials)
        return Finding(Level.OK, f"credentials are valid at {self._bot.api_origin}")

    async def _isv_app(self, tokens: IsvTokens) -> list[Finding]:
        """Check what needs neither ticket nor tenant: whether Feishu accepts id and secret."""
        try:
            await tokens.resend()
        except NetworkError as error:
            return [Finding(Level.PROBLEM, f"Feishu cannot be reached: {error}")]
        except ActionFailed as error:
            return [Finding(Level.PROBLEM, f"the credentials are refused: {error}", "", self._console.credentials)]
        text = "an ISV app has scopes and a bot in each tenant: not checked"
        look = f"Feishu now pushes an app_ticket to the webhook, https://<your domain>/feishu/{self._bot.app_id}."
        return [
            Finding(Level.OK, f"credentials are valid at {self._bot.api_origin}"),
            Finding(Level.UNKNOWN, text, look, self._console.events),
        ]

    async def _long_connection(self) -> Finding:
        """The long connection."""
        secret = self._bot.app_secret.get_secret_value()
        try:
            session = shared_session(self._bot.proxy_url)
            await discover(session, self._bot.api_origin, self._bot.app_id, secret, timeout=TIMEOUT)
        except ConnectionFailed as error:
            if error.code == CODE_WRONG_DOMAIN and (other := self._other_domain()) is not None:
                return self._wrong_domain(other)
            known = explain(error.code)
            advice = f"{known.meaning}. {known.advice}" if known else "Check network, proxy and domain."
            return Finding(Level.PROBLEM, f"no long connection: {error}", advice, self._console.events)
        return Finding(Level.OK, "Feishu offers a long connection")

    def _other_domain(self) -> str | None:
        return {FEISHU: LARK, LARK: FEISHU}.get(self._bot.api_origin)

    async def _works_at(self, origin: str) -> bool:
        client = _make_client(self._bot, origin)
        try:
            await client.token.get()
        except (ActionFailed, NetworkError):
            return False
        finally:
            await client.close()
        return True

    def _wrong_domain(self, other: str) -> Finding:
        name = "lark" if other == LARK else "feishu"
        text = f"the app belongs to {other}, not to {self._bot.api_origin}"
        return Finding(Level.PROBLEM, text, f'Set "domain": "{name}" in the bot\'s entry of .env.')

    async def _bot_ability(self) -> list[Finding]:
        """The bot ability."""
        advice = (
            "Add 机器人 (Bot) under 添加应用能力 (Add Features), then publish a version under 版本管理与发布 "
            "(Version Management & Release)."
        )
        try:
            info = await get_bot_info(self._client)
        except ActionFailed as error:
            if error.code in NO_BOT:
                return [Finding(Level.PROBLEM, f"the app has no bot: {error.msg}", advice, self._console.features)]
            raise
        if trouble := _ACTIVATE_STATUS.get(info.activate_status or 2):
            return [Finding(Level.PROBLEM, f"{info.app_name}: {trouble}", "Ask the tenant's administrator.")]
        return [Finding(Level.OK, f"the bot is {info.app_name!r} ({info.open_id})")]

    async def _scopes(self) -> list[Finding]:
        """The scopes."""
        answer = await self._client.call("application/v6/scopes")
        granted = {
            str(scope.get("scope_name"))
            for scope in _items(_data(answer), "scopes")
            if scope.get("grant_status") == GRANTED and scope.get("scope_type", "tenant") == "tenant"
        }
        findings: list[Finding] = []
        for need in self._needs:
            if granted.isdisjoint(need.scopes):
                level = Level.PROBLEM if need.vital else Level.UNKNOWN if need.optional else Level.WARNING
                advice = f"Grant {need.scopes[0]} under 权限管理 (Permissions & Scopes), then publish a version."
                link = self._console.grant([need.scopes[0]])
                findings.append(Finding(level, f"a scope is missing {need.purpose}", advice, link))
        if all(finding.level is Level.UNKNOWN for finding in findings):
            findings.insert(0, Finding(Level.OK, "the scopes for receiving and sending are granted"))
        return findings

    async def _other_clients(self) -> list[Finding]:
        """Other clients of the app."""
        count = await count_clients(self._client)
        if count is None:
            return [Finding(Level.UNKNOWN, "Feishu does not say how many clients are online")]
        others = max(0, count - self._own_connections)
        if others == 0:
            return [Finding(Level.OK, "no other client holds a long connection of this app")]
        text = f"{others} other long connection(s) of this app are online"
        return [Finding(Level.WARNING, text, OTHER_CLIENTS_ADVICE)]

    async def _subscription(self) -> list[Finding]:
        """The event subscription."""
        answer = await self._client.call("application/v6/applications/me", params={"lang": "zh_cn"})
        app = as_object(_data(answer).get("app"))
        findings: list[Finding] = []
        for field, key, menu, page in (
            ("event", "subscription_type", "事件配置 (Event Configuration)", self._console.events),
            ("callback_info", "callback_type", "回调配置 (Callback Configuration)", self._console.callbacks),
        ):
            mode = as_object(app.get(field)).get(key)
            if mode == "webhook" and self._bot.use_websocket:
                advice = f"Choose 使用长连接接收 (receive through a persistent connection) under 事件与回调 > {menu}."
                findings.append(Finding(Level.WARNING, f"{menu} sends to a webhook", advice, page))
            elif mode == "websocket":
                findings.append(Finding(Level.OK, f"{menu} uses the long connection"))
        text = "Feishu does not say how events are delivered"
        advice = "Check 事件与回调 (Events & Callbacks) yourself."
        return findings or [Finding(Level.UNKNOWN, text, advice, self._console.events)]

    async def _version(self) -> list[Finding]:
        """The published version."""
        params = {"lang": "zh_cn", "page_size": 20}
        answer = await self._client.call("application/v6/applications/me/app_versions", params=params)
        versions = _items(_data(answer), "items")
        published = [each for each in versions if each.get("status") == PUBLISHED and each.get("publish_time")]
        publish = "Create and publish one under 版本管理与发布 (Version Management & Release)."
        if not published:
            return [Finding(Level.PROBLEM, "no version of the app is published", publish, self._console.versions)]
        events = {str(info.get("event_type")) for info in _items(published[0], "event_infos")}
        if MESSAGE_EVENT not in events:
            text = f"the published version {published[0].get('version')} does not subscribe to {MESSAGE_EVENT}"
            advice = "Add 接收消息 v2.0 under 事件与回调 > 事件配置 (Event Configuration), then publish a version."
            return [Finding(Level.PROBLEM, text, advice, self._console.events)]
        return [Finding(Level.OK, f"version {published[0].get('version')} is published and subscribes to messages")]


def _data(answer: object) -> dict[str, Any]:
    return as_object(as_object(answer).get("data"))


def _items(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [as_object(item) for item in as_list(data.get(key))]
