"""A NoneBot that writes down what it handles: ``ours|existing DOMAIN APP SECRET PORT HANDLED_FILE``.

A message says what to do with it: its name, seconds to wait before each answer, number of answers.
"""

import asyncio
import os
import sys

import nonebot

adapter, domain, app_id, secret, port, path = sys.argv[1:]
bot = {"app_id": app_id, "app_secret": secret, "verification_token": "t", "api_base": domain, "protocol": "ws"}
nonebot.init(
    _env_file=None,
    driver="~fastapi+~aiohttp" if adapter == "existing" else "~fastapi",
    host="127.0.0.1",
    port=int(port),
    feishu_bots=[bot],
    log_level="ERROR",
)

if adapter == "ours":
    from nonebot_adapter_feishu_ws import Adapter
else:
    from nonebot.adapters.feishu import Adapter

nonebot.get_driver().register_adapter(Adapter)
file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
echo = nonebot.on_message()


@echo.handle()
async def _(event: nonebot.adapters.Event):
    name, pause, answers = event.get_plaintext().split()
    os.write(file, f"B {name}\n".encode())
    for number in range(int(answers)):
        await asyncio.sleep(float(pause))
        await echo.send(f"{name}.{number}")
    os.write(file, f"E {name}\n".encode())


nonebot.run()
