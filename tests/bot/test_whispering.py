from __future__ import annotations

from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteEphemeralMessage,
    DeleteMessage,
    EditEphemeralMessageReplyMarkup,
    EditEphemeralMessageText,
    EditMessageReplyMarkup,
    EditMessageText,
    SendDocument,
    SendMessage,
    SendPhoto,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from bot import whispering
from bot.whispering import Asker, whispered

GROUP, ANN = -100, 7
KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])


def test_a_text_goes_to_the_asker_alone_and_answers_what_they_wrote() -> None:
    said = whispered(SendMessage(chat_id=GROUP, text="Settings"), Asker(GROUP, ANN, message_id=5))
    assert isinstance(said, SendMessage)
    assert said.ephemeral_message_parameters is not None
    assert said.ephemeral_message_parameters.receiver_user_id == ANN
    assert said.reply_parameters is not None
    assert (said.reply_parameters.message_id, said.reply_parameters.allow_sending_without_reply) == (5, True)


def test_an_answer_to_a_button_names_the_press() -> None:
    said = whispered(SendMessage(chat_id=GROUP, text="Settings"), Asker(GROUP, ANN, callback_query_id="q"))
    assert isinstance(said, SendMessage)
    assert said.ephemeral_message_parameters is not None
    assert said.ephemeral_message_parameters.callback_query_id == "q"
    assert said.reply_parameters is None


def test_changes_of_the_pressed_ephemeral_message_use_the_methods_for_it() -> None:
    asker = Asker(GROUP, ANN, callback_query_id="q", ephemeral_message_id=9)
    edit = whispered(EditMessageText(chat_id=GROUP, message_id=0, text="two", reply_markup=KEYBOARD), asker)
    assert isinstance(edit, EditEphemeralMessageText)
    assert (edit.receiver_user_id, edit.ephemeral_message_id, edit.text) == (ANN, 9, "two")
    assert edit.reply_markup == KEYBOARD
    buttons = whispered(EditMessageReplyMarkup(chat_id=GROUP, message_id=0), asker)
    assert isinstance(buttons, EditEphemeralMessageReplyMarkup)
    assert isinstance(whispered(DeleteMessage(chat_id=GROUP, message_id=0), asker), DeleteEphemeralMessage)


def test_changes_of_other_messages_stay_as_they_are() -> None:
    edit = EditMessageText(chat_id=GROUP, message_id=5, text="two")
    assert whispered(edit, Asker(GROUP, ANN, ephemeral_message_id=9)) is edit
    answer = AnswerCallbackQuery(callback_query_id="q")
    assert whispered(answer, Asker(GROUP, ANN, ephemeral_message_id=9)) is answer


def test_a_file_is_for_everybody_and_cannot_answer_what_they_do_not_see() -> None:
    asker = Asker(GROUP, ANN, ephemeral_message_id=9)
    file = SendDocument(chat_id=GROUP, document="id", reply_parameters=ReplyParameters(message_id=0))
    sent = whispered(file, asker)
    assert isinstance(sent, SendDocument)
    assert (sent.reply_parameters, sent.ephemeral_message_parameters) == (None, None)


def test_answers_stay_in_the_topic_of_the_question() -> None:
    asker = Asker(GROUP, ANN, callback_query_id="q", topic_id=3)
    for method in (SendMessage(chat_id=GROUP, text="Settings"), SendPhoto(chat_id=GROUP, photo="id")):
        answer = whispered(method, asker)
        assert isinstance(answer, SendMessage | SendPhoto)
        assert answer.message_thread_id == 3
    edit = EditMessageText(chat_id=GROUP, message_id=5, text="two")
    assert whispered(edit, asker) is edit


def test_what_is_for_all_is_seen_by_all_and_stays_in_the_topic() -> None:
    status = whispered(SendMessage(chat_id=GROUP, text="In line"), Asker(GROUP, ANN, topic_id=3, is_for_all=True))
    assert isinstance(status, SendMessage)
    assert (status.message_thread_id, status.ephemeral_message_parameters) == (3, None)


def test_every_change_has_a_twin_with_the_same_content() -> None:
    for change, twin in whispering.CHANGES.items():
        content = set(twin.model_fields) - {"chat_id", "receiver_user_id", "ephemeral_message_id"}
        assert content <= set(change.model_fields)
