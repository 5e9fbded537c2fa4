"""The tables that ``compare.py`` prints: rows, ratios, spread, and which targets are met."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from measure import FLOOR, medians

Rounds = dict[str, list[dict[str, float]]]
Medians = Mapping[str, Mapping[str, float]]
NOW, NOW_MEMORY, BEFORE, BEFORE_MEMORY = "now", "now, memory://", "before", "before, memory://"
EXISTING, SDK = "existing (~aiohttp)", "SDK, sync handler"
RATIOS = (BEFORE, EXISTING, SDK)
NOTHING = float("nan")

ROWS = {
    "start to connected, s": "start",
    "import of `Adapter, Bot, MessageEvent` after NoneBot, ms": "import",
    "RSS when connected, MB": "rss",
    "RSS after the first echo, MB": "rss_first",
    "RSS after 50,000 events, MB": "rss_after",
    "first echo, ms": "first",
    "first echo / the median echo": "first_ratio",
    "event to ack p50, ms": "ack_p50",
    "event to ack p99, ms": "ack_p99",
    "event to reply p50, ms": "reply_p50",
    "event to reply p99, ms": "reply_p99",
    "event to reply p50 while other processes use both cores, ms": "busy_p50",
    "event to ack p99 while other processes use both cores, ms": "busy_ack_p99",
    "CPU per 1,000 echoes at 20/s, s": "cpu_rate",
    "CPU per 1,000 echoes at 20/s, times NoneBot alone": "floor_rate",
    "burst: CPU per 1,000 echoes, s": "cpu_burst",
    "burst: CPU per 1,000 echoes, times NoneBot alone": "floor_burst",
    "burst: echoes per second": "echoes",
    "burst: answered within the limit": "answered",
    "burst: refused": "refused",
    "burst of 20,000: refused": "big_refused",
    "burst: acks per second, the plugin does nothing": "acks",
    "ack p99 while a plugin sleeps 2 s per event, ms": "sleep_p99",
    "ack p99 while a plugin computes 2 s per event, ms": "compute_p99",
    "50 bots at 100/s: event to ack p50, ms": "many_p50",
    "50 bots at 100/s: event to ack p99, ms": "many_p99",
    "500 bots: start to connected, s": "start_500",
    "500 bots: RSS, MB": "rss_500",
    "500 bots: idle CPU, %": "idle_500",
    "500 bots: memory of one more, KB": "kb_500",
    "1,000 bots: start to connected, s": "start_1000",
    "1,000 bots: RSS, MB": "rss_1000",
    "1,000 bots: idle CPU, %": "idle_1000",
    "1,000 bots: memory of one more, KB": "kb_1000",
    "CPU of the gateway per 1,000 echoes, s": "gateway",
}
WHOLE = ("rss", "echoes", "answered", "refused", "big_refused", "acks", "import", "kb_500", "kb_1000")


def summarize(rounds: Rounds) -> dict[str, dict[str, float]]:
    """Medians of each candidate, with its CPU in multiples of NoneBot alone."""
    summary = {name: medians(each) for name, each in rounds.items()}
    floor = summary.get(FLOOR.name, {})
    for figures in summary.values():
        for how in ("rate", "burst"):
            if f"cpu_{how}" in figures and f"cpu_{how}" in floor:
                figures[f"floor_{how}"] = figures[f"cpu_{how}"] / floor[f"cpu_{how}"]
    return summary


def number(key: str, value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:,.{0 if key in WHOLE or key.startswith('rss') else 2}f}"


def ratio(figures: Medians, key: str, above: str, below: str) -> float:
    """Of two candidates' medians of one row; NaN where one was not measured."""
    below_figure = figures.get(below, {}).get(key)
    return figures.get(above, {}).get(key, NOTHING) / below_figure if below_figure else NOTHING


