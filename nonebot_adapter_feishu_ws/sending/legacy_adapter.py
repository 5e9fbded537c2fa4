"""The adapter methods of the existing NoneBot Feishu adapter, with the same names, arguments and results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from nonebot.drivers import URL, Request, Response

from ..api import ClientPool
from ..api.http import CallOptions, Http
from ..api.upload import parts_of
from ..bot import BotHost
from ..config import BotConfig
from ..exception import NetworkError

if TYPE_CHECKING:
    from ..api.responses import BotInfoResponse


class LegacyAdapter(BotHost):
    """What plugins call on the adapter itself. ``bot.call_api`` does more: order, limits, retries, one ``uuid``."""

    bot_configs: dict[str, BotConfig]
    _clients: ClientPool

    @property
    def bot_apps(self) -> dict[str, BotConfig]:
        """The configured bots that are enabled, by app id; there from the beginning."""
        return self.bot_configs

    def get_api_base(self, bot_config: BotConfig) -> URL:
        """The origin of a bot's REST API, such as ``https://open.feishu.cn``."""
        return URL(self._config_of(bot_config).api_origin)

    def get_api_url(self, bot_config: BotConfig, path: str) -> URL:
        """The URL of a path below ``/open-apis/``, such as ``im/v1/messages``."""
        return self.get_api_base(bot_config).joinpath("open-apis", path)

    async def get_tenant_access_token(self, bot_config: BotConfig) -> str:
        """The bot's token (自建应用获取 tenant_access_token), shared with its calls and fetched anew ahead of its end.

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        return await self._clients.get(self._config_of(bot_config)).get_token()

    async def get_bot_info(self, bot_config: BotConfig) -> BotInfoResponse:
        """The bot's profile (获取机器人信息).

        Raises:
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        from ..api.responses import BotInfoResponse  # only a plugin that asks for it loads it

        return BotInfoResponse.model_validate(await self._clients.get(self._config_of(bot_config)).call("bot/v3/info"))

    async def send_request(self, request: Request, **data: Any) -> Any:
        """Send one HTTP request, once, through the proxy of the bot whose domain it goes to.

        Args:
            request: NoneBot's request, with all headers that it needs.
            data: ``_timeout``: seconds; ``_return_response``: return NoneBot's ``Response``.

        Returns:
            The JSON, whatever its ``code``; the bytes of anything else.

        Raises:
            ActionFailed: Feishu answered with an error code and an HTTP status of 400 or more.
            NetworkError: no usable answer came, or an empty one.
        """
        origin = str(request.url.origin())
        timeout = cast("float", data.get("_timeout") or self.config.api_timeout or 30.0)
        proxies = {bot.api_origin: bot.proxy_url for bot in self.bot_configs.values()}
        http = Http(origin, proxy=request.proxy or proxies.get(origin), timeout=timeout)
        headers, content, form = dict(request.headers), request.content, cast("Any", request).data
        if form and not request.files:  # as drivers send it: a form of the simple kind
            headers["Content-Type"], content, form = "application/x-www-form-urlencoded", urlencode(form), None
        options: CallOptions = {
            "headers": headers,
            "cookies": {cookie.name: cookie.value or "" for cookie in request.cookies.jar},
            "content": content,
            "data": form,
            "json": request.json,
            "files": parts_of(request.files or ()),
            "_timeout": timeout,
            "_return_response": True,
        }
        response: Response = await http.exchange(request.method, origin + request.url.raw_path_qs, None, options)
        if response.status_code >= 300 or not response.content:
            said = f"HTTP {response.status_code} with {len(cast('bytes', response.content))} bytes"
            raise NetworkError(f"{request.method} {request.url.path} got {said} from {http.host}")
        if data.get("_return_response"):
            return response
        is_json = "application/json" in response.headers.get("Content-Type", "")
        return json.loads(cast("bytes", response.content)) if is_json else response.content

    def _config_of(self, bot_config: BotConfig) -> BotConfig:
        return self.bot_configs.get(bot_config.app_id, bot_config)
