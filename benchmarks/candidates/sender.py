"""Many sends from 200 tasks through an adapter: ``ADAPTER DOMAIN APP SECRET COUNT CHAT...``; prints JSON."""

import asyncio
import json
import sys
import time
from collections import Counter

import nonebot

adapter_name, domain, app_id, secret, count, *chats = sys.argv[1:]
bot_config = {"app_id": app_id, "app_secret": secret, "verification_token": "t", "api_base": domain, "protocol": "http"}
nonebot.init(
    _env_file=None,
    driver="~fastapi+~httpx",
    feishu_bots=[bot_config],
    feishu_store="memory://",
    log_level="CRITICAL",
)

if adapter_name == "ours":
    from nonebot_adapter_feishu_ws import Adapter
else:
    from nonebot.adapters.feishu import Adapter

driver = nonebot.get_driver()
driver.register_adapter(Adapter)


async def main() -> None:
    await driver._lifespan.startup()
    while not nonebot.get_bots():
        await asyncio.sleep(0.05)
    bot = nonebot.get_bot()
    numbers = iter(range(int(count)))
    called: dict[str, list[str]] = {chat: [] for chat in chats}
    errors: Counter[str] = Counter()
    refused_inside = 0

    async def work() -> None:
        nonlocal refused_inside
        for number in numbers:
            chat = chats[number % len(chats)]
            called[chat].append(str(number))
            try:
                answer = await bot.send_msg("chat_id", chat, json.dumps({"text": str(number)}), "text")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                errors[type(error).__name__] += 1
            else:
                refused_inside += answer["code"] != 0

    begin = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(200)))
    seconds = time.perf_counter() - begin
    print(json.dumps({"called": called, "errors": errors, "silent": refused_inside, "seconds": seconds}))
    await driver._lifespan.shutdown()


asyncio.run(main())
