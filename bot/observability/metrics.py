"""The numbers of /metrics: counters and histograms as things happen, gauges read when they are asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.database.statistics import Load
    from engines.pool import PoolState

_SECONDS: Final = (0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560)  # of waits and paintings
_CALL_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """All numbers of one bot, in a registry of its own."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._now_s = monotonic_s
        self._heard_at_s: float | None = None
        ProcessCollector(registry=self.registry)
        self.jobs_accepted = self._counter("jobs_accepted", "Jobs taken into the line.", "kind", "model")
        self.jobs_ended = self._counter(
            "jobs_ended", "Jobs that are over: done, failed (with a code) or cancelled.", "kind", "status", "code"
        )
        self.job_wait = self._histogram("job_wait_seconds", "From acceptance to the start of the last run.", _SECONDS)
        self.job_run = self._histogram("job_run_seconds", "From the start of the last run to the result.", _SECONDS)
        self.calls = self._counter("telegram_calls", "Requests to the Bot API by outcome.", "method", "outcome")
        self.call_time = self._histogram("telegram_call_seconds", "Time of a request.", _CALL_SECONDS)
        self.update_time = self._histogram("update_seconds", "Time to handle an update.", _CALL_SECONDS, "type")
        self._queued = self._gauge("jobs_queued", "Jobs in line.")
        self._running = self._gauge("jobs_running", "Jobs being painted.")
        self._oldest_wait = self._gauge("oldest_wait_seconds", "How long the oldest job in line has waited; 0: none.")
        self._maintenance = self._gauge("maintenance", "1 while nothing new is taken.")
        self._memory = self._gauge("device_memory_bytes", "Weights in a device's memory.", "device")
        self._budget = self._gauge("device_budget_bytes", "Memory that weights may take.", "device")
        self._tasks = self._gauge("device_tasks", "Tasks at a device, running or waiting.", "device", "state")

    def heard_from_telegram(self) -> None:
        """Telegram has answered a request."""
        self._heard_at_s = self._now_s()

    @property
    def silence_s(self) -> float | None:
        """Seconds since Telegram's last answer; None before the first."""
        return None if self._heard_at_s is None else self._now_s() - self._heard_at_s

    def exposition(self, load: Load, pool: PoolState, *, maintenance_is_on: bool) -> bytes:
        """Everything in Prometheus' text format, with the gauges as they are given."""
        self._queued.set(load.queued)
        self._running.set(load.running)
        self._oldest_wait.set(load.oldest_wait_s or 0.0)
        self._maintenance.set(maintenance_is_on)
        for device in pool.devices:
            self._memory.labels(device.name).set(sum(resident.bytes for resident in device.residents))
            self._budget.labels(device.name).set(device.budget_bytes)
            self._tasks.labels(device.name, "running").set(device.running)
            self._tasks.labels(device.name, "waiting").set(device.waiting)
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"kandinsky_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"kandinsky_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"kandinsky_{name}", text, labels, buckets=buckets, registry=self.registry)
