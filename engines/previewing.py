"""When a preview is worth its time: each task now and then, and a device only a small share of its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_AFTER_A_FAILURE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """A task is shown at most every `interval_s`, first after that time; all previews together take at most `share`.

    The share of a device's time counts after each preview: the next one waits until it is paid for.
    """

    interval_s: float = 1.5
    share: float = 0.05


@dataclass(slots=True)
class Pace:
    """The rate kept on one device. Moments are seconds of one clock; tasks are known by any key."""

    rate: Rate
    _shown_at_s: dict[object, float] = field(default_factory=dict)
    _free_at_s: float = float("-inf")

    def begin(self, key: object, now_s: float) -> None:
        """A task has begun."""
        self._shown_at_s[key] = now_s

    def end(self, key: object) -> None:
        """A task has ended; unknown ones too."""
        self._shown_at_s.pop(key, None)

    def is_due(self, key: object, now_s: float) -> bool:
        """A preview of this task may be made now."""
        began_s = self._shown_at_s.get(key)
        return began_s is not None and now_s >= self._free_at_s and now_s - began_s >= self.rate.interval_s

    def shown(self, keys: list[object], began_s: float, now_s: float) -> None:
        """Previews of these tasks were made together between two moments."""
        for key in keys:
            self._shown_at_s[key] = now_s
        self._free_at_s = now_s + (now_s - began_s) * (1 / self.rate.share - 1)

    def failed(self, now_s: float) -> None:
        """No preview could be made: a fault that may come again must not cost anybody's time."""
        self._free_at_s = now_s + _AFTER_A_FAILURE_S
