"""``python -m nonebot_adapter_feishu_ws.create``: a command that makes an app by a scan and writes it into ``.env``."""
