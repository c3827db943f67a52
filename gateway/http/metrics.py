"""Counts turns and what they take, for Prometheus. A listener like any other; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

from core.events import (
    ReferenceDone,
    Terminal,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    TurnStopped,
)

_SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)


class TurnMetrics:
    """What turns come to. One object for all turns; `tell` takes every turn's events."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register under `moa_…`."""
        self._running = Gauge("moa_turns_running", "Turns at work now", registry=registry)
        self._turns = Counter(
            "moa_turns", "Turns by how they ended", ["preset", "ending"], registry=registry
        )
        self._advice = Counter(
            "moa_references", "References by outcome", ["label", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "moa_turn_seconds", "Seconds of a turn", buckets=_SECONDS, registry=registry
        )
        self._dollars = Counter(
            "moa_dollars", "Dollars whose price is known", ["preset"], registry=registry
        )

    def tell(self, event: TurnEvent) -> None:
        """Count one event."""
        match event:
            case TurnStarted():
                self._running.inc()
            case ReferenceDone(advice=advice):
                self._advice.labels(advice.label, advice.outcome).inc()
            case TurnFinished():
                self._ended("finished", event)
            case TurnStopped():
                self._ended("stopped", event)
            case TurnFailed():
                self._ended("failed", event)
            case _:
                pass

    def _ended(self, ending: str, event: Terminal) -> None:
        self._running.dec()
        result = event.result
        self._turns.labels(result.preset, ending).inc()
        self._seconds.observe(result.seconds)
        self._dollars.labels(result.preset).inc(float(result.dollars))


def count_pages(registry: CollectorRegistry, pages: Callable[[], int]) -> None:
    """Add how many pages of the web chat are open."""
    gauge = Gauge("moa_pages_open", "Pages of the web chat that are open", registry=registry)
    gauge.set_function(pages)


class NotLetIn:
    """Collects whose platform does not let them in, when somebody looks."""

    def __init__(self, refused: Callable[[], Collection[str]]) -> None:
        """`refused` names the accounts."""
        self._refused = refused

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give one gauge, with a sample for each."""
        text = "Chats that their platform does not let in: token, scope, intent; the log says which"
        gauge = GaugeMetricFamily("moa_chat_refused", text, labels=["chat"])
        for name in self._refused():
            gauge.add_metric([name], 1)
        yield gauge


class LeftAlone:
    """Collects who failed too often to be asked now, when somebody looks."""

    def __init__(self, left_alone: Callable[[], Mapping[str, float]]) -> None:
        """`left_alone` names them, each with the seconds that are left."""
        self._left_alone = left_alone

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give one gauge, with a sample for each."""
        text = "Seconds for which a provider or a model is left alone, because it kept failing"
        gauge = GaugeMetricFamily("moa_left_alone_seconds", text, labels=["label"])
        for label, seconds in self._left_alone().items():
            gauge.add_metric([label], seconds)
        yield gauge