def make_table(rounds: Rounds) -> str:
    """Medians of all candidates, what now is of the others, and how far now's rounds lie apart."""
    figures = summarize(rounds)
    names = list(figures)
    ratios = [name for name in RATIOS if NOW in names and name in names]
    head = ["", *names, *(f"now / {name}" for name in ratios), f"{NOW}, lowest to highest"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for title, key in ROWS.items():
        cells = [number(key, figures[name].get(key)) for name in names]
        if set(cells) == {"-"}:
            continue
        cells += [number("", ratio(figures, key, NOW, name)) for name in ratios]
        cells.append(spread(key, rounds.get(NOW, [])))
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def spread(key: str, rounds: list[dict[str, float]]) -> str:
    values = [each[key] for each in rounds if each.get(key, NOTHING) == each.get(key)]
    return f"{number(key, min(values))} to {number(key, max(values))}" if values else "-"


@dataclass(frozen=True)
class Target:
    """A figure that is wanted, and how it comes out of the medians."""

    number: int
    what: str
    figure: Callable[[Medians], float]
    limit: float
    at_most: bool = True

    def row(self, figures: Medians) -> str | None:
        value = self.figure(figures)
        if value != value:
            return None
        met = value <= self.limit if self.at_most else value >= self.limit
        bound = f"{'at most' if self.at_most else 'at least'} {self.limit:g}"
        return f"| {self.number} | {self.what} | {bound} | {value:.2f} | {'yes' if met else '**no**'} |"


def of(key: str, below: str, above: str = NOW) -> Callable[[Medians], float]:
    return lambda figures: ratio(figures, key, above, below)


def own(key: str, name: str = NOW) -> Callable[[Medians], float]:
    return lambda figures: figures.get(name, {}).get(key, NOTHING)


def busy_cores(rounds: Rounds) -> str:
    """What the table of faults says of busy cores; empty when it was not measured."""
    figures = summarize(rounds)
    ack, times = own("busy_ack_p99")(figures), of("busy_p50", EXISTING)(figures)
    if ack != ack or times != times:
        return ""
    return f"acks p99 after {ack:.0f} ms; replies p50 after {times:.2f} times the existing adapter's"


def of_best_peer(figures: Medians) -> float:
    peers = [ratio(figures, "echoes", NOW, name) for name in (EXISTING, SDK)]
    return min((value for value in peers if value == value), default=NOTHING)


def of_half(figures: Medians) -> float:
    now = figures.get(NOW, {})
    return now.get("start_1000", NOTHING) / now.get("start_500", NOTHING)


TARGETS = (
    Target(1, "burst: CPU per echo / before", of("cpu_burst", BEFORE), 0.6),
    Target(1, "burst: CPU per echo / existing", of("cpu_burst", EXISTING), 0.5),
    Target(1, "burst: echoes per second / before", of("echoes", BEFORE), 1.6, at_most=False),
    Target(1, "burst: echoes per second / the best peer", of_best_peer, 1.7, at_most=False),
    Target(2, "reply p50 at 20/s / existing", of("reply_p50", EXISTING), 0.6),
    Target(2, "reply p50 at 20/s / SDK, sync", of("reply_p50", SDK), 0.95),
    Target(2, "reply p50 with busy cores / existing", of("busy_p50", EXISTING), 1.0),
    Target(2, "ack p50 at 20/s / existing", of("ack_p50", EXISTING), 1.0),
    Target(2, "50 bots: ack p50 / existing", of("many_p50", EXISTING), 1.2),
    Target(2, "50 bots: ack p99 / existing", of("many_p99", EXISTING), 2.0),
    Target(3, "import after NoneBot / before", of("import", BEFORE), 0.4),
    Target(3, "start to connected / existing", of("start", EXISTING), 0.9),
    Target(3, "first echo / the median echo", own("first_ratio"), 2.0),
    Target(4, "RSS after the first echo / existing", of("rss_first", EXISTING), 1.0),
    Target(4, "500 bots: RSS / existing", of("rss_500", EXISTING), 1.0),
    Target(4, "500 bots: idle CPU / existing", of("idle_500", EXISTING), 1.0),
    Target(4, "1,000 bots: time to connected / of 500", of_half, 2.0),
    Target(4, "1,000 bots: KB a bot", own("kb_1000"), 30),
    Target(4, "1,000 bots: idle CPU, %", own("idle_1000"), 1.0),
    Target(5, "acks/s, memory:// / SDK, sync", of("acks", SDK, NOW_MEMORY), 1.2, at_most=False),
    Target(5, "acks/s, SQLite / SDK, sync", of("acks", SDK), 0.8, at_most=False),
    Target(5, "burst of 20,000 with memory://: refused", own("big_refused", NOW_MEMORY), 0),
    Target(6, "MB more after 50,000 events than when connected", own("rss_grown"), 10),
)


def make_targets(rounds: Rounds) -> str:
    """Each target whose figures were measured, and whether it is met."""
    figures = summarize(rounds)
    rows = [row for target in TARGETS if (row := target.row(figures))]
    return "\n".join(["| target, by group | | wanted | measured | met |", "|---:|---|---|---:|---|", *rows])
