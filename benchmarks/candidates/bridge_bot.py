"""A NoneBot whose handler echoes: ``matcher.send``, the same with alconna ``loaded``, or by ``unimessage``."""

import sys

import nonebot

way, domain, app_id, secret = sys.argv[1:]
bots = [{"app_id": app_id, "app_secret": secret, "api_base": domain}]
nonebot.init(_env_file=None, driver="~none", feishu_bots=bots, feishu_store="memory://")

from nonebot_adapter_feishu_ws import Adapter  # noqa: E402

nonebot.get_driver().register_adapter(Adapter)
echo = nonebot.on_message()
if way != "matcher":
    nonebot.load_plugin("nonebot_plugin_alconna")
if way == "unimessage":
    from nonebot_plugin_alconna import UniMessage

    @echo.handle()
    async def _(event: nonebot.adapters.Event):
        await UniMessage(event.get_plaintext()).send()

else:

    @echo.handle()
    async def _(event: nonebot.adapters.Event):
        await echo.send(event.get_plaintext())


nonebot.run()
