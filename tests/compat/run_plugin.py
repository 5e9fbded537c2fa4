"""A bot with one plugin file: ``run_plugin.py ADAPTER PLUGIN DOMAIN APP SECRET PORT``."""

import os
import sys
from pathlib import Path

import nonebot

if "WITHOUT_EXISTING" in os.environ:
    import without_existing

    without_existing.hide()

module, plugin, domain, app_id, secret, port = sys.argv[1:]
bot = {"app_id": app_id, "app_secret": secret, "verification_token": "t", "api_base": domain, "protocol": "ws"}
nonebot.init(
    _env_file=None,
    driver="~fastapi+~httpx+~websockets",
    host="127.0.0.1",
    port=int(port),
    feishu_bots=[bot],
    feishu_store="memory://",
    command_start=["/"],
    log_level="INFO",
)
adapter = __import__(module, fromlist=["Adapter"]).Adapter
nonebot.get_driver().register_adapter(adapter)
sys.path.insert(0, str(Path(plugin).parent))
nonebot.load_plugin(Path(plugin).stem)
nonebot.run()
