"""Prompts with choices in them: one by a seed, or all."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musegraph import NodeError
from musegraph_nodes.diffusion.prompts.grammar import PromptError
from musegraph_nodes.diffusion.prompts.wildcards import (
    counted,
    prompt_permutations,
    prompt_wildcards,
)

LISTS = {"colour": ["red", "deep blue"], "thing": ["a __colour__ boat", "{one|two} birds"]}


def test_every_prompt_of_the_choices_is_listed_the_last_changing_fastest() -> None:
    assert prompt_permutations("a {red|blue} {cat|dog|} x") == [
        "a red cat x",
        "a red dog x",
        "a red  x",
        "a blue cat x",
        "a blue dog x",
        "a blue  x",
    ]
    assert prompt_permutations("no choice {here} (at:1.2) all") == ["no choice {here} (at:1.2) all"]


def test_choices_stand_inside_choices_weights_and_schedules() -> None:
    assert prompt_permutations("{a {1|2}|b}") == ["a 1", "a 2", "b"]
    assert prompt_permutations(r"([{a|(b:1.2)}:\{c\|d\}:0.5] <lora:x:1>:1.1)") == [
        r"([a:\{c\|d\}:0.5] <lora:x:1>:1.1)",
        r"([(b:1.2):\{c\|d\}:0.5] <lora:x:1>:1.1)",
    ]


def test_a_list_is_a_choice_of_its_entries_and_an_unknown_one_stands() -> None:
    assert prompt_permutations("__thing__ by __night__", LISTS) == [
        "a red boat by __night__",
        "a deep blue boat by __night__",
        "one birds by __night__",
        "two birds by __night__",
    ]
    assert prompt_permutations("snake__colour__case __colour", LISTS) == [
        "snake__colour__case __colour"
    ]


def test_a_seed_chooses_always_the_same_and_others_choose_others() -> None:
    made = [prompt_wildcards("{a|b|c} __thing__", seed, LISTS) for seed in range(60)]
    assert made == [prompt_wildcards("{a|b|c} __thing__", seed, LISTS) for seed in range(60)]
    assert set(made) == set(prompt_permutations("{a|b|c} __thing__", LISTS))


def test_what_a_seed_chooses_never_changes() -> None:
    """A saved workflow has to give the same prompt in later versions of Python too."""
    assert [prompt_wildcards("{a|b|c|d}{1|2|3}", seed) for seed in range(6)] == [
        "d3",
        "a3",
        "d3",
        "a2",
        "a1",
        "c3",
    ]


def test_shares_count_when_a_seed_chooses() -> None:
    made = Counter(prompt_wildcards("{3::a|1::b}", seed) for seed in range(400))
    assert 260 < made["a"] < 340
    assert made["a"] + made["b"] == 400
    assert {prompt_wildcards("{0::a|b}", seed) for seed in range(50)} == {"b"}
    assert prompt_permutations("{3::a|.5::b}") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("{a|b}" * 7, {}, "give 128 prompts, and at most 64 are wanted"),
        ("{a|b}" * 200, {"most": 10_000}, "at most 10,000 are wanted"),
        ("__x__", {"lists": {"x": "y"}}, "an object of lists of texts"),
        ("__x__", {"lists": {"x": []}}, "an object of lists of texts"),
        ("__x__", {"lists": {"x": ["a __x__"]}}, "somewhere one names itself"),
    ],
)
def test_what_cannot_be_listed_is_refused_in_words(
    text: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(NodeError, match=words):
        prompt_permutations(text, **options)


@given(st.text(st.sampled_from(list("ab{}|(\\_:1.")), max_size=30), st.integers(0, 2**53 - 1))
@settings(max_examples=200)
def test_what_a_seed_chooses_is_one_of_all(text: str, seed: int) -> None:
    try:
        one = prompt_wildcards(text, seed)
    except PromptError:
        return
    if counted(text, {}) <= 500:
        listed = prompt_permutations(text, most=500)
        assert len(listed) == counted(text, {})
        assert one in listed


def test_choosing_leaves_the_randomness_of_the_process_alone() -> None:
    random.seed(1)
    before = random.getstate()
    prompt_wildcards("{a|b}", 7)
    assert random.getstate() == before
