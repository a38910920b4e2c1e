from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from bot.pacing import Bucket, Chat, Limits, Priority, Rate, Scheduler, Ticket

LIMITS = Limits()
START_S = 1000.0
ANN, BOB, GROUP = 1001, 1002, -100

calls = st.tuples(
    st.floats(0, 2),  # seconds after the call before
    st.sampled_from(Priority),
    st.sampled_from([None, ANN, BOB, GROUP, "@gallery"]),
)


def play(arrivals: list[tuple[float, Priority, Chat | None]]) -> list[tuple[float, Ticket]]:
    """When each call goes, if the program always asks again at the moment it was told."""
    scheduler, now_s, went = Scheduler(LIMITS, START_S), START_S, []
    due = []
    for gap_s, priority, chat in arrivals:
        due.append(((due[-1][0] if due else START_S) + gap_s, priority, chat))
    while True:
        while due and due[0][0] <= now_s:
            _, priority, chat = due.pop(0)
            scheduler.add(priority, chat)
        outcome = scheduler.next(now_s)
        if isinstance(outcome, Ticket):
            went.append((now_s, outcome))
        elif outcome is None and not due:
            return went
        else:
            next_s = [due[0][0]] if due else []
            next_s += [now_s + outcome] if outcome is not None else []
            now_s = max(min(next_s), now_s)


def most_in_a_window(times_s: list[float], window_s: float) -> int:
    return max((sum(start <= t < start + window_s for t in times_s) for start in times_s), default=0)


@given(st.lists(calls, max_size=120))
def test_every_call_goes_and_no_limit_is_ever_exceeded(arrivals: list[tuple[float, Priority, Chat | None]]) -> None:
    went = play(arrivals)
    assert sorted(ticket.number for _, ticket in went) == list(range(1, len(arrivals) + 1))
    assert most_in_a_window([at_s for at_s, _ in went], 0.999) <= 30
    by_chat = defaultdict(list)
    for at_s, ticket in went:
        by_chat[ticket.chat].append(at_s)
    for group in (GROUP, "@gallery"):
        assert most_in_a_window(by_chat[group], 59.9) <= 20
    for chat in (ANN, BOB):
        assert most_in_a_window(by_chat[chat], 9.9) <= 3 + 10


@given(st.lists(st.sampled_from(Priority), min_size=1, max_size=40))
def test_calls_that_wait_together_go_by_priority_and_then_in_order(priorities: list[Priority]) -> None:
    went = [ticket for _, ticket in play([(0.0, priority, ANN) for priority in priorities])]
    assert went == sorted(went)


def test_a_result_overtakes_progress_that_waits() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    for _ in range(5):
        scheduler.add(Priority.PROGRESS, ANN)
    first_two = [scheduler.next(START_S) for _ in range(2)]
    assert all(isinstance(ticket, Ticket) for ticket in first_two)
    assert isinstance(scheduler.next(START_S), float)
    first, second = scheduler.add(Priority.RESULT, ANN), scheduler.add(Priority.RESULT, ANN)
    assert scheduler.next(START_S) == first
    assert scheduler.next(START_S) == 1.0
    assert scheduler.next(START_S + 1) == second


def test_steady_progress_leaves_room_for_an_answer_at_once() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    for second in range(60):
        progress = scheduler.add(Priority.PROGRESS, ANN)
        assert scheduler.next(START_S + second) == progress
    answer = scheduler.add(Priority.ANSWER, ANN)
    assert scheduler.next(START_S + 59) == answer


def test_a_busy_chat_does_not_hold_up_another() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    for _ in range(10):
        scheduler.add(Priority.RESULT, ANN)
    for _ in range(3):
        scheduler.next(START_S)
    other = scheduler.add(Priority.CHAT_ACTION, BOB)
    assert scheduler.next(START_S) == other


def test_a_paused_chat_is_silent_and_loses_its_droppable_calls() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    result = scheduler.add(Priority.RESULT, ANN)
    progress = scheduler.add(Priority.PROGRESS, ANN)
    other = scheduler.add(Priority.PROGRESS, BOB)
    assert scheduler.pause(ANN, START_S + 30) == [progress]
    assert scheduler.next(START_S) == other
    assert scheduler.next(START_S) == 30
    assert scheduler.next(START_S + 30) == result
    assert scheduler.next(START_S + 60) is None


def test_a_pause_of_everything_holds_every_chat() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    tickets = {scheduler.add(Priority.ANSWER, ANN), scheduler.add(Priority.ANSWER, None)}
    assert scheduler.pause(None, START_S + 5) == []
    assert scheduler.next(START_S + 4) == 1
    assert {scheduler.next(START_S + 5), scheduler.next(START_S + 5)} == tickets


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    scheduler.pause(ANN, START_S + 30)
    scheduler.pause(ANN, START_S + 5)
    assert scheduler.pause_s(ANN, START_S) == 30


def test_a_withdrawn_call_never_goes() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    scheduler.withdraw(scheduler.add(Priority.ANSWER, ANN))
    kept = scheduler.add(Priority.ANSWER, ANN)
    assert scheduler.next(START_S) == kept
    assert scheduler.next(START_S) is None


def test_an_album_dearer_than_the_burst_waits_for_a_full_bucket_and_leaves_a_debt() -> None:
    bucket = Bucket(Rate(burst=3, per_s=1), 3, START_S)
    assert bucket.wait_s(10, START_S) == 0
    bucket.take(10)
    assert bucket.wait_s(1, START_S) == 8


def test_chats_that_have_been_quiet_are_forgotten() -> None:
    scheduler = Scheduler(Limits(everything=Rate(10**6, 10**6)), START_S)
    for chat in range(1, 10_050):
        scheduler.add(Priority.ANSWER, chat)
        assert isinstance(scheduler.next(START_S + chat), Ticket)
    assert len(scheduler._chats) < 100


def test_a_broadcast_goes_after_everything_else_and_leaves_room_for_an_answer() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    broadcast = scheduler.add(Priority.BROADCAST, ANN)
    others = [scheduler.add(priority, ANN) for priority in Priority if priority is not Priority.BROADCAST]
    went = []
    now_s = START_S
    while len(went) < len(others) + 1:
        outcome = scheduler.next(now_s)
        if isinstance(outcome, Ticket):
            went.append(outcome)
        else:
            now_s += outcome or 0.0
    assert went == [*others, broadcast]


def test_a_pause_holds_a_broadcast_back_and_does_not_drop_it() -> None:
    scheduler = Scheduler(LIMITS, START_S)
    broadcast = scheduler.add(Priority.BROADCAST, ANN)
    assert scheduler.pause(ANN, START_S + 5) == []
    assert scheduler.next(START_S + 5) == broadcast
