"""Sounds as codes, melodies as tones, and sounds at another rate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sound_bench import Sounds, quieter, sound

from musegraph import Audio, NodeError
from musegraph.values.codec import decode as read
from musegraph.values.codec import encode as written
from musegraph_nodes.soundgen.chroma import chroma
from musegraph_nodes.soundgen.codes import AudioCodes, decode, encode, show_codes
from musegraph_nodes.soundgen.sound import resampled, spliced


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    return Sounds(tmp_path_factory.mktemp("codes"))


@pytest.mark.parametrize("bandwidth", [0.75, 1.5, 3.0])
def test_codes_and_what_is_decoded_of_them_are_those_of_the_library(
    sounds: Sounds, bandwidth: float
) -> None:
    given, model = sound(0.4, 24_000, batch=2), sounds.model("encodec")
    codes = encode(model, given, sounds.ctx, bandwidth=bandwidth)
    net = sounds.plain("encodec", "EncodecModel")
    with torch.no_grad():
        plain = net.encode(given.data, bandwidth=bandwidth)
        wanted = net.decode(plain.audio_codes, plain.audio_scales).audio_values
    assert torch.equal(codes.codes, plain.audio_codes)
    assert codes.levels == round(bandwidth / 0.75)
    made = decode(model, codes, sounds.ctx)
    assert torch.equal(made.data, quieter(wanted[..., :9600]))


def test_a_codec_that_cuts_sounds_into_pieces_is_led_as_its_own_processor_does(
    sounds: Sounds,
) -> None:
    from transformers import EncodecFeatureExtractor

    given, model = sound(0.43, 8000, 2), sounds.model("encodec-48")
    codes = encode(model, given, sounds.ctx)
    net = sounds.plain("encodec-48", "EncodecModel")
    prepare = EncodecFeatureExtractor.from_pretrained(sounds.folder("encodec-48"))
    told = prepare(given.data[0].numpy(), sampling_rate=8000, return_tensors="pt")
    with torch.no_grad():
        plain = net.encode(told["input_values"], told["padding_mask"], 4.0)
        wanted = net.decode(
            plain.audio_codes, plain.audio_scales, told["padding_mask"],
            last_frame_pad_length=plain.last_frame_pad_length,
        ).audio_values  # fmt: skip
    assert len(codes.codes) == 7
    assert torch.equal(codes.codes, plain.audio_codes)
    made = decode(model, codes, sounds.ctx)
    assert torch.equal(made.data, quieter(wanted[..., :3440]))


def test_coarse_levels_are_decoded_alone_and_each_level_changes_what_is_heard(
    sounds: Sounds,
) -> None:
    given, model = sound(0.4, 24_000), sounds.model("encodec")
    codes = encode(model, given, sounds.ctx)
    heard = [decode(model, codes, sounds.ctx, levels=level).data for level in (1, 2, 4)]
    few = encode(model, given, sounds.ctx, bandwidth=0.75)
    assert torch.equal(heard[0], decode(model, few, sounds.ctx).data)
    assert torch.equal(heard[2], decode(model, codes, sounds.ctx).data)
    assert not torch.equal(heard[0], heard[1])
    with pytest.raises(NodeError, match="the codes have 4 levels, and 5 are asked for"):
        decode(model, codes, sounds.ctx, levels=5)


def test_the_codec_inside_musicgen_has_codes_too_and_those_of_another_are_refused(
    sounds: Sounds,
) -> None:
    given, model = sound(0.4, 32_000), sounds.model("musicgen")
    codes = encode(model, given, sounds.ctx)
    assert (codes.levels, codes.sample_rate) == (4, 32_000)
    assert decode(model, codes, sounds.ctx).data.shape == given.data.shape
    with pytest.raises(NodeError, match="the codes are of another codec"):
        decode(sounds.model("encodec"), codes, sounds.ctx)
    with pytest.raises(NodeError, match=r"has no 7 kbit/s; it has 2"):
        encode(model, given, sounds.ctx, bandwidth=7)


def test_codes_are_kept_and_read_back_bit_for_bit(sounds: Sounds) -> None:
    codes = encode(sounds.model("encodec-48"), sound(0.3, 8000, 2), sounds.ctx)
    again = read(b"".join(bytes(piece) for piece in written(codes)))
    assert isinstance(again, AudioCodes)
    assert torch.equal(again.codes, codes.codes)
    assert again.scales is not None
    assert codes.scales is not None
    assert torch.equal(again.scales, codes.scales)
    assert (again.codec, again.samples, again.padded) == (codes.codec, codes.samples, codes.padded)


def test_a_picture_of_codes_has_a_row_for_each_level_and_equal_codes_in_equal_colours() -> None:
    numbers = torch.tensor([[[[0, 512, 0, 512], [5, 5, 5, 5]]]])
    codes = AudioCodes(numbers, None, "x", 1024, 24_000, 1280)
    drawn = show_codes(codes, width=64, row=3).data
    assert drawn.shape == (1, 6, 64, 3)
    assert torch.equal(drawn[0, 0, :16], drawn[0, 2, 32:48])
    assert not torch.equal(drawn[0, 0, 0], drawn[0, 0, 16])
    assert float(drawn[0, 3:].std(dim=(0, 1)).max()) == 0
    assert 0 <= float(drawn.min()) <= float(drawn.max()) <= 1


def test_the_strongest_tone_is_that_which_is_played() -> None:
    rate = 32_000
    at = torch.arange(rate) / rate
    for tone in range(12):  # from C4 on
        pitch = 261.625565 * 2 ** (tone / 12)
        wave = sum(torch.sin(2 * torch.pi * pitch * k * at) / k for k in (1, 2, 3))
        found = chroma(0.3 * wave[None])
        assert found.shape == (1, 8, 12)
        assert found.argmax(-1)[0, 1:-1].tolist() == [tone] * 6
        assert torch.equal(found.sum(-1), torch.ones(1, 8))


def test_the_tones_of_noise_are_those_that_the_published_processor_finds() -> None:
    # Made once by MusicgenMelodyFeatureExtractor's own lines, with torchaudio's spectrogram.
    noise = torch.randn(1, 50_000, generator=torch.Generator().manual_seed(5))
    wanted = [10, 10, 11, 10, 10, 10, 10, 5, 7, 7, 7, 10, 9]
    assert chroma(noise).argmax(-1)[0].tolist() == wanted


def test_a_sound_shorter_than_a_window_has_a_melody_and_one_longer_than_30_s_is_cut() -> None:
    assert chroma(torch.rand(1, 999)).shape == (1, 5, 12)
    assert chroma(torch.zeros(1, 31 * 32_000)).shape == chroma(torch.zeros(1, 30 * 32_000)).shape


@pytest.mark.parametrize(("old", "new"), [(44_100, 32_000), (8000, 24_000), (44_099, 32_000)])
def test_a_sound_at_another_rate_has_the_same_tone_as_loud(old: int, new: int) -> None:
    at = torch.arange(old) / old
    made = resampled(torch.sin(2 * torch.pi * 997 * at)[None], old, new)
    assert made.shape == (1, new)
    wanted = torch.sin(2 * torch.pi * 997 * torch.arange(new) / new)
    middle = slice(new // 8, -new // 8)
    assert float((made[0, middle] - wanted[middle]).abs().max()) < 1e-3


GOLDEN = [0.0076451, 0.2545692, 0.6789706, 0.9766368, 0.8647307, 0.2051456, -0.6557533, -0.9889991]


def test_resampling_is_that_of_the_published_processor() -> None:
    # What torchaudio.functional.resample makes of it with rolloff 0.945 and a width of 24.
    given = torch.from_numpy(np.sin(np.arange(40) ** 1.5 / 7).astype(np.float32))[None]
    made = resampled(given, 3, 2)
    assert made.shape == (1, 27)
    assert torch.allclose(made[0, :8], torch.tensor(GOLDEN), atol=1e-6)


def test_what_is_spliced_is_kept_outside_new_inside_and_faded_between() -> None:
    kept, new = torch.zeros(1, 1, 10), torch.ones(1, 1, 14)
    made = spliced(kept, new, 4, 6, 2)[0, 0]
    assert made[:2].tolist() == [0, 0]
    assert made[4:6].tolist() == [1, 1]
    assert 0 < made[2] < made[3] < 1
    assert 0 < made[7] < made[6] < 1
    assert made[8:].tolist() == [0, 0]
    longer = spliced(kept, new, 10, 14, 0)[0, 0]
    assert longer.tolist() == [0] * 10 + [1] * 4


def test_a_sound_is_made_quieter_rather_than_cut_off(sounds: Sounds) -> None:
    from musegraph_nodes.soundgen.sound import finished

    ctx = sounds.fresh()
    made = finished([torch.tensor([[[0.5, -2.0]]]), torch.tensor([[[0.5, 0.25]]])], 8000, ctx)
    assert isinstance(made, Audio)
    assert made.data.tolist() == [[[0.25, -1.0]], [[0.5, 0.25]]]
    assert "the peak was 2.00" in ctx.notes[0]
