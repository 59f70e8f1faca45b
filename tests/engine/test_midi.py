"""Scores: to MIDI files and back without loss, from files of all kinds, and from none that are."""

from __future__ import annotations

import io
import random
import struct
from collections import Counter
from typing import Any

import mido
import pytest

from musegraph import KeySignature, Message, Meter, NodeError, Note, Score, Tempo, Track
from musegraph.values import codec, files, identity
from musegraph.values.midi import MOST_MESSAGES, MidiError, read_midi, write_midi

TIMES = (0, 0, 0, 1, 5, 120, 0x7F, 0x80, 0x4000, 1_000_000)


def message(draw: random.Random) -> Any:
    """Anything that may stand in a file, odd things as often as usual ones."""
    channel, pitch, value = draw.choice((0, 1, 9, 15)), draw.randrange(50, 56), draw.randrange(128)
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("note_on", {"channel": channel, "note": pitch, "velocity": draw.choice((0, 1, 127))}),
        ("note_on", {"channel": channel, "note": pitch, "velocity": 80}),
        ("note_off", {"channel": channel, "note": pitch, "velocity": value}),
        ("control_change", {"channel": channel, "control": 64, "value": value}),
        ("program_change", {"channel": channel, "program": value}),
        ("pitchwheel", {"channel": channel, "pitch": draw.randrange(-8192, 8192)}),
        ("aftertouch", {"channel": channel, "value": value}),
        ("polytouch", {"channel": channel, "note": pitch, "value": value}),
        ("sysex", {"data": [draw.randrange(128) for _ in range(draw.randrange(200))]}),
        ("set_tempo", {"tempo": draw.randrange(1, 1 << 24)}),
        ("time_signature", {"numerator": draw.randrange(1, 13), "denominator": 1 << value % 6}),
        ("key_signature", {"key": draw.choice(("C", "F#m", "Bb", "Cb"))}),
        ("lyrics", {"text": "la"}),
        ("text", {"text": "\xe4" * draw.choice((0, 1, 200))}),
        ("sequencer_specific", {"data": (1, 2, 255)}),
    )
    kind, settings = draw.choice(kinds)
    meta = kind in {"set_tempo", "time_signature", "key_signature", "lyrics", "text"}
    make = mido.MetaMessage if meta or kind == "sequencer_specific" else mido.Message
    return make(kind, time=draw.choice(TIMES), **settings)


def file_of(seed: int) -> bytes:
    """A file with running status, as mido writes it."""
    draw = random.Random(seed)
    made = mido.MidiFile(type=draw.choice((0, 1)), ticks_per_beat=draw.choice((1, 24, 480, 32767)))
    for number in range(1 if made.type == 0 else draw.randrange(1, 6)):
        track = mido.MidiTrack()
        if draw.random() < 0.7:
            track.append(mido.MetaMessage("track_name", name=f"Track {number}", time=0))
        track += [message(draw) for _ in range(draw.randrange(80))]
        made.tracks.append(track)
    stream = io.BytesIO()
    made.save(file=stream)
    return stream.getvalue()


def heard(data: bytes) -> Counter[Any]:
    """What happens when in which track; tempos are of no track, and a note has one way to end."""
    found: Counter[Any] = Counter()
    for number, track in enumerate(mido.MidiFile(file=io.BytesIO(data)).tracks):
        time = 0
        for one in track:
            time += one.time
            if one.type == "note_on" and one.velocity == 0:
                one = mido.Message("note_off", channel=one.channel, note=one.note, velocity=64)
            where = 0 if one.type == "set_tempo" else number
            if one.type != "end_of_track":
                found[where, time, str(one.copy(time=0))] += 1
    return found


def check_that_it_comes_back(seed: int) -> None:
    """A file that was drawn; the soak draws others."""
    data = file_of(seed)
    score = read_midi(data)
    again = write_midi(score)
    assert identity(read_midi(again)) == identity(score), seed
    before, after = heard(data), heard(again)
    assert not before - after, seed
    # A note that nobody let go ends with its track.
    assert all("note_off" in key[2] for key in (after - before)), seed


def test_odd_files_come_back_with_everything_as_another_reader_hears_it() -> None:
    for seed in range(150):
        check_that_it_comes_back(seed)


def test_a_score_is_kept_as_any_value_is() -> None:
    score = read_midi(file_of(3))
    again = codec.decode(b"".join(codec.encode(score)))
    assert isinstance(again, Score)
    assert identity(again) == identity(score)
    assert again.tracks == score.tracks
    assert (again.tempos, again.meters, again.keys) == (score.tempos, score.meters, score.keys)


def test_notes_tempos_meters_and_keys_are_what_a_musician_calls_them() -> None:
    bass = Track.of(
        [Note(480, 240, 40), Note(0, 480, 36, 100, 2)], [Message(0, b"\xc2\x21")], "Bass"
    )
    score = Score(
        480,
        (bass, Track.of([Note(0, 0, 38, 1, 9)])),
        (Tempo(0, 500_000), Tempo(480, 1_000_000)),
        (Meter(0, 3, 4),),
        (KeySignature(0, -3, True),),
    )
    again = read_midi(write_midi(score))
    assert again.tracks[0].name == "Bass"
    assert again.tracks[0].programs == {2: 0x21}
    assert again.tracks[1].channels == [9]
    assert again.notes[0] == Note(0, 0, 38, 1, 9)
    assert [note.start for note in bass.notes] == [0, 480]
    assert (again.tempos[1].bpm, again.meters, again.keys) == (60.0, score.meters, score.keys)
    assert score.end == 720
    assert score.seconds == 0.5 + 0.5
    assert score.clock().ticks(0.75) == 600


