"""What the queue refuses, in the words of the user."""

from __future__ import annotations

from bot import clock, wording
from bot.media import FileGone
from bot.queue.errors import Banned, FavouritesFull, LimitReached, Maintenance, NotEnoughCredits, NotYours, QueueError
from bot.texts import Translator
from engines import tasks


def answer(t: Translator, error: QueueError, model: tasks.Model) -> str:
    """A message: why the wish was not taken, and what to do."""
    match error:
        case LimitReached():
            return t("limit-queued", limit=error.limit)
        case NotEnoughCredits():
            wait_s = max(0.0, (error.resets_at - clock.utc_now()).total_seconds())
            return wording.out_of_credits(t, needed=error.needed, left=error.left, wait_s=wait_s, model=model)
        case Banned():
            return t("banned-notice")
        case Maintenance(text=""):
            return t("maintenance-refused")
        case Maintenance():
            return t("maintenance-refused-words", words=error.text)
        case _:
            return t("problem-unexpected")


def toast(t: Translator, error: QueueError | FileGone) -> str:
    """The same as an alert over the chat (at most 200 characters)."""
    match error:
        case LimitReached():
            return t.plain("toast-limit-queued", limit=error.limit)
        case NotEnoughCredits():
            return t.plain("toast-limit-credits", needed=error.needed, left=error.left)
        case Banned():
            return t.plain("banned-notice")
        case Maintenance():
            return t.plain("toast-maintenance")
        case NotYours():
            return t.plain("toast-not-yours")
        case FavouritesFull():
            return t.plain("toast-favourites-full", limit=error.limit)
        case FileGone():
            return t.plain("toast-file-expired")
        case _:
            return t.plain("toast-stale")
