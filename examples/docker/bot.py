"""The bot of the image."""

import nonebot

from nonebot_adapter_feishu_ws import Adapter

nonebot.init()
nonebot.get_driver().register_adapter(Adapter)
nonebot.load_builtin_plugins("echo")
nonebot.load_plugins("plugins")
nonebot.run()
