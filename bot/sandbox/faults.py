"""Injected faults: what a bot must survive and the real Telegram does only now and then."""

from __future__ import annotations

import random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.sandbox import errors

DEFAULT_RETRY_AFTER_S = 1
DEFAULT_DELAY_S = 1.0

Kind = Literal["429", "500", "502", "reset", "delay", "400"]


class Fault(BaseModel):
    """One rule: calls of `method` (of any, when None) fail like `kind`, `times` times (for ever, when None).

    With `after`, the call is carried out and only its answer is lost: what makes careless bots send things twice.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    method: str | None = None
    retry_after: int | None = Field(default=None, ge=0)
    delay_s: float | None = Field(default=None, ge=0, le=600)
    probability: float | None = Field(default=None, ge=0, le=1)
    times: int | None = Field(default=None, ge=1)
    after: bool = False

    def concerns(self, method: str) -> bool:
        """Says whether the rule is about this method; names are compared without case, as in Telegram."""
        return self.method is None or self.method.lower() == method.lower()


def strike(fault: Fault) -> None:
    """Raises what a rule asks for; a delay has happened already."""
    match fault.kind:
        case "reset":
            raise ConnectionResetError
        case "429":
            raise errors.TooManyRequests(DEFAULT_RETRY_AFTER_S if fault.retry_after is None else fault.retry_after)
        case "400":
            raise errors.BadRequest("injected by the sandbox")
        case "500":
            raise errors.ServerFailure(500, "Internal Server Error")
        case "502":
            raise errors.ServerFailure(502, "Bad Gateway")
        case "delay":
            return


class Faults:
    """The active rules, in the order in which they were set. They are not kept over a restart."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._rules: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Adds a rule."""
        self._rules.append(fault)

    def clear(self) -> None:
        """Removes all rules."""
        self._rules.clear()

    def active(self) -> list[Fault]:
        """Returns the rules with the times that remain."""
        return list(self._rules)

    def draw(self, method: str) -> Fault | None:
        """Returns the first rule that strikes this call, and counts it."""
        for position, fault in enumerate(self._rules):
            if not fault.concerns(method):
                continue
            if fault.probability is not None and self._chance.random() >= fault.probability:
                continue
            if fault.times == 1:
                del self._rules[position]
            elif fault.times is not None:
                self._rules[position] = fault.model_copy(update={"times": fault.times - 1})
            return fault
        return None
