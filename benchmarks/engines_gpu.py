"""The networks at real size on a card: seconds a picture, memory, and how near they come to the card's own limit.

    python -m benchmarks engines_gpu

U-Net and MoVQ of the published sizes with random weights in bfloat16; nothing is downloaded. Base and Flash pictures
are sampled by the engines' sampler, and base pictures by the stock `Kandinsky3Pipeline` beside it, in the same run,
with as many steps. The limit is what the card reaches in the same run in multiplying large matrices; the arithmetic
of a picture is counted on meta tensors. The text encoder takes no part: a prompt is 128 random rows on both sides.
Without a card the report says so.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks import report

if TYPE_CHECKING:
    import torch

    from engines.kandinsky3 import movq, unet

COLUMNS: Final = (
    "picture", "side px", "seconds", "TFLOP", "% of the card's rate", "peak GiB", "stock pipeline s", "stock / ours",
    "stock peak GiB",
)  # fmt: skip
ROWS: Final = 128  # of a prompt's context
GUIDANCE: Final = 3.0
GIB: Final = 2**30
MATRIX_SIDE: Final = 8192


@dataclass(frozen=True, slots=True)
class Scale:
    """What is measured; `network` and `autoencoder` None are the published sizes."""

    sides_px: tuple[int, ...]
    steps: int
    repeats: int
    matrix_side: int = MATRIX_SIDE
    rows: int = ROWS
    network: unet.UNetConfig | None = None
    autoencoder: movq.MoVQConfig | None = None


FULL: Final = Scale(sides_px=(1024, 768, 512), steps=50, repeats=3)
QUICK: Final = Scale(sides_px=(512,), steps=2, repeats=1)


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of a picture, the median of several, and the most memory that the device had in use meanwhile."""

    seconds: float
    peak_bytes: int


def run(quick: bool) -> report.Report:
    """Measure on the first card, or say that there is none."""
    import torch

    if not torch.cuda.is_available():
        nothing: list[str | int | float] = ["no GPU was found", 0, *["-"] * (len(COLUMNS) - 2)]
        return _report([nothing], ["No GPU was found on this machine: nothing was measured."])
    device = torch.device("cuda", 0)
    scale = QUICK if quick else FULL
    found, rate = rows(scale, device, torch.bfloat16)
    card = torch.cuda.get_device_name(device)
    notes = [
        f"{card}, bfloat16, random weights, batch 1, {scale.steps} steps of the base, four of Flash.",
        f"The card's rate: {rate / 1e12:.0f} TFLOP/s with matrices of {scale.matrix_side} a side, in the same run.",
        "Text encoder and previews are left out on both sides; the stock pipeline has no Flash.",
    ]
    return _report(found, notes)


def _report(found: Sequence[Sequence[report.Cell]], notes: Sequence[str]) -> report.Report:
    return report.Report("Real size on a card: base, Flash and the stock pipeline", COLUMNS, found, notes=notes)


def rows(scale: Scale, device: torch.device, dtype: torch.dtype) -> tuple[list[tuple[report.Cell, ...]], float]:
    """Rows of the table, and the device's rate in FLOP/s. A device without a card's counters reports no memory."""
    from engines.kandinsky3 import movq, sampler, unet

    rate = matrix_rate(scale.matrix_side, device, dtype)
    sizes = scale.network or unet.UNetConfig()
    autoencoder = _made(lambda: movq.MoVQ(scale.autoencoder or movq.MoVQConfig()), device, dtype)
    network = _made(lambda: unet.Network(sizes), device, dtype)
    plans: dict[str, tuple[sampler.Step, ...]] = {
        "base": sampler.base_plan(scale.steps, GUIDANCE),
        "Flash": tuple(sampler.Direct(step.t, sampler.Variant.BASE) for step in sampler.flash_plan()),
    }
    ours: dict[tuple[str, int], tuple[Timed, int]] = {}
    for side_px in scale.sides_px:
        forward, decode = forward_flop(network, scale.rows, side_px), decode_flop(autoencoder, side_px)
        for name, plan in plans.items():
            forwards = sum(2 if isinstance(step, sampler.Guided) else 1 for step in plan)
            paint = functools.partial(_paint, network, autoencoder, plan, side_px, scale.rows)
            ours[name, side_px] = timed(paint, scale.repeats, device), forwards * forward + decode
    del network, paint  # the stock pipeline has the card to itself
    stock = _stock_pipeline(sizes, autoencoder, device, dtype)
    theirs: dict[tuple[str, int], Timed] = {}
    for side_px in scale.sides_px:
        paint = functools.partial(_paint_stock, stock, sizes, scale, side_px, device, dtype)
        theirs["base", side_px] = timed(paint, scale.repeats, device)
    return [_row(*key, *found, rate, theirs.get(key)) for key, found in ours.items()], rate


def _row(name: str, side_px: int, ours: Timed, flop: int, rate: float, stock: Timed | None) -> tuple[report.Cell, ...]:
    share = 100 * flop / (ours.seconds * rate)
    own = (name, side_px, ours.seconds, flop / 1e12, share, ours.peak_bytes / GIB)
    if stock is None:
        return (*own, "-", "-", "-")
    return (*own, stock.seconds, stock.seconds / ours.seconds, stock.peak_bytes / GIB)


