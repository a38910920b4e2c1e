"""Which engine serves which kind, for a profile and a directory of weights.

Light: nothing heavy is imported before `open`, which the pool calls in a device's thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engines import checkpoints, errors, sizes, tasks

if TYPE_CHECKING:
    from engines import devices, engine

MINI_WEIGHTS = Path(__file__).parent / "mini" / "weights"
# A second task fills the batch while the first is encoded or decoded; more only pays on a card with room for them.
TASKS_PER_DEVICE = {sizes.Profile.MINI: 2, sizes.Profile.KANDINSKY3: 4}
# Threads of one operation on a CPU; None is torch's choice. The miniature networks are so small that a second thread
# gains nothing on an idle machine, and on a busy one its waiting cost 25 times the step (measured on 2 cores).
CPU_THREADS: Mapping[sizes.Profile, int | None] = {sizes.Profile.MINI: 1, sizes.Profile.KANDINSKY3: None}
# Every profile has both networks of Kandinsky 3; Kandinsky 2.2 is there where its prior and its decoder are.
_ALWAYS = (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH)
_KANDINSKY_22_FILES = ("kandinsky22_prior/prior/config.json", "kandinsky22_decoder/unet/config.json")


@dataclass(frozen=True, slots=True)
class ProfileCatalog:
    """The engines of a profile; `weights` is a directory in one of the layouts of `checkpoints`.

    `encoder_bits` of a number of the text encoder: 16, 4, or None, which is 4 on cards that do not hold it in 16.
    """

    profile: sizes.Profile
    weights: Path
    encoder_bits: int | None = None

    @classmethod
    def of(cls, profile: str, weights: Path | None = None, encoder_bits: int | None = None) -> ProfileCatalog:
        """The catalog of a profile by name; `mini` brings its own weights. Raises InvalidTask, CheckpointMissing."""
        if profile not in list(sizes.Profile):
            raise errors.InvalidTask(f"no profile {profile!r}; there are {', '.join(sizes.Profile)}")
        chosen = sizes.Profile(profile)
        if weights is None and chosen is not sizes.Profile.MINI:
            raise errors.CheckpointMissing(f"the profile {profile} needs a directory with its weights")
        return cls(chosen, weights or MINI_WEIGHTS, encoder_bits)

    @property
    def sizes(self) -> Mapping[tasks.AspectRatio, sizes.Size]:
        return sizes.SIZES[self.profile]

    @property
    def models(self) -> tuple[tasks.Model, ...]:
        """The networks that can be chosen here, the usual one first. Looks for files, opens none."""
        roots = (self.weights, self.weights / "weights")
        try:
            has_22 = any(all((root / name).is_file() for name in _KANDINSKY_22_FILES) for root in roots)
        except OSError:  # a folder that must not be looked into: opening it will say so
            has_22 = False
        return (*_ALWAYS, tasks.Model.KANDINSKY_22) if has_22 else _ALWAYS

    @property
    def tasks_per_device(self) -> int:
        return TASKS_PER_DEVICE[self.profile]

    @property
    def cpu_threads(self) -> int | None:
        return CPU_THREADS[self.profile]

    def open(self, device: devices.Device) -> engine.Station:
        """The engines on a device, weights found and not yet loaded. Imports torch. Raises CheckpointError."""
        from engines import devices
        from engines.kandinsky3 import station

        if not isinstance(device, devices.CPU | devices.CUDA):
            raise errors.DeviceMissing(f"{device.name} is not a device of torch")
        layout = checkpoints.Layout.at(self.weights)
        return station.Kandinsky3Station(layout, device, self.profile, self.encoder_bits)
