"""What /metrics tells of live connections."""

from collections import Counter as Count
from collections.abc import Iterator

from prometheus_client import Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fastlane import Engine
from fastlane.stats import FLUSH_SIZES

connects_refused = Counter("crosstalk_connects_refused", "CONNECT packets refused by a bound of their user", ["bound"])
dropped = Counter("crosstalk_dropped", "Refused commands that asked for no ack")


class TransportMetrics(Collector):
    """The engine's own counts, read when they are asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        engine, stats = self._engine, self._engine.stats
        sessions = list(engine.sockets.values())
        connections = GaugeMetricFamily("crosstalk_connections", "Live connections", labels=["transport", "path"])
        counts = Count((session.transport, session.path) for session in sessions)
        for transport in ("polling", "websocket"):
            for path in {engine.path} | {path for _, path in counts}:
                connections.add_metric([transport, path], counts[transport, path])
        yield connections
        waiting = sum(session.waiting_bytes for session in sessions)
        yield GaugeMetricFamily("crosstalk_queue_bytes", "Bytes that wait for clients", value=waiting)
        cuts = CounterMetricFamily("crosstalk_cuts", "Sessions that the server ended", labels=["reason"])
        for reason, number in sorted(stats.cuts.items()):
            cuts.add_metric([reason], number)
        yield cuts
        unread = CounterMetricFamily("crosstalk_unread_packets", "Packets refused without being parsed", labels=["reason"])
        for reason, number in sorted(stats.unread.items()):
            unread.add_metric([reason], number)
        yield unread
        refusals = CounterMetricFamily(
            "crosstalk_refusals", "Requests for live connections that were refused", labels=["reason"]
        )
        for reason, number in sorted(stats.refusals.items()):
            refusals.add_metric([reason], number)
        yield refusals
        yield CounterMetricFamily("crosstalk_deliveries", "Events handed to sessions", value=stats.deliveries)
        if engine.loop is not None:
            lag = engine.loop.lag_s
            yield GaugeMetricFamily("crosstalk_loop_lag_seconds", "How late the loop was the last time it looked", value=lag)
            yield self._flushes()

    def _flushes(self) -> Metric:
        stats = self._engine.stats
        buckets, total = [], 0
        for power in range(FLUSH_SIZES):
            total += stats.flushes[power]
            buckets.append(("+Inf" if power == FLUSH_SIZES - 1 else str(float(2**power)), float(total)))
        flushes = HistogramMetricFamily("crosstalk_flush_frames", "Frames in one write of the loop")
        flushes.add_metric([], buckets, sum_value=stats.frames)
        return flushes
