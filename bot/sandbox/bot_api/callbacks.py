"""answerCallbackQuery: a press waits fifteen seconds for its answer, then it is too old."""

from __future__ import annotations

from aiogram import methods

from bot.sandbox import errors, hub
from bot.sandbox.bot_api.calls import Call, implements
from bot.sandbox.store.callbacks import Answer

CALLBACK_LIFE_S = 15.0
MAX_ANSWER = 200  # characters


@implements(methods.AnswerCallbackQuery)
async def answer_callback_query(call: Call, ask: methods.AnswerCallbackQuery) -> bool:
    """Answers a press; the first answer is the one that the user sees."""
    if len(ask.text or "") > MAX_ANSWER:
        raise errors.BadRequest("MESSAGE_TOO_LONG")
    world = call.world
    press = world.callbacks.get(ask.callback_query_id)
    if press is None or press.bot_id != call.bot.id or world.clock() - press.pressed_at > CALLBACK_LIFE_S:
        raise errors.BadRequest("query is too old and response timeout expired or query ID is invalid")
    if press.answer is not None:
        return True
    answer = Answer(text=ask.text or None, show_alert=ask.show_alert, url=ask.url or None)
    data = hub.to_json(
        chat_id=press.chat_id,
        id=press.id,
        from_id=press.from_id,
        message_id=press.message_id,
        text=answer.text,
        show_alert=bool(answer.show_alert),
        url=answer.url,
    )
    with world.database.transaction():
        world.callbacks.answer(press.id, answer)
        world.database.after_commit(lambda: world.hub.publish("callback_answer", press.chat_id, data, press.from_id))
    return True
