"""Runs a NoneBot with the Feishu adapter: `python bot.py` or `nb run`."""

from pathlib import Path

import nonebot

# Without an `.env` of your own, the shipped example runs the local sandbox.
nonebot.init(**({} if Path(".env").is_file() else {"_env_file": ".env.example"}))

from nonebot_adapter_feishu_ws import Adapter, ensure_registered  # noqa: E402 - NoneBot must be initialised first

nonebot.get_driver().register_adapter(Adapter)
ensure_registered()

nonebot.load_builtin_plugins("echo")
nonebot.load_plugins("examples/plugins")

if __name__ == "__main__":
    nonebot.run()
