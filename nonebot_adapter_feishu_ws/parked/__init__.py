"""``python -m nonebot_adapter_feishu_ws.parked``: a command for operators about dead letters."""
