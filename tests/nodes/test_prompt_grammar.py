"""The grammar of prompts: what brackets mean, and that no text is too strange for it."""

from __future__ import annotations

import contextlib
import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cost import cost
from hypothesis import given, settings
from hypothesis import strategies as st

from musegraph_nodes.diffusion.prompts import grammar
from musegraph_nodes.diffusion.prompts.grammar import (
    DEEPEST,
    ROUND,
    SQUARE,
    Break,
    Choice,
    Embedding,
    Lora,
    PromptError,
    Words,
    escape,
    parse,
)
from musegraph_nodes.diffusion.prompts.schedule import MOST_TEXTS, Span, timeline

PLAIN = st.text(st.characters(exclude_characters="()[]{}<>:|\\", exclude_categories=("Cs",))).map(
    lambda text: text.replace("BREAK", "break")
)
WEIGHT = st.integers(-400, 400).map(lambda hundredths: hundredths / 100)


def said(text: str, steps: int = 0) -> list[tuple[Any, ...]]:
    """The texts of a prompt as tuples (text, weight), None for a break, if nothing changes."""
    ((spans, ranges),) = timeline(parse(text), steps)
    assert ranges == ((0.0, 1.0),)
    return [None if span is None else (span.text, span.weight) for span in spans]  # type: ignore[misc]


def changes(text: str, steps: int = 0) -> list[tuple[str, Any]]:
    """The texts of a prompt without weights, and when each is said."""
    return [
        ("".join("|" if span is None else span.text for span in spans), ranges)
        for spans, ranges in timeline(parse(text), steps)
    ]


