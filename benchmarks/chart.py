"""Draws the table of docs/performance.md as docs/images/performance.svg: ``python benchmarks/chart.py``."""

from html import escape
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
SHOWN = (
    "event to ack p50",
    "event to reply p50",
    "burst: echoes per second",
    "RSS when connected",
    "ack p99 while a plugin sleeps",
    "ack p99 while a plugin computes",
)
COLOURS = ("#3370ff", "#8f959e", "#b3b8bf", "#c9cdd4", "#dfe2e6")
WIDTH, LABEL, BAR, GAP = 900, 240, 18, 44


def read_table() -> tuple[list[str], dict[str, list[float]]]:
    lines = [line for line in (DOCS / "performance.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    start = next(number for number, line in enumerate(lines) if "ours (" in line)
    names = [cell.strip() for cell in lines[start].split("|")[2:-2]]
    rows: dict[str, list[float]] = {}
    for line in lines[start + 1 :]:
        title, *cells = [cell.strip() for cell in line.split("|")[1:-2]]
        if len(cells) == len(names):
            rows[title] = [float(cell.replace(",", "")) for cell in cells]
    return names, rows


def draw(names: list[str], rows: dict[str, list[float]]) -> str:
    parts: list[str] = []
    y = 20
    for title in (title for shown in SHOWN for title in rows if title.startswith(shown)):
        values = rows[title]
        longest = max(value for value in values if value == value)
        parts.append(f'<text x="10" y="{y}" font-weight="600">{escape(title)}</text>')
        for name, value, colour in zip(names, values, COLOURS, strict=True):
            y += BAR + 4
            width = max(1.0, (WIDTH - LABEL - 110) * value / longest) if value == value else 0
            parts.append(f'<text x="{LABEL - 8}" y="{y}" text-anchor="end">{escape(name)}</text>')
            parts.append(
                f'<rect x="{LABEL}" y="{y - BAR + 5}" width="{width:.1f}" height="{BAR}" rx="3" fill="{colour}"/>'
            )
            parts.append(f'<text x="{LABEL + width + 6:.1f}" y="{y}">{value:,.2f}</text>')
        y += GAP
    style = "font-family:system-ui,sans-serif;font-size:13px;fill:#1f2329"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}">'
    background = f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>'
    return "\n".join([head, background, f'<g style="{style}">', *parts, "</g>", "</svg>", ""])


def main() -> None:
    (DOCS / "images").mkdir(exist_ok=True)
    (DOCS / "images" / "performance.svg").write_text(draw(*read_table()), "utf-8")


if __name__ == "__main__":
    main()
