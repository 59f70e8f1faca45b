"""Scores as sheet music: MusicXML in the order of its schema, whole bars, and nothing lost."""

from __future__ import annotations

import random
from collections import defaultdict
from xml.etree import ElementTree as xml

import pytest
from bands import STYLES, compose

from musegraph import (
    Engine,
    File,
    KeySignature,
    Message,
    Meter,
    NodeError,
    Note,
    Registry,
    Score,
    Store,
    Tempo,
    Track,
    Workflow,
)
from musegraph_nodes.music import pack
from musegraph_nodes.music.notation.musicxml import musicxml
from musegraph_nodes.music.notation.spelling import spelt
from musegraph_nodes.music.programs import DRUM_NAMES, PROGRAMS, instruments, program_of

# What may stand in each element of those that are written, in the order of the schema of
# MusicXML 4.0: how often at the least, and at the most.
SCHEMA: dict[str, tuple[tuple[str, int, int], ...]] = {
    "score-partwise": (("work", 0, 1), ("identification", 0, 1), ("part-list", 1, 1),
                       ("part", 1, 999)),
    "work": (("work-title", 0, 1),),
    "identification": (("creator", 0, 9), ("encoding", 0, 1)),
    "encoding": (("software", 0, 9),),
    "part-list": (("score-part", 1, 999),),
    "score-part": (("part-name", 1, 1), ("score-instrument", 0, 99), ("midi-instrument", 0, 99)),
    "score-instrument": (("instrument-name", 1, 1),),
    "midi-instrument": (("midi-channel", 0, 1), ("midi-program", 0, 1), ("midi-unpitched", 0, 1)),
    "part": (("measure", 1, 99_999),),
    "attributes": (("divisions", 0, 1), ("key", 0, 1), ("time", 0, 1), ("clef", 0, 1)),
    "key": (("fifths", 1, 1), ("mode", 0, 1)),
    "time": (("beats", 1, 1), ("beat-type", 1, 1)),
    "clef": (("sign", 1, 1), ("line", 0, 1)),
    "direction": (("direction-type", 1, 1), ("offset", 0, 1), ("sound", 0, 1)),
    "direction-type": (("metronome", 1, 1),),
    "metronome": (("beat-unit", 1, 1), ("per-minute", 1, 1)),
    "backup": (("duration", 1, 1),),
    "note": (("chord", 0, 1), ("pitch", 0, 1), ("unpitched", 0, 1), ("rest", 0, 1),
             ("duration", 1, 1), ("tie", 0, 2), ("instrument", 0, 1), ("voice", 0, 1),
             ("type", 0, 1), ("dot", 0, 1), ("time-modification", 0, 1), ("notehead", 0, 1),
             ("notations", 0, 1)),
    "pitch": (("step", 1, 1), ("alter", 0, 1), ("octave", 1, 1)),
    "unpitched": (("display-step", 1, 1), ("display-octave", 1, 1)),
    "time-modification": (("actual-notes", 1, 1), ("normal-notes", 1, 1)),
    "notations": (("tied", 0, 2), ("tuplet", 0, 2)),
}  # fmt: skip
ANY_ORDER = {"measure": {"attributes", "direction", "note", "backup"}}
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARES = {"whole": 192, "half": 96, "quarter": 48, "eighth": 24, "16th": 12, "32nd": 6, "64th": 3}


def conforms(element: xml.Element) -> None:
    names = [child.tag for child in element]
    if element.tag in ANY_ORDER:
        assert set(names) <= ANY_ORDER[element.tag]
    else:
        rows = SCHEMA.get(element.tag, ())
        known = [name for name, _, _ in rows]
        assert set(names) <= {*known}, element.tag
        assert names == sorted(names, key=known.index), element.tag
        for name, least, most in rows:
            assert least <= names.count(name) <= most, (element.tag, name)
    if element.tag == "note":
        assert sum(names.count(name) for name in ("pitch", "unpitched", "rest")) == 1
    for child in element:
        conforms(child)


