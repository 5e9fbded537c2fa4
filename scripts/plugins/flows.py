"""What a person says to each plugin, and what must be answered; one row of the docs' table each."""

from dataclasses import dataclass, field

IMAGE = r"\[image \d+x\d+\]"
"""How an image is heard, with its size in pixels."""
SILENCE = ""
"""No answer is waited for."""
Words = tuple[str, str]
"""In English and Chinese."""


@dataclass(frozen=True)
class Flow:
    """A plugin, and a conversation in a private chat.

    Attributes:
        name: the plugin's package without ``nonebot-plugin-``.
        version: its release.
        bridge: the way it takes to Feishu.
        talk: what is said, and a pattern of what must be answered to it.
        answers: the answers in words.
        uses: a file beside this one that uses the plugin, where it has no commands of its own.
        group: talk in a group, where the bot is mentioned.
        again: say a command again when the answer is another one, since what it needs is written after an event.
        env: its settings; ``{user}``, ``{model}`` and ``{chromium}`` are filled in.
        also: another plugin that is loaded with it.
        note: what the plugin itself cannot do here.
    """

    name: str
    version: str
    bridge: str
    talk: tuple[tuple[str, str], ...]
    answers: Words
    uses: str = ""
    group: bool = False
    again: bool = False
    also: str = ""
    env: dict[str, str] = field(default_factory=dict)
    note: Words = ("", "")


