"""Figures about a room for a monitoring system: no party, no digest, no id is in any of them."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

METRICS_TYPE: Final = CONTENT_TYPE_LATEST

_METHODS: Final = {"DELETE", "GET", "PATCH", "POST", "PUT"}
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The figures of one room. A route is its template, never the address that was asked for."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "overlap_room_requests", "Requests answered.", labels, registry=self._registry
        )
        self._seconds = Histogram(
            "overlap_room_request_seconds",
            "Seconds from a request to its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._bytes = Counter(
            "overlap_room_body_bytes", "Bytes of bodies.", ("direction",), registry=self._registry
        )
        self._gauges = {
            name: Gauge(f"overlap_room_{name}", text, registry=self._registry)
            for name, text in (
                ("parties", "Registered cards."),
                ("messages", "Messages that wait."),
                ("message_bytes", "Bytes of messages that wait."),
                ("open_shares", "Shares that have not ended."),
                ("ends_waiting", "Ended shares whose half waits for a second time source."),
                ("disk_bytes", "Bytes that the room's files have, or announced messages will have."),
                ("disk_limit_bytes", "Bytes from which on nothing new is taken."),
            )
        }

    def answered(
        self, method: str, route: str, status: int, seconds: float, received: int, sent: int
    ) -> None:
        """Count one request."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        self._bytes.labels("in").inc(received)
        self._bytes.labels("out").inc(sent)

    def text(self, **levels: int) -> bytes:
        """All figures in the text format, after setting the levels: parties, messages and so on."""
        for name, value in levels.items():
            self._gauges[name].set(value)
        return generate_latest(self._registry)
