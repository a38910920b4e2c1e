"""What style transfer needs beside a tiny family: random control networks and an edge detector."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.torch
import torch

from engines import checkpoints
from engines.golden import Fixture
from engines.kandinsky3 import golden_control, hed
from tests import tiny_weights

DETECTOR = hed.HEDConfig(widths=(4, 6), depths=(1, 1))


def write(root: Path) -> None:
    """Add the hint U-Net (only what differs from the base), both side networks and the detector."""
    hints = Fixture.open(tiny_weights.FIXTURES / "hint_unet.safetensors")
    whole = golden_control.hint_tensors(hints)
    changed = {name: tensor for name, tensor in whole.items() if ".input_hint_block." in name}
    safetensors.torch.save_file(changed, root / "kandinsky3_edges.safetensors")
    side = checkpoints.below("controlnet.", hints.beside("controlnet").tensors)
    config = {"config": json.dumps(hints.beside("unet").config)}
    for stem in ("kandinsky3_depth", "kandinsky3_scribble"):
        safetensors.torch.save_file(side, root / f"{stem}.safetensors", metadata=config)
    torch.manual_seed(5)
    sizes = {"config": json.dumps({"widths": DETECTOR.widths, "depths": DETECTOR.depths})}
    safetensors.torch.save_file(hed.HED(DETECTOR).state_dict(), root / "hed.safetensors", metadata=sizes)
