"""The bot on a webhook: Telegram (the sandbox) calls it, with the secret, and the same conversation works."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings
from tests.ports import free_port
from tests.puppet import PuppetPool
from tests.studio import Stage, configured, running_bot, sandbox

SECRET = "a-secret-of-the-operator"


def on_webhook(scene: Stage, tmp_path: Path) -> Settings:
    """The settings of a bot that the sandbox calls."""
    port = free_port()
    return configured(
        scene.url,
        tmp_path / "bot",
        telegram__mode="webhook",
        telegram__webhook_url=f"http://127.0.0.1:{port}",
        telegram__webhook_port=port,
    )


async def test_a_bot_on_a_webhook_paints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    async with sandbox(tmp_path) as scene:
        asked = await scene.sandbox.say(scene.ann, "written before the bot came")
        async with running_bot(on_webhook(scene, tmp_path), PuppetPool(at_once=True)):
            await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
            later = await scene.sandbox.say(scene.ann, "a yellow star")
            await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=later)
        (set_webhook,) = await scene.sandbox.calls("setWebhook")
        assert set_webhook.parameters["secret_token"] == SECRET
        assert await scene.sandbox.calls("getUpdates") == []


async def test_a_bot_that_polls_again_takes_its_webhook_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    async with sandbox(tmp_path) as scene:
        async with running_bot(on_webhook(scene, tmp_path), PuppetPool()):
            pass
        between = await scene.sandbox.say(scene.ann, "a yellow star")
        async with running_bot(configured(scene.url, tmp_path / "bot"), PuppetPool(at_once=True)):
            await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=between)
