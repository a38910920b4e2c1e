"""What people write after a prompt, and what it is understood as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import parameters
from bot.parameters import Changes, Code, table
from engines import styles, tasks

MINI = styles.of("mini")
BIG = styles.of("kandinsky3")
DASHES = ["--", "—", "–", "−", "―", "-"]
FLASH = tasks.Model.KANDINSKY_3_FLASH


def read(text: str, known: tuple[styles.Style, ...] = MINI) -> parameters.Parsed:
    return parameters.parse(text, models=tasks.Model, styles=known)


def test_everything_at_once() -> None:
    parsed = read("a cat --ar 16:9 --no text --seed 7 --n 4 --style outline --model flash --refine")
    assert parsed.prompt == "a cat"
    assert parsed.hints == ()
    assert parsed.changes == Changes(FLASH, tasks.AspectRatio.LANDSCAPE_16_9, True, "outline", "text", 4, 7)


@pytest.mark.parametrize(
    "prompt",
    [
        "a red circle",
        "a cat -- on a mat",
        "a t-shirt - blue",
        "—мой кот — хороший",
        "9–5 o'clock -5 °C",
        'says "--ar 9"',
        "--",
        "",
    ],
)
def test_a_text_without_parameters_is_a_prompt_as_it_is(prompt: str) -> None:
    assert read(prompt) == parameters.Parsed(prompt, Changes(), ())


@pytest.mark.parametrize("dash", DASHES)
def test_a_dash_that_a_phone_made_of_two_hyphens_is_two_hyphens(dash: str) -> None:
    typed = "a cat --ar 16:9 --no text, logo --seed 7 --refine --n 2"
    assert read(typed.replace("--", dash)) == read(typed)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("x --ar=16:9", {"aspect_ratio": "16:9"}),
        ("x --AR 16:9", {"aspect_ratio": "16:9"}),
        ('--ar "9:16" --seed «5» x', {"aspect_ratio": "9:16", "seed": 5}),
        ("x --ar: 4:5", {"aspect_ratio": "4:5"}),
        ("x --формат 9:16", {"aspect_ratio": "9:16"}),
        ("x --seed random", {"seed": "random"}),
        ("x --seed 4294967295", {"seed": 4294967295}),
        ("x --seed 0", {"seed": 0}),
        ("x --model kandinsky 3 flash", {"model": FLASH}),
        ("x --model Kandinsky-3", {"model": tasks.Model.KANDINSKY_3}),
        ("x --model 2.2", {"model": tasks.Model.KANDINSKY_22}),
        ("x --model Kandinsky 2.2", {"model": tasks.Model.KANDINSKY_22}),
        ("x --m флеш", {"model": FLASH}),
        ("x --refine off", {"refine": False}),
        ("x --no-refine", {"refine": False}),
        ("x --style watercolor", {"style": "watercolour"}),
        ("x --стиль акварель", {"style": "watercolour"}),
        ("x --style none", {"style": ""}),
        ("x --no ''", {"negative_prompt": ""}),
        ("x --без людей", {"negative_prompt": "людей"}),
        ("x --no text, logo --n 2 --no “a red cat”", {"negative_prompt": "text, logo, a red cat", "count": 2}),
    ],
)
def test_usual_ways_to_write_are_understood_without_a_word(text: str, changes: dict[str, object]) -> None:
    parsed = read(text)
    assert (parsed.prompt, parsed.hints) == ("x", ())
    assert parsed.changes == Changes(**changes)


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("x --ar16:9", "--ar 16:9"),
        ("x --ar 16x9", "--ar 16:9"),
        ("x --ar 16/9", "--ar 16:9"),
        ("x --ar 16 х 9", "--ar 16:9"),
        ("x --ar 32:18", "--ar 16:9"),
        ("x --ar 1920x1080", "--ar 16:9"),
        ("x --ar 1024×1024", "--ar 1:1"),
        ("x --size 1200x1000", "--ar 5:4"),
        ("x --ar portrait", "--ar 2:3"),
        ("x --n4", "--n 4"),
        ("x --n x2", "--n 2"),
        ("x --seed7", "--seed 7"),
        ("x --seed 7.0", "--seed 7"),
        ("x --no-people", "--no people"),
        ("x --фк 3:2", "--ar 3:2"),
    ],
)
def test_unusual_ways_are_understood_and_explained(text: str, usual: str) -> None:
    parsed = read(text)
    (hint,) = parsed.hints
    assert (hint.code, hint.nearest, parsed.refused) == (Code.MEANT, usual, False)
    assert parsed.prompt == "x"
    assert parsed.changes == read(f"x {usual}").changes


@pytest.mark.parametrize(
    ("text", "code", "nearest"),
    [
        ("x --ar 4:3", Code.IMPOSSIBLE, "--ar 5:4"),
        ("x --ar 21:9", Code.IMPOSSIBLE, "--ar 16:9"),
        ("x --ar 0:9", Code.IMPOSSIBLE, "--ar 1:1"),
        ("x --ar 3000x1000", Code.IMPOSSIBLE, "--ar 16:9"),
        ("x --ar", Code.MISSING, "--ar 16:9"),
        ("x --n 9", Code.IMPOSSIBLE, "--n 4"),
        ("x --n 0", Code.IMPOSSIBLE, "--n 1"),
        ("x --n many", Code.IMPOSSIBLE, ""),
        ("x --seed -1", Code.IMPOSSIBLE, "--seed 0"),
        ("x --seed " + "9" * 5000, Code.IMPOSSIBLE, "--seed 4294967295"),
        ("x --style mosaik", Code.IMPOSSIBLE, "--style mosaic"),
        ("x --style anime", Code.IMPOSSIBLE, ""),
        ("x --model flesh", Code.IMPOSSIBLE, "--model flash"),
        ("x --no", Code.MISSING, "--no text, watermark"),
        ("x --no " + "y" * 1001, Code.TOO_LONG, ""),
        ("x --styel", Code.UNKNOWN, "--style"),
        ("x --mosaic", Code.UNKNOWN, "--style mosaic"),
        ("x --flash", Code.UNKNOWN, "--model flash"),
        ("x --zzz", Code.UNKNOWN, ""),
    ],
)
def test_what_is_not_possible_changes_nothing_and_names_the_nearest(text: str, code: Code, nearest: str) -> None:
    parsed = read(text)
    (hint,) = parsed.hints
    assert (hint.code, hint.nearest) == (code, nearest)
    assert parsed.refused
    assert parsed.changes == Changes()


@pytest.mark.parametrize("text", ["x --raw", "x --v 6.1", "x --sref https://example.org/a.png --s 250"])
def test_parameters_of_other_bots_are_left_out_and_said_so(text: str) -> None:
    parsed = read(text)
    assert parsed.prompt == "x"
    assert {hint.code for hint in parsed.hints} == {Code.FOREIGN}
    assert not parsed.refused


def test_words_may_stand_before_between_and_after_parameters() -> None:
    parsed = read("a cat, --ar 16:9, on a mat --style outline in the snow --seed 7.")
    assert parsed.prompt == "a cat, on a mat in the snow"
    assert parsed.changes == Changes(aspect_ratio=tasks.AspectRatio.LANDSCAPE_16_9, style="outline", seed=7)


def test_the_last_of_two_counts_and_says_so() -> None:
    parsed = read("x --n 2 --n 3")
    assert parsed.changes.count == 3
    assert [(hint.code, hint.nearest) for hint in parsed.hints] == [(Code.REPEATED, "--n 3")]


def test_what_stands_between_quotes_is_the_users_text_unless_all_of_it_does() -> None:
    assert read('a sign "--no entry" --n 2').prompt == 'a sign "--no entry"'
    assert read('"a cat --n 2"') == read("a cat --n 2")


def test_a_model_that_is_not_installed_is_not_possible() -> None:
    parsed = parameters.parse("x --model flash", models=[tasks.Model.KANDINSKY_3], styles=MINI)
    assert [(hint.code, hint.options) for hint in parsed.hints] == [(Code.IMPOSSIBLE, ("kandinsky-3",))]


def test_only_parameters_leave_an_empty_prompt() -> None:
    assert read("--ar 16:9 --no text").prompt == ""


@pytest.mark.parametrize("known", [MINI, BIG], ids=["mini", "big"])
def test_every_spelling_of_a_style_finds_it(known: tuple[styles.Style, ...]) -> None:
    for style in known:
        for name in (style.name, *style.also, style.name.upper(), style.name.replace("-", " ")):
            parsed = read(f"--style {name} a cat", known)
            assert (parsed.changes.style, parsed.prompt, parsed.hints) == (style.name, "a cat", ())


def test_flash_says_what_it_does_not_listen_to() -> None:
    changes = read("x --no text --refine --n 2").changes
    assert [hint.parameter for hint in parameters.without_effect(changes, FLASH)] == ["refine", "no"]
    assert parameters.without_effect(changes, tasks.Model.KANDINSKY_3) == ()
    assert parameters.without_effect(read("x --no-refine").changes, FLASH) == ()


def test_kandinsky_22_hears_what_is_unwanted_and_has_no_refiner() -> None:
    changes = read("x --no text --refine").changes
    assert [hint.parameter for hint in parameters.without_effect(changes, tasks.Model.KANDINSKY_22)] == ["refine"]


def test_no_two_parameters_share_a_name() -> None:
    words = [word for one in table.PARAMETERS for word in (one.name, *one.also, *one.off)]
    assert len(words) == len(set(words))
    assert not table.FOREIGN & set(words)
    assert [word for word in words if read(f"x --{word}").prompt != "x"] == []


pieces = st.sampled_from(
    ["--", "—", "-", '"', "“", "”", "=", ":", "ar", "no", "n", "seed", "style", "refine", "16:9", "1e9", "x", "х", " ",
     "\n", ",", "0", "9" * 400, "flash", "без", "--no-", "²", "٣", "off"]
)  # fmt: skip


@given(st.text() | st.lists(pieces).map("".join))
def test_any_text_is_taken_apart(text: str) -> None:
    parsed = read(text)
    assert len(parsed.prompt) <= len(text)
    assert parsed.prompt == parsed.prompt.strip()
    assert (parsed.changes.count or 1) in range(1, tasks.COUNT_LIMIT + 1)
    assert parsed.changes.seed in (None, "random") or parsed.changes.seed in range(tasks.SEED_LIMIT)
    assert len(parsed.changes.negative_prompt or "") <= tasks.PROMPT_LIMIT + len(text)


@given(
    st.lists(
        st.sampled_from(["--ar 4:5", "--n 3", "--seed 9", "--style flat", "--refine", "--model flash"]), unique=True
    )
)
def test_the_order_of_parameters_does_not_matter(said: list[str]) -> None:
    forwards, backwards = (read(" ".join(("a cat", *order))) for order in (said, said[::-1]))
    assert forwards == backwards
    assert forwards.hints == ()


@given(st.lists(st.sampled_from(["a", "cat", "—", "in", "--n 2", "--ar 16:9", "кот,", "-", "--no x", "--zzz"])))
def test_a_prompt_that_was_taken_apart_has_no_parameters_left(words: list[str]) -> None:
    prompt = read(" ".join(words)).prompt
    assert read(prompt) == parameters.Parsed(prompt, Changes(), ())