def test_a_file_that_counts_frames_lasts_as_long_as_it_says() -> None:
    body = b"\x00\x90\x40\x40" + b"\x82\x2c\x80\x40\x40" + b"\x00\xff\x2f\x00"
    for frames, rate in ((24, 24.0), (25, 25.0), (29, 30_000 / 1001), (30, 30.0)):
        head = struct.pack(">4sIHHbB", b"MThd", 6, 0, 1, -frames, 4)
        score = read_midi(head + struct.pack(">4sI", b"MTrk", len(body)) + body)
        assert score.seconds == pytest.approx(300 / (rate * 4), rel=1e-12)


def test_a_tempo_in_a_file_that_counts_frames_holds_as_little_once_it_is_saved() -> None:
    body = b"\x10\xff\x51\x03\x01\x02\x03" + b"\x00\x90\x40\x40" + b"\x20\xff\x2f\x00"
    head = struct.pack(">4sIHHbB", b"MThd", 6, 0, 1, -30, 1)
    score = read_midi(head + struct.pack(">4sI", b"MTrk", len(body)) + body)
    again = read_midi(write_midi(score))
    assert again.tempos == score.tempos
    assert again.seconds == score.seconds


HEAD = b"MThd\0\0\0\6\0\0\0\1\0\x60"


def track(body: bytes) -> bytes:
    return HEAD + struct.pack(">4sI", b"MTrk", len(body)) + body


NONE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is no Standard MIDI File"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(20), "is no Standard MIDI File"),
    "a head alone": (HEAD, "track 1 is missing"),
    "a head of no tracks": (b"MThd\0\0\0\6\0\1\0\0\0\x60", "0 tracks"),
    "songs": (b"MThd\0\0\0\6\0\2\0\1\0\x60", "several songs"),
    "no time": (b"MThd\0\0\0\6\0\0\0\1\0\0", "counts time in 0"),
    "cut off": (track(bytes(20))[:-3], "cut off in track 1"),
    "no status": (track(b"\0\x40\x40"), "no status"),
    "a number without end": (track(b"\xff" * 9), "beyond four bytes"),
    "a message cut short": (track(b"\0\x90\x40\x80\x40\x40"), "cut short by the next"),
    "an unknown status": (track(b"\0\xf4\0\0"), "no message 0xf4"),
    "a text longer than its track": (track(b"\0\xff\1\x7fabc"), "longer than its track"),
    "half a message": (track(b"\0\x90\x40"), "longer than its track"),
    "a length alone": (track(b"\0\xff"), "the middle of a message"),
    "hours of silence": (track(b"\xff\xff\xff\x7f\x90\x40\x40" * 40), "longer than any music"),
    "endless running status": (track(b"\0\x90\x40\x40" + b"\0\x40\0" * MOST_MESSAGES), "messages"),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_midi_is_refused_in_words(name: str) -> None:
    data, said = NONE[name]
    with pytest.raises(MidiError, match=said):
        read_midi(data)
    with pytest.raises(NodeError, match=r"'x\.mid' cannot be read as MIDI"):
        files.read("Score", data, "audio/midi", "x.mid")


def changed(data: bytes, draw: random.Random) -> bytes:
    """A file with some bytes exchanged, and perhaps cut off."""
    made = bytearray(data)
    for _ in range(draw.randrange(1, 6)):
        made[draw.randrange(len(made))] = draw.randrange(256)
    return bytes(made[: draw.choice((len(made), draw.randrange(len(made))))])


def test_changed_files_are_read_or_refused_and_nothing_else() -> None:
    draw = random.Random(1)
    for seed in range(200):
        try:
            score = read_midi(changed(file_of(seed), draw))
        except MidiError:
            continue
        assert identity(read_midi(write_midi(score))) == identity(score), seed


def test_a_score_is_saved_as_midi_with_its_workflow_and_read_again() -> None:
    score = read_midi(file_of(5))
    file = files.to_file(score, "song")
    assert (file.name, file.media) == ("song.mid", "audio/midi")
    told = files.embed(files.embed(file, {"old": 1}), {"workflow": "\u706f"})
    assert files.extract(told.data) == {"workflow": "\u706f"}
    assert heard(told.data) == heard(file.data)
    again = files.read("Score", told.data, told.media, told.name)
    assert identity(again) == identity(score)


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ([Note(-1, 2, 60)], "-1"),
        ([Note(0, -2, 60)], "-2"),
        ([Note(0, 1, 128)], "pitch 128"),
        ([Note(0, 1, 60, 0)], "velocity 0"),
        ([Note(0, 1, 60, 1, 16)], "channel 16"),
        ([Note(2**28, 1, 60)], "268435456"),
    ],
)
def test_a_note_that_no_instrument_plays_is_refused(notes: list[Note], said: str) -> None:
    with pytest.raises(NodeError, match=said):
        Track.of(notes)
