"""What chats ask for: the tasks that a job may hold, checked where they come out of the database.

The engines know more kinds; a kind belongs here once it has a conversation, a cost and a caption.
"""

from __future__ import annotations

from engines import tasks

ChatTask = tasks.TextToImage


def parse(stored: str) -> ChatTask:
    """A job's task from its JSON. Raises pydantic's ValidationError for what no chat can have asked for."""
    return ChatTask.model_validate_json(stored)
