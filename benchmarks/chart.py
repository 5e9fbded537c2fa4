"""Draws the table of docs/performance.md as docs/images/performance.svg: ``python benchmarks/chart.py``."""

from html import escape

from processes import PAGE

SHOWN = (
    "event to ack p50, ms",
    "event to reply p50, ms",
    "burst: CPU per 1,000 echoes, s",
    "burst: echoes per second",
    "burst: acks per second",
    "RSS after the first echo",
    "ack p99 while a plugin sleeps",
    "ack p99 while a plugin computes",
)
COLOURS = ("#3370ff", "#7aa2ff", "#8f959e", "#a3a9b1", "#b3b8bf", "#c9cdd4", "#d6dade", "#dfe2e6", "#eceef0")
WIDTH, LABEL, BAR, GAP = 900, 240, 18, 44
FIGURES = " / ", "lowest"
"""What the heads of columns contain that are not candidates."""


def read_table() -> tuple[list[str], dict[str, list[float]]]:
    section = PAGE.read_text("utf-8").partition("<!-- compare: begin -->")[2]
    table = [line for line in section.partition("\n\n")[0].splitlines() if line.startswith("|")]
    head = [cell.strip() for cell in table[0].split("|")[2:-1]]
    names = [name for name in head if not any(word in name for word in FIGURES)]
    rows: dict[str, list[float]] = {}
    for line in table[2:]:
        title, *cells = [cell.strip() for cell in line.split("|")[1:-1]]
        rows[title] = [float(cell.replace(",", "").replace("-", "nan")) for cell in cells[: len(names)]]
    return names, rows


def draw(names: list[str], rows: dict[str, list[float]]) -> str:
    parts: list[str] = []
    y = 20
    for title in (title for shown in SHOWN for title in rows if title.startswith(shown)):
        values = rows[title]
        longest = max(value for value in values if value == value)
        parts.append(f'<text x="10" y="{y}" font-weight="600">{escape(title)}</text>')
        for name, value, colour in zip(names, values, COLOURS, strict=False):
            if value != value:
                continue
            y += BAR + 4
            width = max(1.0, (WIDTH - LABEL - 110) * value / longest)
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
    image = PAGE.parent / "images" / "performance.svg"
    image.parent.mkdir(exist_ok=True)
    image.write_text(draw(*read_table()), "utf-8")


if __name__ == "__main__":
    main()
