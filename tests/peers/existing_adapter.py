"""The existing NoneBot adapter with an echo plugin: ``existing_adapter.py DOMAIN APP SECRET DRIVER PORT``."""

import sys

import nonebot

domain, app_id, secret, driver, port = sys.argv[1:]
bot = {"app_id": app_id, "app_secret": secret, "verification_token": "t", "api_base": domain, "protocol": "ws"}
nonebot.init(
    _env_file=None,
    driver=driver,
    host="127.0.0.1",
    port=int(port),
    feishu_bots=[bot],
    command_start=["/", ""],
    log_level="INFO",
)

from nonebot.adapters.feishu import Adapter  # noqa: E402

nonebot.get_driver().register_adapter(Adapter)
nonebot.load_builtin_plugins("echo")
nonebot.run()
