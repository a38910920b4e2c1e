"""Golden files of other sizes than those of the official code, computed in float64 by stock classes.

Weights, inputs and noise come from a seed. The loops are written out here from the fact sheet, not taken from the
engines; of the engines' numbers only the schedules serve, which have a golden file of their own.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
import transformers
from diffusers.models.autoencoders.vq_model import VQModel
from diffusers.models.unets.unet_kandinsky3 import Kandinsky3UNet
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor, nn
from torch.nn import functional

from engines.kandinsky3 import keymaps, schedule
from engines.kandinsky3.control import hint_block
from engines.kandinsky3.super_resolution import network as super_resolution

UNET = {
    "model_channels": 24,
    "init_channels": 12,
    "num_channels": 4,
    "out_channels": 4,
    "time_embed_dim": 20,
    "context_dim": 16,
    "groups": 3,
    "head_dim": 4,
    "expansion_ratio": 4,
    "compression_ratio": 2,
    "dim_mult": [1, 1, 2, 3],
    "num_blocks": [2, 2, 2, 2],
    "add_cross_attention": [False, True, True, True],
    "add_self_attention": [False, True, True, True],
}
MOVQ = {"ch": 32, "ch_mult": [1, 1, 1, 1], "num_res_blocks": 1, "attn_resolutions": [16], "resolution": 128}
T5 = {"d_model": 12, "d_ff": 20, "d_kv": 6, "num_heads": 2, "num_layers": 1, "vocab_size": 50}
SUPER = {
    "model_channels": 8,
    "init_channels": 12,
    "num_channels": 3,
    "time_embed_dim": 16,
    "groups": 4,
    "dim_mult": [1, 2],
    "num_resnet_blocks": [2, 3],
}
SHAPE = (3, 4, 16, 8)  # of latents: three pictures, upright
LENGTHS = (7, 3, 5)  # tokens of each
ROWS = 8
Eps = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True, slots=True)
class Told:
    """Context rows [b, n, d] and their masks [b, n]."""

    rows: Tensor
    mask: Tensor


class Writer:
    """Writes the files of one seed into a directory."""

    def __init__(self, root: Path, seed: int) -> None:
        self._root = root
        self._generator = torch.Generator().manual_seed(seed)
        self.unet = self._filled(_unet(4))
        self.unet9 = _unet(9)
        state = self.unet.state_dict()
        state |= {name: t for name, t in self._filled(_unet(9)).state_dict().items() if name.startswith("conv_in.")}
        self.unet9.load_state_dict(state)
        self.null_embedding = self.noise(UNET["context_dim"])
        self.movq = self._filled(_movq())
        self.t5 = self._filled(transformers.T5EncoderModel(transformers.T5Config(**_t5_config())).double().eval())
        self.projection = self._filled(
            nn.Sequential(
                nn.Linear(T5["d_model"], UNET["context_dim"], bias=False), nn.LayerNorm(UNET["context_dim"])
            ).double()
        )
        self.hints = self._filled(hint_block.HintBlock(UNET["init_channels"]).double())
        self.told = self._contexts()

    def noise(self, *shape: int) -> Tensor:
        """Numbers that float32 holds exactly."""
        return torch.randn(*shape, generator=self._generator).double()

    def write(self) -> None:
        with torch.no_grad():
            self._write_unet()
            self._write_movq()
            self._write_base_loop()
            self._write_flash()
            self._write_inpainting()
            self._write_hints()
            self._write_super_resolution()
            self._save("t5_condition", self._words() | self._sentences(), _t5_config() | {"tokens_length": ROWS})

    def _filled(self, module: Any) -> Any:
        for name, weight in module.named_parameters():
            drawn = self.noise(*weight.shape)
            if weight.ndim > 1:
                value = drawn / (weight.numel() / weight.shape[0]) ** 0.5
            else:
                value = (name.endswith("weight") + 0.1 * drawn.clamp(-1, 1)).float().double()
            weight.data = value.float().double()
            weight.requires_grad_(False)
        return module

    def _save(self, stem: str, tensors: dict[str, Tensor], config: dict[str, Any]) -> None:
        stored = {name: (t.float() if t.is_floating_point() else t).clone().contiguous() for name, t in tensors.items()}
        safetensors.torch.save_file(stored, self._root / f"{stem}.safetensors", metadata={"config": json.dumps(config)})

    def _contexts(self) -> Told:
        mask = torch.stack([torch.arange(ROWS) < n for n in LENGTHS])
        return Told(self.noise(len(LENGTHS), ROWS, UNET["context_dim"]) * mask.unsqueeze(-1), mask)

    def eps(self, told: Told, network: Any = None, extra: Tensor | None = None) -> Eps:
        def predicted(x: Tensor, t: int) -> Tensor:
            seen = x if extra is None else torch.cat([x, extra], dim=1)
            return _run(network or self.unet, seen, torch.full((len(x),), float(t)), told)

        return predicted

    def guided(self, said: Told, unsaid: Told | None, guidance: float, **how: Any) -> Eps:
        if unsaid is None:
            rows, mask = torch.zeros_like(said.rows), torch.zeros_like(said.mask)
            rows[:, 0], mask[:, 0] = self.null_embedding, True
            unsaid = Told(rows, mask)
        with_prompt, without = self.eps(said, **how), self.eps(unsaid, **how)
        return lambda x, t: (guidance + 1) * with_prompt(x, t) - guidance * without(x, t)

    def base_loop(self, case: str, eps: Eps, steps: int, quantile: float, eta: float, shape: Any) -> dict[str, Tensor]:
        """The base sampler, written out."""
        cosine = schedule.cosine()
        alphas = cosine.alphas_cumprod.double()
        times = schedule.base_times(steps)
        x = self.noise(*shape)
        found = {f"{case}.noise.0": x, f"{case}.times": torch.tensor(times)}
        for i, (t, previous) in enumerate(zip(times, (*times[1:], 0), strict=True)):
            a, b, sigma = alphas[t], alphas[previous], cosine.sigma(t, previous, eta).double()
            x0 = (x - (1 - a).sqrt() * eps(x, t)) / a.sqrt()
            s = torch.quantile(x0.abs().flatten(1), quantile, dim=1).clamp(min=1).reshape(-1, 1, 1, 1)
            x0 = x0.clamp(-s, s) / s
            drawn = self.noise(*shape)
            x = b.sqrt() * x0 + (1 - b - sigma**2).clamp(min=0).sqrt() * (x - a.sqrt() * x0) / (1 - a).sqrt()
            x = x if previous == 0 else x + sigma * drawn
            found |= {f"{case}.noise.{i + 1}": drawn, f"{case}.step.{i}": x}
        return found | {f"{case}.out": x}

    def direct_loop(
        self, case: str, times: Sequence[int], x0: Callable[[Tensor, int], Tensor], x: Tensor, first: int
    ) -> dict[str, Tensor]:
        """Noise afresh and predict, as Flash, the refiner and the super-resolution do."""
        rule = schedule.linear() if case == "flash_x3" else schedule.cosine()
        found = {f"{case}.noise.0": x} if first else {f"{case}.in_latent": x}
        for i, t in enumerate(times):
            drawn, a = self.noise(*x.shape), rule.alphas_cumprod[t].double()
            x = x0(a.sqrt() * x + (1 - a).sqrt() * drawn, t)
            found |= {f"{case}.noise.{i + first}": drawn, f"{case}.step.{i}": x}
        return found | {f"{case}.out": x}

    def _write_unet(self) -> None:
        told, time = self.told, torch.tensor([3.0, 500.0, 998.0], dtype=torch.float64)
        x4, x9 = self.noise(*SHAPE), self.noise(SHAPE[0], 9, *SHAPE[2:])
        unet = {f"unet.{n}": t for n, t in keymaps.unet_to_original(self.unet.state_dict()).items()}
        nine = {f"unet9.in_layer.{part}": getattr(self.unet9.conv_in, part) for part in ("weight", "bias")}
        outs = {
            "out.y4": _run(self.unet, x4, time, told),
            "out.y9": _run(self.unet9, x9, time, told),
            "out.y4_nocontext_mask": _run(self.unet, x4, time, Told(told.rows, torch.ones_like(told.mask))),
            "mid.in_layer": self.unet.conv_in(x4),
        }
        ins = {"in.x4": x4, "in.x9": x9, "in.time": time} | _said("in.", told)
        self._save("unet", unet | nine | ins | outs | {"null_embedding": self.null_embedding}, UNET)

    def _encode(self, pictures: Tensor) -> Tensor:
        encoded: Tensor = self.movq.encode(pictures, return_dict=False)[0]
        return encoded

    def _decode(self, latents: Tensor) -> Tensor:
        decoded: Tensor = self.movq.decode(latents, force_not_quantize=True, return_dict=False)[0]
        return decoded

    def _write_movq(self) -> None:
        state = {n: t for n, t in self.movq.state_dict().items() if not n.startswith("quantize.")}
        image, latent2 = self.noise(2, 3, 48, 32), self.noise(1, 4, 3, 5)
        latent = self._encode(image)
        found = {"in.image": image, "out.latent": latent, "out.image_from_latent": self._decode(latent)}
        found |= {"in.latent2": latent2, "out.image2": self._decode(latent2)}
        self._save("movq", {f"movq.{n}": t for n, t in keymaps.movq_to_original(state, 4).items()} | found, MOVQ)

    def _write_base_loop(self) -> None:
        against = Told(self.noise(*self.told.rows.shape) * self.told.mask.unsqueeze(-1), self.told.mask)
        x, t = self.noise(*SHAPE), 640
        found = _said("", self.told) | _said("negative_", against) | {"null_embedding": self.null_embedding}
        found |= {"guided.x": x, "guided.t": torch.full((SHAPE[0],), t)}
        found |= {"guided.out_w2.5_neg": self.guided(self.told, against, 2.5)(x, t)}
        cases = {
            "s3": {"guid": 2.0, "noises": 4, "steps": 3},
            "s6_neg": {"guid": 5.0, "neg": True, "noises": 7, "perc": 0.9, "eta": 0.5, "steps": 6},
        }
        for case, said in cases.items():
            eps = self.guided(self.told, against if "neg" in said else None, float(said["guid"]))
            how = (int(said["steps"]), float(said.get("perc", 0.99)), float(said.get("eta", 1.0)))
            found |= self.base_loop(case, eps, *how, SHAPE)
        self._save("base_loop", found, cases)

    def _write_flash(self) -> None:
        def x0(x: Tensor, t: int) -> Tensor:
            a = schedule.cosine().alphas_cumprod[t].double()
            told = Told(self.told.rows[: len(x)], self.told.mask[: len(x)])
            return (x - (1 - a).sqrt() * self.eps(told)(x, t)) / a.sqrt()

        found = _said("", self.told)
        for case, times, first in (("flash", schedule.FLASH_TIMES, 1), ("refiner", schedule.REFINER_TIMES, 0)):
            found |= self.direct_loop(case, times, x0, self.noise(*SHAPE), first)
            found[f"{case}.times"] = torch.tensor(times)
        large, tiles = self.noise(1, 4, 24, 8), []
        for i, top in enumerate((0, 8, 16)):
            one = self.direct_loop("tile", [400], x0, large[..., top : top + 16, :], first=0)
            found[f"sr_refine_tiled.noise.{i}"] = one["tile.noise.0"]
            tiles.append(one["tile.out"])
        share = (torch.arange(8) / 8).unsqueeze(-1)
        seams = [
            above[..., 8:, :] * (1 - share) + below[..., :8, :] * share for above, below in itertools.pairwise(tiles)
        ]
        found["sr_refine_tiled.out"] = torch.cat([tiles[0][..., :8, :], *seams], dim=-2)
        found["sr_refine_tiled.in_latent"] = large
        config = {"flash": {"guidance": None, "noises": 5}, "refiner": "the recipe of the paper"}
        self._save("flash_refiner", found, config | {"sr_refine_tiled": {"stride": 8, "t": 400, "tile": 16}})

    def _words(self) -> dict[str, Tensor]:
        words = {f"t5.{n}": t for n, t in self.t5.state_dict().items()}
        return words | {f"projection.{n}": t for n, t in self.projection.state_dict().items()}

    def _hidden(self, ids: list[int]) -> Tensor:
        hidden: Tensor = self.t5(input_ids=torch.tensor([ids])).last_hidden_state
        return hidden

    def _sentences(self) -> dict[str, Tensor]:
        ids = [9, 8, 7, 1]
        said = {"brief.input_ids": _padded(ids), "brief.attention_mask": (torch.arange(ROWS) < len(ids)).long()}
        return said | {f"brief.{name}": t for name, t in _said("", self._prompt(ids)).items()}

    def _prompt(self, ids: list[int]) -> Told:
        rows = functional.pad(self.projection(self._hidden(ids)), (0, 0, 0, 1))
        return Told(rows, (torch.arange(len(ids) + 1) < len(ids)).unsqueeze(0))

    def _write_inpainting(self) -> None:
        ids, config = [4, 5, 1], {"eta": 1.0, "guidance": 3.0, "percentile": 0.9, "steps": 3}
        image = torch.randint(0, 256, (64, 128, 3), generator=self._generator).to(torch.uint8)
        mask = torch.zeros(64, 128)
        mask[10:50, 20:90] = 1
        told, keep = self._prompt(ids), (1 - mask)[None, None]
        picture = image.movedim(-1, 0)[None].double() / 127.5 - 1
        masked = picture * keep
        latent, small = self._encode(masked), functional.interpolate(keep.double(), scale_factor=1 / 8)
        found = {"in.image_uint8": image, "in.mask": mask, "batch.image": picture, "batch.mask": keep}
        found |= {"masked_image": masked, "latent.mask": small, "latent.masked": latent} | _said("", told)
        found |= {"in.input_ids": _padded(ids), "in.attention_mask": (torch.arange(ROWS) < len(ids)).long()}
        found |= {"resize.sizes_in_wh": torch.tensor([[1920, 1080], [640, 480], [50, 700]])}
        found |= {"resize.sizes_out_wh": torch.tensor([[1344, 768], [640, 448], [-1, -1]])}
        against = Told(self.noise(*told.rows.shape) * told.mask.unsqueeze(-1), told.mask)
        channels = torch.cat([small, latent], dim=1)
        for case, unsaid, steps in (("loop", None, 3), ("s3", None, 3), ("s5_neg", against, 5)):
            eps = self.guided(told, unsaid, 3.0, network=self.unet9, extra=channels)
            one = self.base_loop(case, eps, steps, 0.9, 1.0, (1, 4, 8, 16))
            del one[f"{case}.times"]
            if case == "loop":
                found["out.images"] = (self._decode(one["loop.out"]) / 2 + 0.5).clamp(0, 1)
                one = {name: t for name, t in one.items() if ".noise." in name}
            found |= one
        found["s5_neg.negative_context"] = against.rows
        self._save("inpainting", found, config)

    def _write_hints(self) -> None:
        """The hint U-Net: stock, with the features of the hint after the first layer. The side network beside it."""
        hint = self.noise(1, 3, 8 * SHAPE[2], 8 * SHAPE[3]).abs().clamp(0, 1)
        features, zero = self.hints(hint), self.hints(torch.zeros_like(hint))
        x, times, ids = self.noise(*SHAPE), torch.tensor([1, 400, 900]), [6, 2, 3, 1]
        found = {"in.hint": hint, "in.x": x, "in.t": times, "mid.hint_features": features} | _said("in.", self.told)
        found["out.y"] = self._hinted(x, times.double(), self.told, features)
        found["out.y_zero_hint"] = self._hinted(x, times.double(), self.told, zero)
        hidden = functional.pad(self._hidden(ids), (0, 0, 0, 1))  # zeros before the projection, as in the fork
        mask = (torch.arange(5) < 4).unsqueeze(0)
        said, silent = (
            Told(self.projection(hidden), mask),
            Told(torch.zeros_like(self.projection(hidden)), mask & False),
        )
        found |= {"t2i.input_ids": _padded(ids)[None], "t2i.attention_mask": (torch.arange(ROWS) < 4).long()[None]}
        found |= {"t2i.prompt_embeds": said.rows, "t2i.prompt_mask": said.mask.long()}
        found |= {"t2i.negative_prompt_embeds": silent.rows, "t2i.negative_mask": silent.mask.long()}
        ends = {name: t for name, t in found.items() if name.startswith("t2i.") and "negative" not in name}
        found |= self._ddpm_loop("t2i", 5, 2.0, lambda x, t, told: self._hinted(x, t, told, features), said, silent)
        config = {name: value for name, value in UNET.items() if name not in ("num_channels", "out_channels")}
        cases = {"t2i": {"negative_prompt": None, "steps": 5}}
        self._save("hint_unet", found, config | {"hint_channels": 3, "guidance_scale": 2.0, "cases": cases})
        found = {name: t for name, t in found.items() if name.startswith(("in.", "mid."))}
        found |= {name.replace("t2i.", "k12."): t for name, t in ends.items()}
        self._write_side(found, features, config, said)

    def _write_side(self, found: dict[str, Tensor], features: Tensor, config: dict[str, Any], said: Told) -> None:
        side = self._filled(_unet(4))
        convs = self._filled(nn.ModuleList(nn.Conv2d(w, w, kernel_size=1) for w in _widths()[:-1]).double())
        left_out = ("up_samples.", "out_layer.", "down_samples.3.")
        state = {n: t for n, t in keymaps.unet_to_original(side.state_dict()).items() if not n.startswith(left_out)}
        state |= {f"convs.{n}": t for n, t in convs.state_dict().items()}
        state |= {f"input_hint_block.{n}": t for n, t in self.hints.state_dict().items()}
        states: list[Tensor] = []
        side.conv_in.register_forward_hook(lambda _layer, _given, gives: gives + features)
        for level, conv in zip(side.down_blocks[:-1], convs, strict=True):
            level.register_forward_hook(
                lambda _level, _given, gives, conv=conv: states.append(conv(gives)) or states[-1]
            )

        def steered(x: Tensor, times: Tensor, told: Told, scale: float) -> Tensor:
            states.clear()
            _run(side, x, times, told)
            handles = [
                level.register_forward_pre_hook(lambda _level, given, state=state: _added(given, scale * state))
                for level, state in zip(self.unet.up_blocks[1:], reversed(states), strict=True)
            ]
            try:
                return _run(self.unet, x, times, told)
            finally:
                for handle in handles:
                    handle.remove()

        x, times = found["in.x"], found["in.t"].double()
        for name, scale in (("k12", 1.2), ("k0.7", 0.7), ("plain", 0.0)):
            found[f"out.unet_{name}"] = steered(x, times, self.told, scale)
        found |= {f"out.state.{i}": state for i, state in enumerate(states)}
        # without a negative prompt the side networks hear the empty text
        unsaid = functional.pad(self._hidden([1]), (0, 0, 0, said.rows.shape[1] - 1))
        silent = Told(self.projection(unsaid), (torch.arange(unsaid.shape[1]) < 1).unsqueeze(0))
        found |= {"k12.negative_prompt_embeds": silent.rows, "k12.negative_mask": silent.mask.long()}
        found |= self._ddpm_loop("k12", 2, 2.0, lambda x, t, told: steered(x, t, told, 1.2), said, silent)
        more = {"cut_context": True, "guidance_scale": 2.0, "cases": {"k12": {"k": 1.2, "steps": 2}}}
        self._save("controlnet", found | {f"controlnet.{n}": t for n, t in state.items()}, config | more)

    def _hinted(self, x: Tensor, times: Tensor, told: Told, features: Tensor) -> Tensor:
        handle = self.unet.conv_in.register_forward_hook(lambda _layer, _given, gives: gives + features)
        try:
            return _run(self.unet, x, times, told)
        finally:
            handle.remove()

    def _ddpm_loop(
        self, case: str, steps: int, guidance: float, network: Callable[..., Tensor], said: Told, silent: Told
    ) -> dict[str, Tensor]:
        """Two pictures of one prompt by the stock scheduler, whose draws are looked at before it makes them."""
        rule = DDPMScheduler(beta_schedule="squaredcos_cap_v2", timestep_spacing="leading", steps_offset=1)
        rule.set_timesteps(steps)
        draws = torch.Generator().manual_seed(1)
        x = self.noise(2, *SHAPE[1:])
        found = {f"{case}.noise.0": x, f"{case}.timesteps": rule.timesteps}
        for i, t in enumerate(rule.timesteps):
            eps = [torch.cat([network(one[None], t.double()[None], told) for one in x]) for told in (said, silent)]
            peek = torch.Generator()
            peek.set_state(draws.get_state())
            found[f"{case}.noise.{i + 1}"] = torch.randn(x.shape, generator=peek, dtype=torch.float64)
            guided = (guidance + 1) * eps[0] - guidance * eps[1]
            x = rule.step(guided, t, x, generator=draws, return_dict=False)[0]
            found[f"{case}.step.{i}"] = x
        return found | {f"{case}.out": x}

    def _write_super_resolution(self) -> None:
        """The network is the engine's in float64: there is no other here."""
        model = self._filled(super_resolution.Network(super_resolution.Config(**SUPER)).double().eval())
        small, x = self.noise(2, 3, 8, 12).clamp(-1, 1), self.noise(2, 3, 24, 36)
        guide = functional.interpolate(small, scale_factor=3, mode="bilinear", align_corners=False)
        flash = self.direct_loop(
            "flash_x3",
            schedule.FLASH_TIMES,
            lambda x, t: model(x, [t] * len(x), guide).double(),
            self.noise(*x.shape),
            1,
        )
        found = {f"sr.{n}": t for n, t in model.state_dict().items()} | flash
        found |= {"in.x": x, "in.t": torch.tensor([7, 800]), "in.lowres": small, "out.y": model(x, [7, 800], guide)}
        starts = [(top, left) for top in (0, 30, 36) for left in (0, 30, 60)]  # of a 76x100 picture
        found["views_40_30.76x100"] = torch.tensor([[top, top + 40, left, left + 40] for top, left in starts])
        tiles = {"overlap_dec": 0.25, "overlap_enc": 0.0, "tile_sample_min_size": 32}
        image, latent2 = self.noise(1, 3, 32, 48), self.noise(1, 4, 3, 3)  # two tiles, and one
        found |= {"tiled.image": image, "tiled.latent2": latent2, "tiled.image2": self._decode(latent2)}
        found["tiled.latent"] = torch.cat([self._encode(image[..., :32]), self._encode(image[..., 32:])], dim=-1)
        self._save("super_resolution", found, SUPER | {"tiled": tiles})


