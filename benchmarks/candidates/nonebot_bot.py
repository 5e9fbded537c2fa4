"""A NoneBot with one plugin that echoes, does nothing, or blocks first: ``ADAPTER DRIVER DOMAIN PORT STORE BOTS``."""

import sys
import time

import nonebot

adapter, driver, domain, port, store, count = sys.argv[1:]
common = {"app_secret": "benchmark-secret", "verification_token": "t", "api_base": domain, "protocol": "ws"}
bots = [{"app_id": f"cli_{number:016x}", **common} for number in range(int(count))]
more = {} if store == "-" else {"feishu_store": store}
nonebot.init(
    _env_file=None, driver=driver, host="127.0.0.1", port=int(port), feishu_bots=bots, command_start=["/", ""], **more
)

if adapter == "ours":
    from nonebot_adapter_feishu_ws import Adapter
else:
    from nonebot.adapters.feishu import Adapter

nonebot.get_driver().register_adapter(Adapter)
# One plain handler, so that the adapters are compared and not NoneBot's command rules (which cost 0.7 ms each).
echo = nonebot.on_message()


@echo.handle()
async def _(event: nonebot.adapters.Event):
    word, _, rest = event.get_plaintext().partition(" ")
    if word == "noop":
        return
    if word == "sleep":
        time.sleep(2)
    elif word == "compute":
        compute(2)
    await echo.finish(rest)


def compute(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(1000))


nonebot.run()