def matrix_rate(side: int, device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of multiplying two square matrices: the arithmetic limit that the device really has."""
    import torch

    one, two = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    torch.matmul(one, two)
    _wait(device)
    repeats, began_s = 20, time.perf_counter()
    for _ in range(repeats):
        torch.matmul(one, two)
    _wait(device)
    return repeats * 2 * side**3 / (time.perf_counter() - began_s)


def forward_flop(network: unet.Network, context_rows: int, side_px: int) -> int:
    """FLOP of one row of one forward pass, counted on meta tensors (2 a multiplication with its addition)."""
    import torch

    from engines.kandinsky3 import movq, unet

    with _on_meta():
        twin = unet.Network(network.config)
        rows = torch.zeros(context_rows, network.config.context_dim)
        context = unet.Context(rows, torch.ones(context_rows, dtype=torch.bool))
        side = side_px // movq.FACTOR
        return _counted(lambda: twin(torch.zeros(1, network.config.num_channels, side, side), [500], [context]))


def decode_flop(autoencoder: movq.MoVQ, side_px: int) -> int:
    """FLOP of decoding one picture, counted on meta tensors."""
    import torch

    from engines.kandinsky3 import movq

    with _on_meta():
        twin = movq.MoVQ(autoencoder.config)
        side = side_px // movq.FACTOR
        return _counted(lambda: twin.decode(torch.zeros(1, autoencoder.config.z_channels, side, side)))


def timed(paint: Callable[[], object], repeats: int, device: torch.device) -> Timed:
    """The median time of a picture after one that nobody counts."""
    import torch

    paint()
    _wait(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    seconds = []
    for _ in range(repeats):
        began_s = time.perf_counter()
        paint()
        _wait(device)
        seconds.append(time.perf_counter() - began_s)
    peak_bytes = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return Timed(statistics.median(seconds), peak_bytes)


def _paint(network: unet.Network, autoencoder: movq.MoVQ, plan: tuple[Any, ...], side_px: int, rows: int) -> object:
    """One picture by the engines' sampler."""
    import torch

    from engines.kandinsky3 import movq, noise, sampler, unet

    context = unet.Context(
        torch.randn(rows, network.config.context_dim, device=network.device),
        torch.ones(rows, dtype=torch.bool, device=network.device),
    )
    side = side_px // movq.FACTOR
    prompts = {sampler.Variant.BASE: sampler.Prompt(context)}
    state = sampler.begin(plan, prompts, noise.Seeded(0, 0), (4, side, side), network.device)
    while not state.done:
        (state,) = sampler.advance([state], network)
    with torch.inference_mode():
        return autoencoder.decode(state.latents.unsqueeze(0))


def _stock_pipeline(sizes: unet.UNetConfig, autoencoder: movq.MoVQ, device: torch.device, dtype: torch.dtype) -> Any:
    """The stock pipeline around a stock U-Net of these sizes and the same MoVQ."""
    from diffusers import DDPMScheduler, Kandinsky3Pipeline, Kandinsky3UNet

    stock = _made(
        lambda: Kandinsky3UNet(
            in_channels=sizes.num_channels,
            time_embedding_dim=sizes.time_embed_dim,
            groups=sizes.groups,
            attention_head_dim=sizes.head_dim,
            layers_per_block=sizes.num_blocks[0],
            block_out_channels=sizes.widths,
            cross_attention_dim=sizes.context_dim,
            encoder_hid_dim=sizes.context_dim,
        ),
        device,
        dtype,
    )
    steps = DDPMScheduler(beta_schedule="squaredcos_cap_v2", timestep_spacing="leading", steps_offset=1)
    pipeline = Kandinsky3Pipeline(
        tokenizer=None, text_encoder=None, unet=stock, scheduler=steps, movq=autoencoder.model
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _paint_stock(
    pipeline: Any, sizes: unet.UNetConfig, scale: Scale, side_px: int, device: torch.device, dtype: torch.dtype
) -> object:
    """One picture by the stock pipeline."""
    import torch

    said = torch.randn(1, scale.rows, sizes.context_dim, device=device, dtype=dtype)
    seen = torch.ones(1, scale.rows, dtype=torch.long, device=device)
    return pipeline(
        prompt_embeds=said,
        negative_prompt_embeds=torch.zeros_like(said),
        attention_mask=seen,
        negative_attention_mask=seen,
        num_inference_steps=scale.steps,
        guidance_scale=GUIDANCE,
        height=side_px,
        width=side_px,
        output_type="pt",
    ).images


def _made(build: Callable[[], Any], device: torch.device, dtype: torch.dtype) -> Any:
    """A module with the random weights that it begins with, made on the device in its dtype: never twice in memory."""
    import torch

    from engines import bridges

    bridges.install()
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            module = build()
    finally:
        torch.set_default_dtype(before)
    return module.requires_grad_(False).eval()


@contextmanager
def _on_meta() -> Iterator[None]:
    import torch

    with torch.device("meta"), torch.inference_mode():
        yield


def _counted(work: Callable[[], object]) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter:
        work()
    return int(counter.get_total_flops())


def _wait(device: torch.device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
