from __future__ import annotations

from html import escape

import pytest
from aiogram.types import MessageEntity
from aiogram.utils.text_decorations import html_decoration
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox import errors
from bot.sandbox.entities import detect, html, markdown
from bot.sandbox.entities.parse import parse
from bot.sandbox.entities.text import FormattedText, units

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def shown(formatted: FormattedText) -> list[tuple[str, str]]:
    return [(entity.type, entity.extract_from(formatted.text)) for entity in formatted.entities]


@given(TEXTS)
def test_escaped_html_comes_back_as_it_was(text: str) -> None:
    assert html.parse(escape(text)).text == text


@given(TEXTS, TEXTS, TEXTS)
def test_html_entities_cover_exactly_the_marked_text(before: str, marked: str, after: str) -> None:
    parsed = html.parse(f"{escape(before)}<b>{escape(marked)}</b>{escape(after)}")
    assert parsed.text == before + marked + after
    assert [(entity.offset, entity.length) for entity in parsed.entities] == (
        [(units(before), units(marked))] if marked else []
    )


@given(TEXTS)
def test_any_text_is_parsed_or_refused_in_every_mode(text: str) -> None:
    for mode in ("HTML", "Markdown", "MarkdownV2"):
        try:
            formatted = parse(text, mode)
        except errors.BadRequest as refused:
            assert refused.description.startswith("Bad Request: can't parse entities: ")  # noqa: PT017 - both may be
        else:
            assert all(entity.offset + entity.length <= units(formatted.text) for entity in formatted.entities)


@given(TEXTS)
def test_escaped_markdown_v2_comes_back_as_it_was(text: str) -> None:
    escaped = "".join(f"\\{sign}" if sign in markdown.RESERVED | {"\\"} else sign for sign in text)
    assert markdown.parse_v2(escaped).text == text


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a<i>b</i></b>", "ab", [("bold", "ab"), ("italic", "b")]),
        ("<a href='https://a.example'>here</a>", "here", [("text_link", "here")]),
        ('<pre><code class="language-python">x = 1</code></pre>', "x = 1", [("pre", "x = 1")]),
        ('<span class="tg-spoiler">boo</span>', "boo", [("spoiler", "boo")]),
        ("<blockquote expandable>long</blockquote>", "long", [("expandable_blockquote", "long")]),
        ("&lt;&amp;&#33;&#x21; &nbsp;", "<&!! &nbsp;", []),
        ("🎨 <u>краски</u>", "🎨 краски", [("underline", "краски")]),
        ("<b></b>nothing", "nothing", []),
    ],
)
def test_html_as_telegram_reads_it(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    formatted = parse(source, "html")
    assert formatted.text == text
    assert shown(formatted) == entities


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("é<h1>", 'Unsupported start tag "h1" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<i>x", 'Can\'t find end tag corresponding to start tag "i"'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler"'),
    ],
)
def test_broken_html_is_refused_with_its_byte_offset(source: str, reason: str) -> None:
    with pytest.raises(errors.BadRequest) as refused:
        parse(source, "HTML")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*bold _both_*", "bold both", [("bold", "bold both"), ("italic", "both")]),
        (r"1\.5 \= x", "1.5 = x", []),
        (
            "||boo|| ~gone~ __under__",
            "boo gone under",
            [("spoiler", "boo"), ("strikethrough", "gone"), ("underline", "under")],
        ),
        ("[here](https://a.example/x\\)y)", "here", [("text_link", "here")]),
        ("```py\nx = 1\n```", "x = 1", [("pre", "x = 1\n")]),
        ("`a*b`", "a*b", [("code", "a*b")]),
        (">one\n>two\nthree", "one\ntwo\nthree", [("blockquote", "one\ntwo")]),
    ],
)
def test_markdown_v2_as_telegram_reads_it(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    formatted = markdown.parse_v2(source)
    assert formatted.text.strip() == text
    assert sorted(shown(formatted)) == sorted(entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1.5", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("*open", "Can't find end of Bold entity at byte offset 0"),
        ("`open", "Can't find end of Code entity at byte offset 0"),
        ("x]", "Character ']' is reserved"),
    ],
)
def test_broken_markdown_v2_is_refused(source: str, reason: str) -> None:
    with pytest.raises(errors.BadRequest) as refused:
        markdown.parse_v2(source)
    assert reason in str(refused.value)


def test_the_old_markdown_knows_five_marks() -> None:
    formatted = parse("*b* _i_ `c` [l](https://a.example) \\*", "Markdown")
    assert formatted.text == "b i c l *"
    assert shown(formatted) == [("bold", "b"), ("italic", "i"), ("code", "c"), ("text_link", "l")]
    with pytest.raises(errors.BadRequest, match="Can't find end of the entity starting at byte offset 2"):
        parse("a *b", "Markdown")


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("/start now", [("bot_command", "/start")]),
        ("paint/run a/b", []),
        ("/paint@kandinsky_bot x", [("bot_command", "/paint@kandinsky_bot")]),
        ("ask @ann_b, or a@b.example", [("mention", "@ann_b"), ("email", "a@b.example")]),
        ("see https://a.example/x?y=1.", [("url", "https://a.example/x?y=1")]),
        ("#круг is red", [("hashtag", "#круг")]),
        ("--ar 16:9 --no text", []),
    ],
)
def test_what_telegram_finds_by_itself(text: str, entities: list[tuple[str, str]]) -> None:
    assert shown(detect.with_detected(FormattedText(text, []))) == entities


def test_nothing_is_found_inside_code_and_links() -> None:
    assert shown(parse("<code>/start</code> <a href='https://a.example'>@ann</a>", "HTML")) == [
        ("code", "/start"),
        ("text_link", "@ann"),
    ]


@given(TEXTS)
def test_white_space_at_the_ends_goes_and_entities_follow(text: str) -> None:
    formatted = parse(f"  {text} \n", None, [MessageEntity(type="bold", offset=0, length=units(text) + 2)])
    assert formatted.text == text.strip()
    bold = [entity.extract_from(formatted.text) for entity in formatted.entities if entity.type == "bold"]
    assert bold == ([text.strip()] if text.strip() else [])


@given(TEXTS)
def test_aiogram_writes_html_that_parses_to_the_same_entities(text: str) -> None:
    entity = MessageEntity(type="italic", offset=0, length=units(text))
    parsed = html.parse(html_decoration.unparse(text, [entity]))
    assert parsed.text == text
    assert [(found.type, found.offset, found.length) for found in parsed.entities] == (
        [("italic", 0, units(text))] if text else []
    )