def _unet(channels: int) -> Any:
    stock = Kandinsky3UNet(
        in_channels=channels,
        time_embedding_dim=UNET["time_embed_dim"],
        groups=UNET["groups"],
        attention_head_dim=UNET["head_dim"],
        layers_per_block=UNET["num_blocks"][0],
        block_out_channels=_widths(),
        cross_attention_dim=UNET["context_dim"],
        encoder_hid_dim=1,
    )
    stock.encoder_hid_proj = nn.Identity()
    stock.conv_out = nn.Conv2d(UNET["init_channels"], UNET["out_channels"], kernel_size=3, padding=1)
    return stock.double().eval()


def _widths() -> list[int]:
    return [UNET["model_channels"] * factor for factor in UNET["dim_mult"]]


def _added(given: tuple[Any, ...], residual: Tensor) -> tuple[Any, ...]:
    """What a level of the way up is given, with a residual on its skip, which comes last."""
    x, *others = given
    width = residual.shape[1]
    return torch.cat([x[:, :-width], x[:, -width:] + residual], dim=1), *others


def _movq() -> Any:
    down = ["DownEncoderBlock2D"] * 3 + ["AttnDownEncoderBlock2D"]  # 128 / 2**3 = 16
    up = ["AttnUpDecoderBlock2D"] + ["UpDecoderBlock2D"] * 3
    stock = VQModel(
        down_block_types=down,
        up_block_types=up,
        block_out_channels=[MOVQ["ch"]] * 4,
        layers_per_block=1,
        latent_channels=4,
        num_vq_embeddings=1,
        norm_type="spatial",
    )
    return stock.double().eval()


def _t5_config() -> dict[str, Any]:
    return T5 | {"feed_forward_proj": "gated-silu", "eos_token_id": 1, "pad_token_id": 0}


def _run(network: Any, x: Tensor, times: Tensor, told: Told) -> Tensor:
    rows, mask = told.rows.expand(len(x), -1, -1), told.mask.expand(len(x), -1)
    predicted: Tensor = network(x, times, rows, mask.double(), return_dict=False)[0]
    return predicted


def _said(prefix: str, told: Told) -> dict[str, Tensor]:
    return {f"{prefix}context": told.rows, f"{prefix}context_mask": told.mask.long()}


def _padded(ids: list[int]) -> Tensor:
    return torch.tensor([*ids, *[0] * (ROWS - len(ids))])
