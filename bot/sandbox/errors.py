"""What the sandbox refuses, with Telegram's status codes and wording.

ApiError
├── BadRequest         400  the request breaks a rule of the Bot API
├── Unauthorized       401  the token is not a token
├── Forbidden          403  the other side does not want this bot
├── NotFound           404  no such method, file, user or chat
├── Conflict           409  two receivers of updates exclude each other
├── TooLarge           413  the upload is larger than the server takes
├── TooManyRequests    429  wait `retry_after_s` seconds
├── ServerFailure      5xx  a failure of Telegram itself, injected or, by a bug, ours
└── NotImplementedHere 501  the method exists in the Bot API, not in the sandbox
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import JsonValue


class ApiError(Exception):
    """The root of all refusals; `description` is what the caller reads."""

    code: ClassVar[str] = "api_error"
    status: int = 400

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description

    def body(self) -> dict[str, JsonValue]:
        """Returns the JSON object of a Bot API refusal."""
        return {"ok": False, "error_code": self.status, "description": self.description}


class BadRequest(ApiError):
    """The request breaks a rule of the Bot API."""

    code = "bad_request"
    status = 400

    def __init__(self, description: str) -> None:
        super().__init__(f"Bad Request: {description}")


class Unauthorized(ApiError):
    """The token is not a token."""

    code = "unauthorized"
    status = 401

    def __init__(self, description: str = "Unauthorized") -> None:
        super().__init__(description)


class Forbidden(ApiError):
    """The other side does not want this bot."""

    code = "forbidden"
    status = 403

    def __init__(self, description: str) -> None:
        super().__init__(f"Forbidden: {description}")


class NotFound(ApiError):
    """No such method, file, user or chat."""

    code = "not_found"
    status = 404

    def __init__(self, description: str = "Not Found") -> None:
        super().__init__(description)


class Conflict(ApiError):
    """Two receivers of updates exclude each other."""

    code = "conflict"
    status = 409

    def __init__(self, description: str) -> None:
        super().__init__(f"Conflict: {description}")


class TooLarge(ApiError):
    """The upload is larger than the server takes."""

    code = "too_large"
    status = 413

    def __init__(self, description: str = "Request Entity Too Large") -> None:
        super().__init__(description)


class TooManyRequests(ApiError):
    """The bot writes faster than Telegram allows."""

    code = "too_many_requests"
    status = 429

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Too Many Requests: retry after {retry_after_s}")
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, JsonValue]:
        """Adds how many whole seconds to wait."""
        return {**super().body(), "parameters": {"retry_after": self.retry_after_s}}


class ServerFailure(ApiError):
    """A failure of Telegram itself, injected or, by a bug, ours."""

    code = "server_failure"

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


class NotImplementedHere(ApiError):
    """The method exists in the Bot API, not in the sandbox."""

    code = "not_implemented"
    status = 501

    def __init__(self, method: str) -> None:
        super().__init__(f"sandbox: method {method} is not implemented")
