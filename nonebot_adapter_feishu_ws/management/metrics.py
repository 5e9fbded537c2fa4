"""``GET /feishu/metrics``: the figures of all bots as Prometheus text, read at request time."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from ..store import StoreView
from ..transport.status import ConnectionState, ConnectionStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Counts = Mapping[tuple[str, str, str], int]
"""(app id, transport, outcome) -> deliveries."""
Load = Callable[[str], tuple[int, int]]
"""App id -> running handlers, waiting events."""


def render_metrics(statuses: Iterable[ConnectionStatus], counts: Counts, load: Load, store: StoreView) -> bytes:
    """The metrics of these bots; ``counts`` has deliveries by app id, transport and outcome, of all bots."""
    registry = CollectorRegistry()
    registry.register(_Collector(list(statuses), dict(counts), load, store))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, statuses: list[ConnectionStatus], counts: Counts, load: Load, store: StoreView) -> None:
        self._statuses = statuses
        self._counts = counts
        self._load = load
        self._store = store

    @override
    def collect(self) -> Iterator[Metric]:
        yield self._gauge("feishu_bot_connected", "1 while the long connection is open and the server answers", _up)
        yield self._states()
        yield self._gauge("feishu_bot_failed_attempts", "Failed attempts to connect in a row", lambda s: s.attempts)
        for name, help_, read in _TIMES:
            yield self._gauge(name, help_, read)
        yield self._gauge("feishu_bot_handlers_running", "Events whose handlers run", lambda s: self._load(s.bot_id)[0])
        yield self._gauge("feishu_bot_events_waiting", "Events that wait for a slot", lambda s: self._load(s.bot_id)[1])
        yield self._deliveries()
        up = GaugeMetricFamily("feishu_store_up", "1 while events are written to the store")
        up.add_metric([], float(self._store.status.ok))
        yield up
        for name, help_, field in _INBOX:
            yield self._gauge(name, help_, lambda s, field=field: self._in_inbox(s.bot_id, field))

    def _gauge(self, name: str, help_: str, read: Callable[[ConnectionStatus], float | None]) -> Metric:
        family = GaugeMetricFamily(name, help_, labels=["bot_id"])
        for status in self._statuses:
            if (value := read(status)) is not None:
                family.add_metric([status.bot_id], value)
        return family

    def _in_inbox(self, bot_id: str, field: str) -> float | None:
        count = self._store.inbox.get(bot_id)
        return None if count is None else float(getattr(count, field))

    def _states(self) -> Metric:
        family = GaugeMetricFamily("feishu_bot_state", "1 for the state that it is in", labels=["bot_id", "state"])
        for status in self._statuses:
            for state in ConnectionState:
                family.add_metric([status.bot_id, state.value], float(status.state is state))
        return family

    def _deliveries(self) -> Metric:
        family = CounterMetricFamily(
            "feishu_deliveries", "Deliveries from Feishu by outcome", labels=["bot_id", "transport", "outcome"]
        )
        seen = {status.bot_id for status in self._statuses}
        for labels, count in self._counts.items():
            if labels[0] in seen:
                family.add_metric(list(labels), count)
        return family


def _up(status: ConnectionStatus) -> float:
    return float(status.state is ConnectionState.CONNECTED)


def _timestamp(field: str) -> Callable[[ConnectionStatus], float | None]:
    def read(status: ConnectionStatus) -> float | None:
        time = getattr(status, field)
        return None if time is None else time.timestamp()

    return read


_TIMES = (
    ("feishu_bot_connected_timestamp_seconds", "Since when the socket is open", _timestamp("connected_at")),
    ("feishu_bot_last_heartbeat_timestamp_seconds", "Last proof of life of the server", _timestamp("last_heartbeat")),
    ("feishu_bot_last_event_timestamp_seconds", "When the last event arrived", _timestamp("last_event_at")),
)
_INBOX = (
    ("feishu_inbox_waiting", "Events in the store that nobody handles yet, of all processes", "waiting"),
    ("feishu_inbox_parked", "Events in the store that were given up because they killed their process", "dead_letters"),
)
