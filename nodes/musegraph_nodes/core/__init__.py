"""Pack `core`: texts, numbers, lists, branches and JSON."""

from pathlib import Path

from musegraph import Pack

from .branches import choose, first
from .fields import get, json_items, json_number, json_text, parse_json, put
from .lists import count, flatten, lines, number_range, pick, product, repeat, seeds, take
from .numbers import (
    boolean,
    calculate,
    compare,
    integer,
    logic,
    negate,
    number,
    rounded,
    seed,
    to_number,
    to_text,
)
from .strings import compare_texts, join, replace, template, text

pack = Pack(
    "core",
    nodes=[
        text,
        join,
        template,
        replace,
        compare_texts,
        integer,
        number,
        boolean,
        seed,
        calculate,
        rounded,
        compare,
        logic,
        negate,
        to_text,
        to_number,
        number_range,
        seeds,
        lines,
        repeat,
        take,
        pick,
        count,
        flatten,
        product,
        choose,
        first,
        get,
        put,
        json_text,
        json_number,
        json_items,
        parse_json,
    ],
    version="1.0.0",
    title="Core",
    texts=Path(__file__).parent / "texts",
)
