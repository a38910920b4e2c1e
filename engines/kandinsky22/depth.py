"""Control by depth: a decoder that also sees how far everything is (white is near).

Source: diffusers `pipelines/kandinsky2_2/pipeline_kandinsky2_2_controlnet.py` and `_controlnet_img2img.py`.
"""

from __future__ import annotations

from engines import media as files
from engines import tasks
from engines.kandinsky3 import canvas, noise
from engines.kandinsky22 import sampler
from engines.kandinsky22.painting import Painting
from engines.kandinsky22.recipes import Plan, Setting, each
from engines.kandinsky22.sampler import Network


class StyleTransfer:
    """The recipe of `tasks.StyleTransfer` with depth as control: the picture that comes in is the depth map."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.StyleTransfer) -> Plan:
        decoder = self._setting.decoder(task.steps, self._setting.guidance(task), task.strength, Network.DEPTH)
        return (*self._setting.prior(), *decoder)

    def begin(self, task: tasks.StyleTransfer, media: tasks.Media) -> list[Painting]:
        self._setting.parts.decoder(Network.DEPTH)  # missed before anything else is loaded
        place, plan = canvas.placed(files.decode(task.image, media), self._setting.profile), self.plan(task)
        picture = canvas.tensor(place.image)
        condition = sampler.Condition(hint=((picture + 1) / 2).to(self._setting.parts.device))
        start = self._setting.encode(picture) if task.strength < 1 else None

        def begin(source: noise.NoiseSource) -> sampler.State:
            meaning = self._setting.meanings.of_words(task.prompt, task.negative_prompt, "", source)
            return self._setting.begun(plan, meaning, source, place.size, start=start, condition=condition)

        return each(task.seed, task.count, place.size, begin)
