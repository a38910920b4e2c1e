from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.settings import LogSettings

TOKEN = "4200000001:AAbb-cc_ddEEff00112233445566778899x"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, one in levels.items():
        logging.getLogger(name).setLevel(one)
    structlog.reset_defaults()


def configured(format: str = "json", level: str = "info", secrets: tuple[str, ...] = ()) -> io.StringIO:
    stream = io.StringIO()
    settings = LogSettings.model_validate({"format": format, "level": level})
    logs.configure(settings, secrets=secrets, stream=stream)
    return stream


def test_an_event_and_its_fields_become_one_line_of_json() -> None:
    stream = configured()
    structlog.get_logger("bot.test").info("job_done", job_id=7, pictures=[1, 2])
    line = json.loads(stream.getvalue())
    assert (line["event"], line["job_id"], line["pictures"], line["level"]) == ("job_done", 7, [1, 2], "info")
    assert line["logger"] == "bot.test"
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_token_reaches_the_log_in_no_field_and_no_traceback(format: str) -> None:
    stream = configured(format)
    log = structlog.get_logger()
    log.warning(f"calling {TOKEN}", url=f"https://api.telegram.org/bot{TOKEN}/getMe", deep={"a": [(TOKEN,)]})
    log.warning("object", error=ValueError(TOKEN), quoted="bot4200000001%3AAAbb-cc_ddEEff00112233445566778899x/")
    try:
        raise RuntimeError(f"no answer from bot{TOKEN}")
    except RuntimeError:
        log.exception("call_failed")
        logging.getLogger("aiogram").exception("failed with %s", TOKEN)
    written = stream.getvalue()
    assert "AAbb-cc" not in written
    assert "RuntimeError: no answer from bot***" in written
    assert "failed with ***" in written


def test_known_secrets_are_masked_whatever_they_look_like() -> None:
    stream = configured(secrets=("webhook+secret", ""))
    structlog.get_logger().info("hook", header="x webhook+secret y")
    assert json.loads(stream.getvalue())["header"] == "x *** y"


@given(st.recursive(st.integers() | st.booleans() | st.none() | st.text("ab:1"), st.lists, max_leaves=8))
def test_what_holds_no_secret_is_left_as_it_is(value: object) -> None:
    assert logs.Masking()(None, "info", {"event": "e", "value": value})["value"] == value


def test_the_level_holds_for_our_events_and_for_libraries() -> None:
    stream = configured(level="warning")
    structlog.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    logging.getLogger("some.library").warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_chatty_libraries_are_heard_from_warning_on() -> None:
    stream = configured()
    logging.getLogger("aiogram.event").info("Update id=1 is handled")
    logging.getLogger("aiogram.event").warning("trouble")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["trouble"]


def test_configuring_twice_does_not_write_twice() -> None:
    configured()
    stream = configured()
    structlog.get_logger().info("once")
    assert len(stream.getvalue().splitlines()) == 1
