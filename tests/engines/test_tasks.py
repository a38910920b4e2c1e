"""Tasks refuse what cannot be painted, and their errors do not quote what users wrote."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engines import tasks


@pytest.mark.parametrize("prompt", ["", "   ", "a secret wish " * 100])
def test_a_prompt_that_cannot_be_painted_is_refused_without_being_quoted(prompt: str) -> None:
    with pytest.raises(ValidationError) as caught:
        tasks.TextToImage(prompt=prompt, seed=1)
    assert "secret" not in str(caught.value)


def test_a_task_survives_its_way_through_the_database() -> None:
    task = tasks.TextToImage(prompt="жёлтая звезда 🌟", seed=tasks.SEED_LIMIT - 1, count=4, refine=True)
    assert tasks.TASKS.validate_json(task.model_dump_json()) == task
