"""What must happen before diffusers or transformers is imported."""

import torch

from engines import bridges


def prepare(threads: int = 2) -> None:
    """Close the gaps between pinned packages and settle the number of threads."""
    bridges.install()
    torch.set_num_threads(threads)