NONE, ALCONNA, BOTH = "", "alconna", "alconna, uninfo"
CHROMIUM = {
    "RENDER_BACKEND": "playwright",
    "RENDER_PLAYWRIGHT__EXECUTABLE_PATH": "{chromium}",
    "RENDER_PLAYWRIGHT__LAUNCH_ARGS": "--no-sandbox",
    "RENDER_PLAYWRIGHT__SKIP_BROWSER_INSTALL": "true",
}
FLOWS = (
    Flow(
        "status",
        "0.9.0",
        NONE,
        (("/status", r"CPU: \d+%[\s\S]*Memory: "),),
        ("CPU, memory, time of running", "CPU、内存、运行时间"),
        env={"SERVER_STATUS_ONLY_SUPERUSERS": "false"},
    ),
    Flow(
        "treehelp",
        "0.5.0",
        ALCONNA,
        (("/help", "命令别名 # "), ("/help 命令别名", "alias")),
        ("the plugins that Feishu has; one plugin's usage", "支持飞书的插件；某个插件的用法"),
        also="alias",
    ),
    Flow("roll", "0.2.3", NONE, (("/roll 3d6", r"点数为【\d+】|消失了"),), ("the throw", "点数")),
    Flow(
        "picmenu-next",
        "0.5.0",
        ALCONNA,
        (("/help", IMAGE), ("/help 1", IMAGE)),
        ("a picture of all plugins; one of a plugin", "全部插件的图片；单个插件的图片"),
        env=CHROMIUM,
    ),
    Flow(
        "limiter",
        "0.6.0",
        BOTH,
        (("/draw", "you drew a card"), ("/draw", "once a minute")),
        ("the first time the answer, the second time the refusal", "第一次回答，第二次拒绝"),
        "use_limiter.py",
    ),
    Flow(
        "access-control",
        "1.2.4",
        "session",
        (
            ("/ac subject", "feishu:{user}"),
            ("/roll d6", "骰子"),
            ("/ac permission deny --sbj feishu:{user} --srv nonebot_plugin_roll", "禁用|denied|成功|拒绝"),
            ("/roll d6", "你没有权限执行该指令"),
        ),
        ("who one is; then one may not roll any more", "自己是哪些主体；之后不能再掷骰"),
        also="roll",
        env={
            "ACCESS_CONTROL_AUTO_PATCH_ENABLED": "true",
            "ACCESS_CONTROL_REPLY_ON_PERMISSION_DENIED_ENABLED": "true",
        },
    ),
    Flow(
        "chatrecorder",
        "0.7.0",
        "uninfo, chatrecorder",
        (
            ("/hello", "hello yourself"),
            ("/records", r"message: /hello\nmessage_sent: hello yourself\nof nonebot_adapter_feishu_ws"),
        ),
        ("what both have said", "双方说过的话"),
        "use_chatrecorder.py",
        again=True,
    ),
    Flow(
        "wordcloud",
        "0.11.1",
        "alconna, uninfo, chatrecorder",
        (("今天 天气 很好", SILENCE), ("我们 一起 去 公园 散步", SILENCE), ("/今日词云", IMAGE)),
        ("a picture of the words", "词云图"),
        group=True,
        again=True,
    ),
    Flow(
        "permission",
        "0.3.1",
        BOTH,
        (("/anybody", "anybody may"), ("/trusted", "Permission denied: bot.trusted")),
        ("one command is allowed, the other refused", "一条命令允许，一条拒绝"),
        "use_permission.py",
    ),
    Flow(
        "user",
        "0.6.1",
        BOTH,
        (("/user", "平台名：Feishu\n平台 ID：{user}"), ("/user -l Han", "用户名修改成功"), ("/user", "用户名：Han")),
        ("platform, id and name; the name changed", "平台、ID、用户名；修改用户名"),
    ),
    Flow(
        "minesweeper",
        "0.4.2",
        BOTH,
        (("/扫雷", IMAGE), ("/挖开 A1", IMAGE)),
        ("the board, twice", "棋盘，两次"),
    ),
    Flow(
        "memes",
        "0.8.1",
        BOTH,
        (("/5000兆 我去 洛天依", IMAGE),),
        ("a picture of these words", "这些字的图片"),
        env={"MEMES_CHECK_RESOURCES_ON_STARTUP": "false", "MEMES_COMMAND_PREFIXES": '["/"]'},
    ),
    Flow(
        "batarot",
        "0.3.0",
        "saa",
        (("/塔罗牌", rf"塔罗牌名称[\s\S]*{IMAGE}"),),
        ("a card's meaning and picture", "一张牌的含义与图片"),
    ),
    Flow(
        "deepseek",
        "0.2.1",
        BOTH,
        (("/deepseek what is the capital of France?", "^the model has read: what is the capital of France\\?$"),),
        ("the model's answer, after reactions", "先回应表情，再给出模型的回答"),
        env={
            "DEEPSEEK__API_KEY": "sk-of-nobody",
            "DEEPSEEK__ENABLE_MODELS": '[{"name": "deepseek-chat", "base_url": "{model}"}]',
        },
    ),
    Flow(
        "apscheduler",
        "0.5.0",
        NONE,
        (("/remind", "I will"), ("", "time is up")),
        ("at once, and by a job later", "立即回答，稍后由任务再说一次"),
        "use_apscheduler.py",
    ),
    Flow(
        "localstore",
        "0.7.4",
        NONE,
        (("/note buy milk", "noted"), ("/note", "noted before: buy milk")),
        ("what a file has kept", "文件里保存的内容"),
        "use_localstore.py",
    ),
    Flow(
        "orm",
        "0.8.4",
        NONE,
        (("/point", "points: 1"), ("/point", "points: 2")),
        ("a count from the database", "数据库里的计数"),
        "use_orm.py",
        env={"ALEMBIC_STARTUP_CHECK": "false"},
    ),
    Flow(
        "datastore",
        "1.3.1",
        NONE,
        (("/visit", "visits: 1"), ("/visit", "visits: 2")),
        ("a count from the database", "数据库里的计数"),
        "use_datastore.py",
    ),
    Flow(
        "waiter",
        "0.8.1",
        NONE,
        (("/meet", "what is your name?"), ("Han Meimei", "hello Han Meimei")),
        ("a question, and what was answered to it", "提问，再用上对方的回答"),
        "use_waiter.py",
    ),
    Flow(
        "wordle",
        "0.4.5",
        BOTH,
        (("/wordle", IMAGE), ("about", IMAGE), ("/结束", "游戏已结束")),
        ("the board, a guess, the end", "棋盘、猜一次、结束"),
    ),
    Flow(
        "handle",
        "0.4.4",
        BOTH,
        (("/猜成语", IMAGE), ("一心一意", IMAGE), ("/结束", "游戏已结束")),
        ("the board, a guess, the end", "棋盘、猜一次、结束"),
    ),
    Flow(
        "alias",
        "0.4.0",
        ALCONNA,
        (("/alias throw=/roll", "成功添加别名：throw='/roll'"),),
        ("an alias was added", "添加了别名"),
        note=(
            "The alias then does not run: 0.4.0 inserts its words again at each `get_message()`, which the line in the "
            "log calls first.",
            "别名之后无法执行：0.4.0 每次调用 `get_message()` 都会再插入一遍内容，而日志行已先调用过一次。",
        ),
    ),
)