# What the documents of A1111 show, with what we take otherwise


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("normal text", [("normal text", 1)]),
        ("an (important) word", [("an ", 1), ("important", 1.1), (" word", 1)]),
        ("a [small] word", [("a ", 1), ("small", 1 / 1.1), (" word", 1)]),
        (r"\(literal\]", [("(literal]", 1)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        ("(very:1.3) much", [("very", 1.3), (" much", 1)]),
        ("( spaces : 1.3 )", [(" spaces ", 1.3)]),
        ("(less:.5)(none:0)(not:-1)", [("less", 0.5), ("none", 0), ("not", -1)]),
        ("((twice))", [("twice", 1.1 * 1.1)]),
        ("((a) b:2)", [("a", 2 * 1.1), (" b", 2)]),
        ("(16:9 film:1.2)", [("16:9 film", 1.2)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("at 12:30, a|b", [("at 12:30, a|b", 1)]),
        ("a BREAK b", [("a ", 1), None, (" b", 1)]),
        ("(a BREAK b:1.2)", [("a ", 1.2), None, (" b", 1.2)]),
        ("BREAKFAST and \\BREAK", [("BREAKFAST and BREAK", 1)]),
        (r"\a \\ c:\d", [("\\a \\ c:\\d", 1)]),
        ("（全角括号）和普通文字", [("（全角括号）和普通文字", 1)]),
        ("", []),
    ],
)
def test_brackets_weigh_what_they_enclose(text: str, meant: list[Any]) -> None:
    assert said(text) == meant


@pytest.mark.parametrize(
    ("text", "meant", "warned"),
    [
        ("(open", "(open", "the ( at character 1 has no partner and stands as it is; write \\("),
        ("smile :)", "smile :)", "the ) at character 8"),
        ("[ a", "[ a", "the [ at character 1"),
        ("a ] b {", "a ] b {", "the ] at character 3 has no partner and stands as it is, and so"),
        (")))", ")))", "and so do 2 more"),
    ],
)
def test_a_bracket_without_a_partner_is_literal_and_is_said(
    text: str, meant: str, warned: str
) -> None:
    assert said(text) == [(meant, 1)]
    assert warned in parse(text).warnings()[0]


def test_a_bracket_that_another_pair_encloses_is_literal_alone() -> None:
    assert said("[a ( b]") == [("a ( b", SQUARE)]
    assert said("(a ] b) c)") == [("a ] b", ROUND), (" c)", 1)]
    assert parse("[a ( b]").unbalanced == (4,)


def test_braces_without_a_choice_are_literal_and_not_warned_of() -> None:
    assert said("{a} {}") == [("{a} {}", 1)]
    assert parse("{a}").warnings() == []


def test_tags_are_taken_out_of_the_text() -> None:
    found = parse("a <lora:fur_v2:0.8> b <lora:ink> embedding:bad-hands. <embedding:neg/x>")
    assert [one for one in found.body if not isinstance(one, Words)] == [
        Lora("fur_v2", 0.8, 3),
        Lora("ink", 1.0, 23),
        Embedding("bad-hands", 34),
        Embedding("neg/x", 55),
    ]
    assert said("a<lora:x:1>b") == [("ab", 1)]
    assert said(r"a \<lora\:x:1> <b>") == [("a <lora:x:1> <b>", 1)]


def test_a_learned_word_is_weighted_like_others() -> None:
    ((spans, _),) = timeline(parse("(embedding:x:1.2) not_embedding:y"), 0)
    assert spans == (Span("x", 1.2, embedding=True), Span(" not_embedding:y"))


def test_a_choice_that_nobody_made_stands_as_it_is_written() -> None:
    assert said("a {red|(blue:1.2)} b") == [("a {red|", 1), ("blue", 1.2), ("} b", 1)]
    (found,) = [item for item in parse("a {red|{b|c}} d").walk() if isinstance(item, Choice)][:1]
    assert [("a {red|{b|c}} d")[a:b] for a, b in found.spans] == ["red", "{b|c}"]


def test_the_documented_grammar_is_the_one_that_stands_in_the_code() -> None:
    """And every example of its table is read without a warning."""
    folder = Path(grammar.__file__).parents[1]
    page = (folder / "README.md").read_text("utf-8").split("\n## Prompts\n")[1]
    documented = page.split("```ebnf\n")[1].split("```")[0]
    assert grammar.__doc__ is not None
    written = grammar.__doc__.split("::\n\n")[1].split("\n\n")[0]
    assert documented.split() == written.split()
    table = page.split("|---|---|\n")[1].split("\n\n")[0].replace("\\|", "|")
    examples = re.findall(
        r"`([^`]+)`", "".join(row.rsplit(" | ", 1)[0] for row in table.split("\n"))
    )
    assert len(examples) > 20
    for example in examples:
        timeline(parse(example), 20)
        assert parse(example).warnings() == []


# Schedules


def test_a_schedule_changes_the_text_at_its_moment() -> None:
    assert changes("a [cat:dog:0.25] b") == [
        ("a cat b", ((0.0, 0.25),)),
        ("a dog b", ((0.25, 1.0),)),
    ]
    assert changes("[a::0.5]") == [("a", ((0.0, 0.5),)), ("", ((0.5, 1.0),))]
    assert changes("[:b:0.5]") == changes("[b:0.5]")
    assert changes("[a:b: 12 ]", 20) == [("a", ((0.0, 0.6),)), ("b", ((0.6, 1.0),))]
    assert changes("[a:b:0]") == [("b", ((0.0, 1.0),))]
    assert changes("[a:b:1.0]") == [("a", ((0.0, 1.0),))]
    assert changes("[a:b:99]", 20) == [("a", ((0.0, 1.0),))]


def test_a_step_is_the_one_that_a_sampler_counts() -> None:
    for steps in range(1, 60):
        for step in range(1, steps):
            (_, before), (_, after) = changes(f"[a:b:{step}]", steps)
            counted = [i for i in range(steps) if before[0][0] <= i / steps < before[0][1]]
            assert counted == list(range(step))
            assert after == ((step / steps, 1.0),)


def test_alternation_takes_turns_at_every_step() -> None:
    assert changes("[a|b|]", 5) == [
        ("a", ((0.0, 0.2), (0.6, 0.8))),
        ("b", ((0.2, 0.4), (0.8, 1.0))),
        ("", ((0.4, 0.6),)),
    ]


def test_schedules_and_weights_nest() -> None:
    ((first, _), (second, _), (third, _)) = timeline(parse("[(a:2):[b:c:0.75]:0.5]"), 0)
    assert (first, second, third) == ((Span("a", 2),), (Span("b"),), (Span("c"),))
    assert changes("[[a|b]:c:2]", 4) == [
        ("a", ((0.0, 0.25),)),
        ("b", ((0.25, 0.5),)),
        ("c", ((0.5, 1.0),)),
    ]


# Refusals, each with the place and the remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a (b:101)", "the weight 101 at character 6 of the prompt is beyond ±100"),
        ("(a:" + "9" * 400 + ")", "the weight 999999999999… at character 4"),
        ("<lora:x:-200>", "the weight -200 at character 1"),
        ("[a:b:1.5]", "1.5 at character 6 of the prompt is no moment"),
        ("(" * 65 + "a" + ")" * 65, "nested more than 64 deep at character 65"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        parse(text)


@pytest.mark.parametrize(
    ("text", "steps", "words"),
    [
        ("[a|b]", 0, r"alternates at every step \(character 1\).*set steps to that of the sampler"),
        ("x [a:b:12]", 0, r"changes after step 12 \(character 3\)"),
        ("((a:50):50)", 0, "the weight 2500 at character 3"),
        (" ".join(f"[a{i}:b:{i}]" for i in range(1, 80)), 100, f"more than {MOST_TEXTS} different"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_its_place(
    text: str, steps: int, words: str
) -> None:
    with pytest.raises(PromptError, match=words):
        timeline(parse(text), steps)


# Whatever somebody writes


@given(st.text(st.sampled_from(list("ab 1.(:)[]{}|\\<>,BREAK\n")), max_size=60), st.integers(0, 7))
@settings(max_examples=400)
def test_any_text_is_a_prompt_or_is_refused_in_words(text: str, steps: int) -> None:
    try:
        found = timeline(parse(text), steps)
    except PromptError as error:
        refused = str(error)
        found = []
    if not found:
        assert re.search(r"character \d+", refused)
        return
    ranges = sorted(r for _, ranges in found for r in ranges)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 1
    assert all(a[1] == b[0] for a, b in pairwise(ranges))
    for spans, _ in found:
        assert all(span is None or math.isfinite(span.weight) for span in spans)


@given(PLAIN)
@settings(max_examples=200)
def test_a_text_without_special_characters_is_unchanged(text: str) -> None:
    assert said(text) == ([(text, 1)] if text else [])
    assert parse(text).warnings() == []
    assert escape(text) == text


@given(st.text(st.characters(exclude_categories=("Cs",))))
@settings(max_examples=300)
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    # A backslash before a character that needs no escape stands for itself, so it may be doubled.
    assert said(escape(text)) == ([(text, 1)] if text else [])


@given(PLAIN.filter(bool), st.lists(WEIGHT, min_size=1, max_size=5))
@settings(max_examples=200)
def test_weights_multiply(text: str, weights: list[float]) -> None:
    written = escape(text)
    for weight in weights:
        written = f"({written}:{weight})"
    product = math.prod(reversed(weights), start=1.0)
    if abs(product) > 100:
        with pytest.raises(PromptError, match="the weight"):
            said(written)
    else:
        ((found, weight),) = said(written)
        assert found == text
        assert weight == pytest.approx(product)


@given(PLAIN.filter(bool), st.integers(1, 20), st.booleans())
@settings(max_examples=100)
def test_each_bracket_counts_once(text: str, depth: int, square: bool) -> None:
    opened, closed = "[]" if square else "()"
    ((found, weight),) = said(opened * depth + text + closed * depth)
    assert found == text
    assert weight == pytest.approx((SQUARE if square else ROUND) ** depth)


@given(st.lists(PLAIN.filter(bool), min_size=1, max_size=4))
@settings(max_examples=100)
def test_a_weight_of_one_is_as_if_it_were_not_there(texts: list[str]) -> None:
    plain = "".join(texts)
    weighted = "".join(f"({text}:1.0)" if i % 2 else text for i, text in enumerate(texts))
    assert said(weighted) == said(plain)


def test_the_deepest_nesting_that_is_allowed_is_read() -> None:
    depth = DEEPEST - 1
    ((_, weight),) = said("(" * depth + "a" + ":1)" * depth)
    assert weight == 1


@pytest.mark.parametrize("text", ["(", "[(", "{|", "([]", "[:", "<lora:"])
def test_reading_takes_time_by_the_length_of_the_prompt(text: str) -> None:
    """No text makes the parser go over it again and again: eight times as long, not 64 times."""

    def seconds(length: int) -> float:
        many = text * (length // len(text)) + "])" * (length // 20)
        found = []
        for _ in range(3):
            with cost() as spent, contextlib.suppress(PromptError):
                parse(many)
            found.append(spent.seconds)
        return min(found)

    assert seconds(16_000) < 30 * max(seconds(2_000), 0.003)


def test_breaks_are_kept_in_their_places() -> None:
    kinds = [type(item) for item in parse("a BREAK BREAK b").body]
    assert kinds == [Words, Break, Words, Break, Words]
