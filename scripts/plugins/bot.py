"""A bot as anybody writes one, with the plugins named: ``bot.py PLUGIN...``; the rest stands in ``.env``."""

import sys
from pathlib import Path

import nonebot

from nonebot_adapter_feishu_ws import Adapter

nonebot.init()
nonebot.get_driver().register_adapter(Adapter)
for name in sys.argv[1:]:
    if nonebot.load_plugin(Path(name) if name.endswith(".py") else name) is None:
        sys.exit(f"{name} was not loaded")
nonebot.run()
