"""The one training loop: learning-rate schedule, averaging of weights, checkpoints, log."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, distributed, nn

M = TypeVar("M", bound=nn.Module)

Losses = dict[str, Tensor]
AGREE_EVERY = 10  # steps between two averagings of the workers' weights


class Average:
    """Exponential moving average of a module's parameters; young averages forget faster."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.values = {name: p.detach().clone().float() for name, p in module.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        live = [p for p in module.parameters() if p.requires_grad]
        torch._foreach_lerp_(list(self.values.values()), [p.detach().float() for p in live], 1 - decay)

    @torch.no_grad()
    def copy_to(self, module: nn.Module) -> None:
        for name, parameter in module.named_parameters():
            if name in self.values:
                parameter.copy_(self.values[name])


def learning_rate(step: int, steps: int, peak: float, warmup: int = 100) -> float:
    """Linear warm-up, flat, and a linear descent to 2 % of the peak over the last 30 % of the run."""
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * min(1.0, max(0.02, (steps - step) / (0.3 * steps)))


def worker() -> int:
    """The number of this worker; 0 when there is only one."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def workers() -> int:
    """How many workers train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


@torch.no_grad()
def agree(parameters: list[nn.Parameter], stop: bool) -> bool:
    """Average the parameters of all workers in place; true if any of them wants to stop."""
    if not distributed.is_initialized():
        return stop
    flat = torch.cat([p.flatten() for p in parameters] + [torch.tensor([float(stop)])])
    distributed.all_reduce(flat)
    start = 0
    for parameter in parameters:
        count = parameter.numel()
        parameter.copy_(flat[start : start + count].view_as(parameter) / distributed.get_world_size())
        start += count
    return bool(flat[-1] > 0)


def _groups(module: nn.Module, rates: dict[str, float]) -> list[dict[str, Any]]:
    """Parameter groups of the optimiser, one for each factor of the learning rate."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            factor = next((rates[start] for start in rates if name.startswith(start)), 1.0)
            groups.setdefault(factor, []).append(parameter)
    return [{"params": parameters, "factor": factor} for factor, parameters in groups.items()]


def _resume(optimiser: torch.optim.Optimizer, state: dict[str, Any] | None) -> None:
    """Load the optimiser's moments; the factors of the learning rate are those of this run.

    Restored weights have no moments.
    """
    if state is None:
        return
    factors = [group["factor"] for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, factor in zip(optimiser.param_groups, factors, strict=True):
        group["factor"] = factor


def restored(module: M, folder: Path) -> M:
    """The module with the averaged weights of the checkpoint in `folder`, where it has such, ready to be used."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    module.load_state_dict(state["module"])
    module.load_state_dict(state["average"] or {}, strict=False)
    return module.eval()


class Settings(Protocol):
    """What the settings of every recipe say of its run."""

    @property
    def steps(self) -> int: ...

    @property
    def learning_rate(self) -> float:
        """The highest."""

    @property
    def ema(self) -> float | None:
        """Share of the moving average that a step keeps; None for no average."""


def run(
    module: nn.Module,
    losses: Callable[[int, float], Losses],
    settings: Settings,
    folder: Path,
    *,
    rates: dict[str, float] | None = None,
    weight_decay: float = 0.01,
    every: int = 50,
    save_every: int = 250,
    stop_at: float | None = None,
    now: Callable[[], float] = time.time,
) -> Average | None:
    """Minimise `losses(step, share)["loss"]` over the module's parameters, resuming from `folder` where it can.

    `share` is how much of the run is over, in [0, 1]. `stop_at` (seconds of the clock `now`) turns the step count into
    a wall-clock budget: `share` is then counted in time, and the run ends when it is due. `rates` maps the beginnings
    of parameter names to factors of the learning rate. Logs one JSON line every `every` steps.

    Several workers (processes of one thread) each take their own steps and average their weights every AGREE_EVERY
    steps: on a busy machine that wastes far less than threads that wait for each other at every operator.
    The moving average sees the agreed weights only.
    """
    steps, peak = settings.steps, settings.learning_rate
    folder.mkdir(parents=True, exist_ok=True)
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups = _groups(module, rates or {})
    optimiser = torch.optim.AdamW(groups, lr=peak, weight_decay=weight_decay, betas=(0.9, 0.98), fused=True)
    step, seconds = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    state = None
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        module.load_state_dict(state["module"])
        _resume(optimiser, state["optimiser"])
        step, seconds = state["step"], state["seconds"]
    average = Average(module, settings.ema**AGREE_EVERY) if settings.ema else None
    if average and state and state["average"]:
        average.values, average.updates = state["average"], state["updates"]
    began = now()
    start, logged, stop = step, step, False
    sums: dict[str, float] = {}
    while not stop and (stop_at or step < steps):
        share, rate = step / steps, learning_rate(step, steps, peak)
        if stop_at:
            share = min(1.0, (now() - began) / max(1.0, stop_at - began))
            rate = min(learning_rate(int(1000 * share), 1000, peak, warmup=0), peak * (step + 1) / 100)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        values = losses(step, share)
        optimiser.zero_grad(set_to_none=True)
        values["loss"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        step += 1
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        if step % AGREE_EVERY == 0 or step == steps:
            stop = agree(parameters, stop_at is not None and now() >= stop_at)
            if average:
                average.update(module)
        if worker():
            continue
        if step % every == 0:
            line = {name: round(value / (step - logged), 5) for name, value in sums.items()}
            line |= {"step": step, "seconds": round(seconds + now() - began, 1), "rate": round(rate, 7)}
            with (folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            sums, logged = {}, step
        if step % save_every == 0 or ((stop or step == steps) and step > start):
            partial = checkpoint.with_suffix(".tmp")
            torch.save(
                {
                    "module": module.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "average": average.values if average else None,
                    "updates": average.updates if average else 0,
                    "step": step,
                    "seconds": seconds + now() - began,
                },
                partial,
            )
            partial.replace(checkpoint)
    return average
