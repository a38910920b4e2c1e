"""Callback data of every button: what it does, and to which job or for whom.

At most 64 bytes each. Buttons of a menu carry their owner's id; buttons of a job are checked against the job's owner in
the database.
"""

from __future__ import annotations

from typing import Literal

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from engines import tasks

Place = Literal["open", "close", "start", "home", "settings", "history", "queue", "quota", "language", "zone", "help"]
Question = Literal["negative_prompt", "seed"]


class Example(CallbackData, prefix="ex", sep="|"):
    """Paint example `number` (1 to 3) for whoever presses."""

    number: int


class Cancel(CallbackData, prefix="x", sep="|"):
    """Cancel a job."""

    job_id: int


class CancelInList(CallbackData, prefix="xq", sep="|"):
    """Cancel a job and show the queue list anew."""

    job_id: int


class Again(CallbackData, prefix="again", sep="|"):
    """Paint the task of a job again with another seed."""

    job_id: int


class OtherModel(CallbackData, prefix="other", sep="|"):
    """Paint the task of a job with the same seed and another model."""

    job_id: int
    model: tasks.Model


class Refine(CallbackData, prefix="fine", sep="|"):
    """Paint the task of a job with the same seed, refined."""

    job_id: int


class AsFile(CallbackData, prefix="file", sep="|"):
    """Send the original of picture `index` (from 0) of a job."""

    job_id: int
    index: int = 0


class Details(CallbackData, prefix="info", sep="|"):
    """Send the settings that a job was painted with."""

    job_id: int


class Favourite(CallbackData, prefix="fav", sep="|"):
    """Keep a result as a favourite, or no longer."""

    job_id: int


class Menu(CallbackData, prefix="menu", sep="|"):
    """Go to a screen of the menu in place; "open" sends the settings as a new message, "close" ends them."""

    action: Place
    owner_id: int


class ChooseModel(CallbackData, prefix="model", sep="|"):
    """Set the model of the owner."""

    model: tasks.Model
    owner_id: int


class ChooseRatio(CallbackData, prefix="ratio", sep="|"):
    """Set the aspect ratio of the owner."""

    aspect_ratio: tasks.AspectRatio
    owner_id: int


class ChooseCount(CallbackData, prefix="count", sep="|"):
    """Set how many pictures the owner gets for a prompt."""

    count: int = Field(ge=1, le=tasks.COUNT_LIMIT)
    owner_id: int


class ChooseRefine(CallbackData, prefix="refine", sep="|"):
    """Refine the owner's pictures, or not."""

    refine: bool
    owner_id: int


class Styles(CallbackData, prefix="styles", sep="|"):
    """Show the drawing styles to choose from."""

    owner_id: int


class ChooseStyle(CallbackData, prefix="style", sep="|"):
    """Set the drawing style of the owner; an empty name is none."""

    style: str
    owner_id: int


class Ask(CallbackData, prefix="ask", sep="|"):
    """Ask the owner for a setting in words."""

    what: Question
    owner_id: int


class ClearNegative(CallbackData, prefix="noneg", sep="|"):
    """Forget the owner's negative prompt."""

    owner_id: int


class ChooseSeed(CallbackData, prefix="seed", sep="|"):
    """Paint the owner's pictures with a new seed each, or with the seed of the last picture."""

    how: Literal["random", "last"]
    owner_id: int


class ChooseLanguage(CallbackData, prefix="lang", sep="|"):
    """Set the language of the owner."""

    language: str
    owner_id: int


class Zones(CallbackData, prefix="zones", sep="|"):
    """Show the time zones of whole hours, or those between."""

    between: bool
    owner_id: int


class ChooseZone(CallbackData, prefix="zone", sep="|"):
    """Set the time zone of the owner."""

    utc_offset_min: int
    owner_id: int


class HistoryPage(CallbackData, prefix="hist", sep="|"):
    """Show page `page` (from 0) of the owner's pictures, or of the favourites alone."""

    owner_id: int
    page: int
    favourites: bool = False


class HistoryCard(CallbackData, prefix="card", sep="|"):
    """Show one picture of the owner's list, and the way back to its page."""

    job_id: int
    page: int
    favourites: bool = False


class ShowAgain(CallbackData, prefix="show", sep="|"):
    """Send the pictures of a job once more."""

    job_id: int


class Forget(CallbackData, prefix="forget", sep="|"):
    """Delete everything of the owner, or keep it."""

    sure: bool
    owner_id: int
