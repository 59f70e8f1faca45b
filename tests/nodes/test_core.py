"""Pack `core`, called as plain functions."""

import math
import subprocess
import sys

import pytest

from musegraph import UNSET, NodeError
from musegraph_nodes import core


def test_the_pack_opens_without_heavy_libraries() -> None:
    code = (
        "import sys, musegraph_nodes.core as c, musegraph_nodes.image as i; c.pack.types; "
        "[t.schema() for p in (c.pack, i.pack) for t in p.types.values()]; "
        "print(sorted({'torch', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_node_says_in_a_sentence_what_it_computes_and_has_a_version() -> None:
    for id, node in core.pack.types.items():
        assert node.text.split("\n")[0].endswith("."), id
        assert node.version == "1", id


def test_the_nodes_that_the_engine_recommends_exist() -> None:
    wanted = ("first", "flatten", "product", "round", "to_text", "to_number")
    assert {f"core.{name}" for name in wanted} <= core.pack.types.keys()


# Texts


def test_texts_are_joined_without_empty_ones() -> None:
    assert core.join(["a", " ", "b"], ", ") == "a, b"
    assert core.join(["a", "", "b"], "-", skip_empty=False) == "a--b"
    assert core.join([]) == ""


def test_a_template_is_filled_with_named_values() -> None:
    values = {"place": "harbour", "n": 3, "x": 0.5, "whole": 2.0, "list": [1, "ä"], "yes": True}
    text = core.template("{place}: {n} {x} { whole } {list} {yes} {{plain}}", values)
    assert text == 'harbour: 3 0.5 2 [1, "ä"] true {plain}'


@pytest.mark.parametrize(
    ("text", "values", "words"),
    [
        ("{a}", {"b": 1, "c": 2}, "no value is named 'a'; there are b, c"),
        ("{a}", {}, "none at all"),
        ("{a", {"a": 1}, "stands alone"),
        ("{a}", [1], "have to be an object"),
    ],
)
def test_a_template_says_what_is_missing(text: str, values: object, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        core.template(text, values)


def test_texts_are_compared_and_replaced() -> None:
    assert core.compare_texts("Harbour", "bour", "contains")
    assert core.compare_texts("Harbour", "harBOUR", ignore_case=True)
    assert not core.compare_texts("Harbour", "H", "ends with")
    assert core.replace("a.b.a", "a", "c") == "c.b.c"


# Numbers


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a + b * c", 14.0),
        ("(a + b) * c", 20.0),
        ("-a ** 2", -4.0),
        ("2 ^ 10", 1024.0),
        ("b // a + b % a", 2.0),
        ("max(a, b, c) - min(a, b)", 2.0),
        ("sqrt(c * c) + abs(-b) + floor(1.5) + ceil(1.5)", 10.0),
        ("round(7.126, 2)", 7.13),
        ("clamp(10, 0, b)", 3.0),
        ("hypot(b, c)", 5.0),
        ("cos(pi) + log(e)", 0.0),
        ("atan2(0, 1) + log2(8) + log(8, 2)", 6.0),
        ("1e3", 1000.0),
    ],
)
def test_arithmetic_is_worked_out(expression: str, value: float) -> None:
    assert core.calculate(expression, a=2.0, b=3.0, c=4.0) == pytest.approx(value)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("a +", "is no expression"),
        ("", "is no expression"),
        ("a / 0", "divides by zero"),
        ("10 ** 1000", "too large"),
        ("9 ** 9 ** 9 ** 9", "too large"),
        ("(-8) ** 0.5", "no real number"),
        ("sqrt(-1)", "no value among the real numbers"),
        ("x + 1", "'x' is not known here"),
        ("max + 1", r"it is a function, write max\(…\)"),
        ("eval(1)", "there is no function 'eval'"),
        ("sqrt(1, 2)", "takes 1 numbers, and is given 2"),
        ("a.real", "is not arithmetic"),
        ("[a][0]", "is not arithmetic"),
        ("a if b else c", "is not arithmetic"),
        ("'x' * 9", "is not a number"),
        ("True + 1", "is not a number"),
        ("max(*a)", "is not arithmetic"),
        ("__import__('os').system('x')", "is not arithmetic"),
        ("1e308 * 10", "no finite number"),
        ("(" * 240 + "a" + ")" * 240, "is no expression"),
    ],
)
def test_what_is_no_arithmetic_is_refused_in_words(expression: str, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        core.calculate(expression, a=1.0)


@pytest.mark.parametrize(
    ("number", "direction", "multiple", "whole"),
    [
        (2.5, "nearest", 1, 3),
        (-2.5, "nearest", 1, -2),
        (2.4, "nearest", 1, 2),
        (-2.1, "down", 1, -3),
        (2.1, "up", 1, 3),
        (100.0, "nearest", 64, 128),
        (95.0, "nearest", 64, 64),
        (65.0, "up", 64, 128),
    ],
)
def test_numbers_are_rounded(number: float, direction: str, multiple: int, whole: int) -> None:
    result = core.rounded(number, direction, multiple)  # type: ignore[arg-type]
    assert result == whole
    assert isinstance(result, int)


def test_a_number_beyond_the_integers_is_not_rounded() -> None:
    with pytest.raises(NodeError, match="too large for an integer"):
        core.rounded(1e17)


def test_numbers_are_compared() -> None:
    assert core.compare(2, 1, "greater")
    assert not core.compare(1.0, 1.05, "less", tolerance=0.1)
    assert core.compare(1.0, 1.05, "equal", tolerance=0.1)
    assert core.compare(1, 1, "at least")
    assert core.compare(1, 1, "at most")
    assert core.compare(1, 2, "not equal")


def test_answers_are_joined_and_turned() -> None:
    assert [core.logic(a, b, "either") for a, b in ((True, True), (True, False))] == [False, True]
    assert core.logic(True, False, "or")
    assert not core.logic(True, False, "and")
    assert core.negate(False)


def test_numbers_become_text() -> None:
    assert core.to_text(7) == "7"
    assert core.to_text(7.0) == "7"
    assert core.to_text(0.1) == "0.1"
    assert core.to_text(2**53 - 1) == "9007199254740991"
    assert core.to_text(math.pi, 2, "π = ", "…") == "π = 3.14…"


def test_text_becomes_a_number_or_an_error_in_words() -> None:
    assert core.to_number(" -1.5e2 ") == -150
    with pytest.raises(NodeError, match="decimal point as a point"):
        core.to_number("1,5")
    with pytest.raises(NodeError, match="no number"):
        core.to_number("many")
    with pytest.raises(NodeError, match="no finite number"):
        core.to_number("1e999")


# Lists


def test_ranges_seeds_and_lines_are_listed() -> None:
    assert core.number_range(1.0, 0.5, 3) == [1.0, 1.5, 2.0]
    assert core.number_range(count=0) == []
    assert core.seeds(7, 3) == [7, 8, 9]
    assert core.lines("one\n\n  two \r\nthree") == ["one", "two", "three"]
    with pytest.raises(NodeError, match="beyond the last one"):
        core.seeds(2**53 - 2, 3)


def test_lists_are_cut_counted_and_flattened() -> None:
    items = ["a", "b", "c", "d"]
    assert core.take(items, 2, 1) == ["b", "c"]
    assert core.take(items, 9, -3) == ["b", "c", "d"]
    assert core.take(items, 2, -9) == ["a", "b"]
    assert core.pick(items, -1) == "d"
    assert core.count(items) == 4
    assert core.repeat("x", 3) == ["x", "x", "x"]
    assert core.flatten([[1], [], [2, 3]]) == [1, 2, 3]


def test_an_item_that_is_not_there_is_named() -> None:
    with pytest.raises(NodeError, match="no item 3: the list holds 2, 0 to 1"):
        core.pick([1, 2], 3)
    with pytest.raises(NodeError, match="the list is empty"):
        core.pick([], 0)


def test_the_product_pairs_everything_and_b_changes_fastest() -> None:
    pairs = core.product([1, 2], ["x", "y", "z"])
    assert pairs.a == [1, 1, 1, 2, 2, 2]
    assert pairs.b == ["x", "y", "z", "x", "y", "z"]
    assert core.product([], [1]) == ([], [])
    with pytest.raises(NodeError, match="1000 × 1000 are 1,000,000 pairs"):
        core.product([0] * 1000, [0] * 1000)


# Branches


def test_a_condition_opens_one_way_and_leaves_the_other_unset() -> None:
    assert core.choose(True, 5) == (5, UNSET)
    opened = core.choose(False, None)
    assert opened.yes is UNSET
    assert opened.no is None


def test_the_first_that_is_there_is_given_on() -> None:
    assert core.first(None, 0, 1) == 0
    assert core.first(d="x") == "x"
    with pytest.raises(NodeError, match="none of a, b, c and d is there"):
        core.first()


# JSON


def test_fields_are_read_by_json_pointer() -> None:
    value = {"scenes": [{"title": "dusk"}], "a/b": 1, "m~n": 2, "": 3}
    assert core.get(value, "/scenes/0/title") == "dusk"
    assert core.get(value, "") == value
    assert core.get(value, "/a~1b") == 1
    assert core.get(value, "/m~0n") == 2
    assert core.get(value, "/") == 3


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/b", "no field 'b'; there are 'a'"),
        ("/a/2", "no item '2': the list holds 2, 0 to 1"),
        ("/a/-1", "no item '-1'"),
        ("/a/0/x", "which has no fields"),
    ],
)
def test_a_field_that_is_not_there_is_named(path: str, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        core.get({"a": [1, 2]}, path)


def test_fields_are_written_without_changing_what_was_given() -> None:
    value = {"a": [1, {"b": 2}]}
    assert core.put(3, "/a/1/b", value) == {"a": [1, {"b": 3}]}
    assert core.put(3, "/a/-", value) == {"a": [1, {"b": 2}, 3]}
    assert core.put(7, "/seed/first") == {"seed": {"first": 7}}
    assert core.put(1, "", value) == 1
    assert value == {"a": [1, {"b": 2}]}
    with pytest.raises(NodeError, match="cannot be written into 1"):
        core.put(0, "/a/0/x", value)


def test_json_is_told_apart_by_kind() -> None:
    assert core.json_text("x") == "x"
    assert core.json_text({"b": 1, "a": [2.0, 0.5]}) == '{"a": [2, 0.5], "b": 1}'
    assert core.json_text(None) == "null"
    assert core.json_number(3) == 3.0
    assert core.json_items([1, "a"]) == [1, "a"]
    for wrong in (True, "3", None):
        with pytest.raises(NodeError, match="is no number"):
            core.json_number(wrong)
    with pytest.raises(NodeError, match="is no list"):
        core.json_items({"a": 1})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON: .* at line 1, column 2"),
        ("NaN", "NaN is not a JSON number"),
        ("12345678901234567890", "beyond"),
        ("1e999", "beyond the range"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_text_that_is_no_json_is_refused_in_words(text: str, words: str) -> None:
    assert core.parse_json('{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    with pytest.raises(NodeError, match=words):
        core.parse_json(text)
