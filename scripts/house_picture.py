"""Draws the picture of the architecture page, one for each language: ``python scripts/house_picture.py``.

The rooms are the package's own; ``tests/docs/test_site.py`` compares them with what is on the disk.
"""

from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
LAYERS = (
    (
        "management doctor parked record create sandbox compat",
        "entry points, loaded on demand",
        "各种入口，按需加载",
    ),
    ("adapter", "composition and lifecycle", "组装与生命周期"),
    ("intake backfill lifecycle", "processing of incoming events", "处理收到的事件"),
    (
        "bot dialog sending media stream permission rule params matcher models testing",
        "what plugins call",
        "供插件调用",
    ),
    (
        "transport server api",
        "I/O with Feishu: the long connection, the webhook, REST",
        "与飞书通信：长连接、Webhook、REST",
    ),
    ("store", "state that survives a restart", "重启后保留的状态"),
    ("message event card", "pure models, no I/O", "纯数据模型，不做 I/O"),
    ("config codes net exception logs utils", "the foundations", "基础模块"),
)
"""Modules of a layer, and what it is for in English and Chinese; the uppermost first."""
COLOURS = ("#e8f0ff", "#dbe7ff", "#fff3da", "#e6f7e9", "#ffe7df", "#f1ebff", "#eef1f5", "#e3e6ea")
ROUTES = (
    ("#3370ff", ("an event", "事件"), "transport intake bot"),
    ("#d9480f", ("a reply", "回复"), "bot sending api"),
)
"""Colour, name, and the rooms on the way: of an event from Feishu to a plugin, of an answer back."""
WORDS = {"en": ("Feishu", "your plugin"), "zh": ("飞书", "你的插件")}
WIDTH, LEFT, TOP, HEIGHT, CHIP = 900, 60, 90, 66, 26


def width_of(text: str, size: float = 7.9) -> float:
    """About how wide a text is."""
    return sum(size if ord(character) < 0x2E80 else size * 1.8 for character in text)


def chip(text: str, x: float, y: float, colour: str = "#c9cdd4") -> tuple[float, str]:
    """A room at a place; returns its right edge as well."""
    width = width_of(text) + 20
    box = f'<rect x="{x}" y="{y}" width="{width:.0f}" height="{CHIP}" rx="13" fill="#fff" stroke="{colour}"/>'
    return x + width, f'{box}<text x="{x + width / 2:.0f}" y="{y + 17}" text-anchor="middle">{escape(text)}</text>'


def storeys(number: int) -> list[str]:
    """The house: what it is for at the left, its rooms at the right."""
    parts: list[str] = []
    for level, ((rooms, *says), colour) in enumerate(zip(LAYERS, COLOURS, strict=True)):
        y = TOP + HEIGHT * level
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{WIDTH - 2 * LEFT}" height="{HEIGHT - 4}" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 14}" y="{y + 23}">{len(LAYERS) - level}. {escape(says[number])}</text>')
        x = LEFT + 14.0
        for room in rooms.split():
            x, drawn = chip(room, x, y + 31)
            parts.append(drawn)
            x += 6
    return parts


def routes(language: str, number: int, top: float) -> list[str]:
    """The ways through the house, one below the other."""
    parts: list[str] = []
    ends = WORDS[language]
    for row, (colour, words, rooms) in enumerate(ROUTES):
        y = top + 42 * row
        stops = [*ends[row:], *ends[:row]]
        stops[1:1] = rooms.split()
        parts.append(f'<text x="{LEFT + 14}" y="{y + 17}" fill="{colour}" font-weight="600">{words[number]}</text>')
        x = LEFT + 110.0
        for place, stop in enumerate(stops):
            if place:
                parts.append(f'<path d="M{x + 6} {y + 13}h30m-7 -5l7 5l-7 5" stroke="{colour}" fill="none"/>')
                x += 46
            x, drawn = chip(stop, x, y, colour)
            parts.append(drawn)
    return parts


def draw(language: str) -> str:
    """The house as SVG."""
    number = [*WORDS].index(language)
    ground = TOP + HEIGHT * len(LAYERS)
    height = ground + 110
    size = f'width="{WIDTH}" height="{height}"'
    style = "font-family:system-ui,'Noto Sans CJK SC',sans-serif;font-size:14px"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {size} style="{style}">',
            f'<rect {size} rx="8" fill="#fff"/>',
            f'<polygon points="{LEFT - 24},{TOP - 4} {WIDTH / 2},12 {WIDTH - LEFT + 24},{TOP - 4}" fill="#3370ff"/>',
            f'<text x="{WIDTH / 2}" y="64" text-anchor="middle" fill="#fff">nonebot_adapter_feishu_ws</text>',
            *storeys(number),
            *routes(language, number, ground + 20),
            "</svg>",
            "",
        ]
    )


def main() -> None:
    """Write both pictures."""
    for language in WORDS:
        (IMAGES / f"house-{language}.svg").write_text(draw(language), "utf-8")


if __name__ == "__main__":
    main()
