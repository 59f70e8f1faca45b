"""Files that were changed at random are read or refused in words; ``make soak`` has many more."""

from __future__ import annotations

import warnings

import pytest
from fuzzed import SLOW, Reader, readers

READERS = readers()


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_was_changed_at_random_is_read_or_refused_in_words(name: str) -> None:
    reader: Reader = READERS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a decoder says to itself
        reader.trial(400, seed=5)
    assert reader.seen["refused"] > 20, "most of the changes do harm"
    assert reader.seen.keys() == {"read", "refused"}, "a refusal is one line"
    assert reader.decodes or reader.slowest < SLOW
