"""Two gaps between pinned packages, closed before anything imports torchvision.

1. torchvision 0.28.0 registers shape functions for its compiled operators `nms` and `qnms` when it is imported. Beside
   a CPU-only torch 2.13.0 its compiled part does not load, the operators have no schema, and the import fails
   (transformers, diffusers and gfpgan all import torchvision). Declaring the two schemas lets the import pass; the
   operators stay without an implementation, and nothing here calls them.
2. gfpgan 1.3.8 imports `torchvision.transforms.functional_tensor`, which torchvision removed in 0.17, for one function.

Call `install()` first in every module that imports torchvision, transformers, diffusers or gfpgan. It may be called
again and from any thread.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_OPERATORS = ("nms", "qnms")
_SHIM = "torchvision.transforms.functional_tensor"

_lock = threading.Lock()
_library: torch.library.Library | None = None  # schemas live as long as the object that declared them


def install() -> None:
    """Make `import torchvision` and `import gfpgan` possible; does nothing where they already are."""
    with _lock:
        _declare_operators()
        _offer_functional_tensor()


def _declare_operators() -> None:
    global _library
    import torch

    if _library is not None or "torchvision" in sys.modules or _compiled_part_loads():
        return
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in _OPERATORS:
        if not hasattr(torch.ops.torchvision, name):
            library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]
    _library = library


def _compiled_part_loads() -> bool:
    """Whether torchvision's own operators are there. Declaring them beside a part that loads later would abort it."""
    import torch

    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    for library in sorted(Path(spec.origin).parent.glob("_C*.so")) + sorted(Path(spec.origin).parent.glob("_C*.pyd")):
        try:
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
        except OSError:
            continue
        return True
    return False


def _offer_functional_tensor() -> None:
    if _SHIM in sys.modules:
        return

    def rgb_to_grayscale(img: torch.Tensor, num_output_channels: int = 1) -> torch.Tensor:
        """Weighted sum of the channels of [..., 3, H, W]; [..., num_output_channels, H, W]."""
        from torchvision.transforms import functional

        grey: torch.Tensor = functional.rgb_to_grayscale(img, num_output_channels)
        return grey

    shim = types.ModuleType(_SHIM, "The one function that gfpgan needs of a module that torchvision removed.")
    shim.rgb_to_grayscale = rgb_to_grayscale  # type: ignore[attr-defined]
    sys.modules[_SHIM] = shim