def root_of(score: Score, **more: str) -> xml.Element:
    root = xml.fromstring(musicxml(score, **more).data)
    conforms(root)
    return root


def read(root: xml.Element) -> dict[str, list[tuple[int, int, int]]]:
    """By part, notes as start, end and pitch in 48ths of a quarter; bars are full and ties join."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for part in root.findall("part"):
        notes: list[tuple[int, int, int]] = []
        open_: dict[tuple[int, int], int] = {}
        now = 0
        for measure in part:
            begin, at, reached = now, now, set[int]()
            for one in measure:
                if one.tag == "backup":
                    reached.add(at)
                    at -= int(one.findtext("duration", ""))
                    assert at == begin
                if one.tag == "note":
                    at = _note(one, at, notes, open_)
            reached.add(at)
            assert len(reached) == 1, "voices of a bar are not of one length"
            now = at
        assert not open_, "a tie has no end"
        found[part.get("id", "")] = sorted(notes)
    return found


def _note(
    one: xml.Element, at: int, notes: list[tuple[int, int, int]], open_: dict[tuple[int, int], int]
) -> int:
    length = int(one.findtext("duration", ""))
    kind = one.findtext("type")
    if kind:
        named = SHARES[kind] * 3 // 2 if one.find("dot") is not None else SHARES[kind]
        assert named == (length * 3 // 2 if one.find("time-modification") is not None else length)
    if one.find("rest") is not None:
        return at + length
    start = at - length if one.find("chord") is not None else at
    ties = {tie.get("type") for tie in one.findall("tie")}
    assert ties == {tied.get("type") for tied in one.iterfind("notations/tied")}
    pitch = one.find("pitch")
    if pitch is not None:
        high = 12 * (int(pitch.findtext("octave", "")) + 1) + int(pitch.findtext("alter", "0"))
        high += STEPS[pitch.findtext("step", "")]
    else:
        instrument = one.find("instrument")
        assert instrument is not None
        high = int(instrument.get("id", "").rpartition("I")[2])
    key = (high, start)
    begun = open_.pop(key) if "stop" in ties else start
    if "start" in ties:
        open_[high, start + length] = begun
    else:
        notes.append((begun, start + length, high))
    return at if one.find("chord") is not None else at + length


def song(*notes: Note, name: str = "", **more: object) -> Score:
    return Score(480, (Track.of(notes, (), name),), **more)  # type: ignore[arg-type]


def heard(score: Score) -> list[tuple[int, int, int]]:
    (notes,) = read(root_of(score)).values()
    return notes


def test_notes_come_back_as_they_were_written() -> None:
    draw = random.Random(1)
    for _ in range(40):
        notes, at = [], 0
        for _ in range(30):
            length = draw.choice((120, 240, 360, 480, 720, 960, 1920, 2400))
            if draw.random() < 0.8:
                high = draw.sample(range(40, 90), draw.choice((1, 1, 3)))
                notes += [Note(at, length, pitch) for pitch in high]
            at += length
        meter = draw.choice((Meter(0, 4, 4), Meter(0, 3, 4), Meter(0, 7, 8), Meter(0, 5, 16)))
        made = heard(song(*notes, meters=(meter,), keys=(KeySignature(0, -3, True),)))
        assert made == sorted((n.start // 10, n.end // 10, n.pitch) for n in notes)


def test_triplets_and_32nds_are_told_from_sixteenths() -> None:
    thirds = [Note(960 + index * 160, 160, 60 + index) for index in range(3)]
    fine = [Note(1440 + index * 60, 60, 70) for index in range(8)]
    root = root_of(song(Note(0, 120, 50), *thirds, *fine))
    assert read(root)["P1"] == sorted(
        [(0, 12, 50), *((96 + 16 * i, 112 + 16 * i, 60 + i) for i in range(3)),
         *((144 + 6 * i, 150 + 6 * i, 70) for i in range(8))]
    )  # fmt: skip
    marks = [mark.get("type") for mark in root.iter("tuplet")]
    assert marks == ["start", "stop"]


def test_played_a_little_early_or_late_it_is_written_straight() -> None:
    draw = random.Random(2)
    notes = [Note(max(i * 240 + draw.randint(-18, 18), 0), 200, 60 + i % 5) for i in range(64)]
    made = heard(song(*notes))
    assert [(start, pitch) for start, _, pitch in made] == [(i * 24, 60 + i % 5) for i in range(64)]


def test_voices_that_overlap_are_written_beside_each_other() -> None:
    held = (Note(0, 1920, 40), Note(0, 480, 60), Note(480, 480, 62), Note(960, 960, 64))
    assert heard(song(*held)) == sorted((n.start // 10, n.end // 10, n.pitch) for n in held)


def test_more_at_once_than_a_staff_has_voices_is_shortened_and_not_lost() -> None:
    many = [Note(index * 240, 4000, 40 + index) for index in range(12)]
    made = heard(song(*many))
    assert [(start, pitch) for start, _, pitch in made] == [(i * 24, 40 + i) for i in range(12)]
    together = [Note(0, 480 * (index + 1), 40 + index) for index in range(7)]
    assert {pitch for _, _, pitch in heard(song(*together))} == set(range(40, 47))


@pytest.mark.parametrize("style", STYLES)
def test_pieces_of_bands_are_written_in_the_order_of_the_schema(style: str) -> None:
    score = compose(5, style).score
    parts = read(root_of(score, title="A <piece> & more", composer="Nobody"))
    assert len(parts) == len(score.tracks)
    for track, notes in zip(score.tracks, parts.values(), strict=True):
        assert {pitch for _, _, pitch in notes} == {note.pitch for note in track.notes}


def test_tempos_meters_and_keys_stand_in_their_bars() -> None:
    score = song(
        Note(0, 1920 * 3, 60),
        tempos=(Tempo(0, 500_000), Tempo(2400, 1_000_000)),
        meters=(Meter(0, 4, 4), Meter(1920, 3, 4)),
        keys=(KeySignature(0, 2), KeySignature(1920, -9)),
    )
    root = root_of(score)
    second = root.findall("part/measure")[1]
    assert second.findtext("attributes/time/beats") == "3"
    assert second.findtext("attributes/key/fifths") == "-7"
    assert second.findtext("direction/offset") == "48"
    assert [sound.get("tempo") for sound in root.iter("sound")] == ["120", "60"]
    assert read(root)["P1"] == [(0, 576, 60)]


def test_parts_have_names_programs_and_drums_their_instruments() -> None:
    band = Score(480, (
        Track.of([Note(0, 480, 60, 90, 3)], [Message(0, b"\xc3\x28")]),
        Track.of([Note(0, 480, 36, 45, 9), Note(0, 480, 42, 45, 9)], (), "Kit \x01"),
    ))  # fmt: skip
    root = root_of(band)
    assert [name.text for name in root.iter("part-name")] == ["Violin", "Kit"]
    assert [one.text for one in root.iter("midi-program")] == ["41", "1", "1"]
    assert [one.text for one in root.iter("midi-unpitched")] == ["37", "43"]
    assert [note.get("dynamics") for note in root.iter("note") if note.get("dynamics")] == [
        "100.0", "50.0", "50.0",
    ]  # fmt: skip
    assert read(root)["P2"] == [(0, 48, 36), (0, 48, 42)]


@pytest.mark.parametrize(
    ("pitches", "sharps", "minor", "names"),
    [
        ((60, 61, 63, 66, 70), 0, False, "C4 C#4 Eb4 F#4 Bb4"),
        ((68, 66, 70, 63), 0, True, "G#4 F#4 Bb4 Eb4"),
        ((66, 71, 59), -5, False, "Gb4 Cb5 Cb4"),
        ((60, 72, 65), 7, False, "B#3 B#4 E#4"),
        ((63, 68, 70), -3, True, "Eb4 Ab4 Bb4"),
    ],
)
def test_pitches_are_spelt_as_their_key_has_them(
    pitches: tuple[int, ...], sharps: int, minor: bool, names: str
) -> None:
    made = [spelt(pitch, sharps, minor) for pitch in pitches]
    signs = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
    assert " ".join(f"{step}{signs[alter]}{octave}" for step, alter, octave in made) == names


def test_a_spelt_pitch_sounds_what_it_was() -> None:
    for sharps in range(-7, 8):
        for minor in (False, True):
            for pitch in range(128):
                step, alter, octave = spelt(pitch, sharps, minor)
                assert 12 * (octave + 1) + STEPS[step] + alter == pitch
                assert -2 <= alter <= 2


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(NodeError, match="no notes"):
        musicxml(song())
    with pytest.raises(NodeError, match=r"bars of 4/128"):
        musicxml(song(Note(0, 1, 60), meters=(Meter(0, 4, 128),)))
    with pytest.raises(NodeError, match="more than 20,000 bars"):
        musicxml(song(Note(2**27, 1, 60)))


def test_the_node_makes_a_file_by_its_name() -> None:
    nodes = {
        "tune": {"type": "music.abc", "values": {"text": "K:C\nCDEF"}},
        "sheet": {"type": "music.musicxml", "values": {"name": "tune"},
                  "links": {"score": "tune.score"}},
    }  # fmt: skip
    registry = Registry()
    registry.add(pack)
    with Engine(registry, Store()) as engine:
        work = Workflow.parse({"musegraph": 1, "outputs": {"o": "sheet.out"}, "nodes": nodes})
        made = engine.run(engine.plan(work)).outputs()["o"]
    assert isinstance(made, File)
    assert made.name == "tune.musicxml"
    assert made.data.startswith(b"<?xml")


# -- instruments by name ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "program"),
    [("Violin", 40), (" acoustic  BASS ", 32), ("piano", 0), ("double bass", 43), ("127", 127),
     ("Shakuhachi", 77), ("church", 19), ("strings", 48)],
)  # fmt: skip
def test_instruments_are_known_by_names_and_numbers(text: str, program: int) -> None:
    assert program_of(text) == program


@pytest.mark.parametrize(("text", "hint"), [("violn", "Violin"), ("128", "0 to 127"),
                                            ("synth", "Synth Bass 1")])  # fmt: skip
def test_an_unknown_instrument_is_refused_with_those_that_are_like_it(text: str, hint: str) -> None:
    with pytest.raises(NodeError, match=rf"is no instrument.*{hint}"):
        program_of(text)


def test_there_are_128_programs_and_no_name_twice() -> None:
    assert len({*PROGRAMS}) == 128
    assert len({*DRUM_NAMES.values()}) == len(DRUM_NAMES) == 47


def test_parts_get_the_instruments_that_are_chosen_and_drums_none() -> None:
    old = [Message(0, b"\xb1\x00\x08"), Message(0, b"\xc1\x05"), Message(960, b"\xc1\x06")]
    other = [Message(0, b"\xb1\x07\x50")]
    band = Score(480, (
        Track.of([Note(0, 480, 60, 90, 1)], [*old, *other], "One"),
        Track.of([Note(0, 480, 36, 90, 9)]),
        Track.of([Note(0, 480, 60, 90, 2)], [Message(0, b"\xc2\x07")]),
        Track.of([Note(0, 480, 60, 90, 3), Note(0, 480, 60, 90, 4)]),
    ))  # fmt: skip
    made = instruments(band, "Violin, , cello")
    assert [track.programs for track in made.tracks] == [{1: 40}, {}, {2: 7}, {3: 42, 4: 42}]
    assert other[0] in made.tracks[0].events
    assert not any(event in made.tracks[0].events for event in old)
    by_channel: dict[int, list[Note]] = defaultdict(list)
    for note in made.notes:
        by_channel[note.channel].append(note)
    assert {channel: len(own) for channel, own in by_channel.items()} == {
        1: 1,
        2: 1,
        3: 1,
        4: 1,
        9: 1,
    }
    with pytest.raises(NodeError, match="no part but drums"):
        instruments(Score(480, (band.tracks[1],)), "piano")
