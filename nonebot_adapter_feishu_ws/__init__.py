"""Feishu/Lark adapter for NoneBot2: one long connection per bot, no public domain needed.

Quick start::

    # .env
    FEISHU_BOTS='[{"app_id": "cli_...", "app_secret": "..."}]'

    # bot.py
    import nonebot
    from nonebot_adapter_feishu_ws import Adapter

    nonebot.init()
    nonebot.get_driver().register_adapter(Adapter)
    nonebot.load_builtin_plugins("echo")
    nonebot.run()
"""
