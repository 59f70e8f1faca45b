"""Sound models through nodes: the same samples as from the plain libraries, bit for bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from parity.sounds import RUNS, compared, plainly
from sound_bench import SEED, Sounds, quieter, sound

from musegraph import Audio, Model, ModelError, NodeError
from musegraph.errors import Cancelled
from musegraph_nodes.soundgen.edit import extend, repaint, vary
from musegraph_nodes.soundgen.generate import follow_melody, generate, song
from musegraph_nodes.soundgen.load import load
from musegraph_nodes.soundgen.musicgen import melody_of

MUSICGEN = "MusicgenForConditionalGeneration"
MELODY = "MusicgenMelodyForConditionalGeneration"
TEXT = "a slow waltz"


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    return Sounds(tmp_path_factory.mktemp("sounds"))


# MusicGen


@pytest.mark.parametrize("name", ["musicgen", "musicgen-stereo"])
def test_musicgen_makes_what_the_plain_library_makes(sounds: Sounds, name: str) -> None:
    made = generate(sounds.model(name), TEXT, sounds.ctx, seconds=0.2, seed=SEED)
    wanted = plainly(sounds, name, MUSICGEN, 10)
    assert made.data.shape == (1, 1 + (name != "musicgen"), 6400)
    assert (made.sample_rate, torch.equal(made.data, wanted)) == (32_000, True)


def test_temperature_and_the_share_of_the_odds_are_those_of_the_library(sounds: Sounds) -> None:
    made = generate(
        sounds.model("musicgen"), TEXT, sounds.ctx,
        seconds=0.2, seed=SEED, guidance=2.0, temperature=0.7, top_k=40, top_p=0.9,
    )  # fmt: skip
    net, words = sounds.plain("musicgen", MUSICGEN), {}
    from parity.parts import letter_words

    words = letter_words()([TEXT], return_tensors="pt")
    torch.manual_seed(SEED)
    wanted = net.generate(
        input_ids=words.input_ids, attention_mask=words.attention_mask, do_sample=True,
        guidance_scale=2.0, temperature=0.7, top_k=40, top_p=0.9, max_new_tokens=13,
    )  # fmt: skip
    assert torch.equal(made.data, quieter(wanted))


def test_without_a_text_musicgen_makes_what_the_library_makes_without_condition(
    sounds: Sounds,
) -> None:
    made = generate(sounds.model("musicgen"), "", sounds.ctx, seconds=0.2, seed=SEED)
    net = sounds.plain("musicgen", MUSICGEN)
    torch.manual_seed(SEED)
    given = net.get_unconditional_inputs(1)
    wanted = net.generate(**given, do_sample=True, top_k=250, max_new_tokens=13)
    assert torch.allclose(made.data, quieter(wanted), atol=1e-6)


@pytest.mark.parametrize("name", ["musicgen", "musicgen-stereo"])
def test_going_on_gives_the_bits_of_the_library_and_keeps_what_was_given(
    sounds: Sounds, name: str
) -> None:
    channels = 1 + (name != "musicgen")
    given = sound(0.5, 32_000, channels)
    made = extend(
        sounds.model(name), given, TEXT, sounds.ctx, seconds=0.2, context=0.3, seed=SEED, fade=0.01
    )
    heard = given.data[..., -9600:]  # 0.3 s are 15 frames of 640 samples
    wanted = plainly(sounds, name, MUSICGEN, 10, input_values=heard)
    assert torch.equal(made.made.data, wanted)
    assert made.audio.data.shape[-1] == 16_000 + 6400
    scale = 1 / max(1.0, float(made.audio.data.abs().max()))
    kept = 16_000 - 320
    assert torch.allclose(made.audio.data[..., :kept], given.data[..., :kept] * scale)
    assert torch.equal(made.audio.data[..., 16_000:], wanted[..., 9600:])


def test_music_that_follows_a_melody_is_that_of_the_library(sounds: Sounds) -> None:
    tune = sound(1.0, 32_000, 2)
    made = follow_melody(
        sounds.model("musicgen-melody"), tune, TEXT, sounds.ctx, seconds=0.2, seed=SEED
    )
    features = melody_of(tune)
    wanted = plainly(sounds, "musicgen-melody", MELODY, 10, input_features=features)
    assert torch.equal(made.data, wanted)
    other = follow_melody(
        sounds.model("musicgen-melody"), sound(1.0, 24_000), "", sounds.ctx, seconds=0.2, seed=SEED
    )
    assert not torch.equal(other.data, made.data)


def test_items_of_a_batch_are_those_of_their_own_seeds_and_progress_counts_all(
    sounds: Sounds,
) -> None:
    ctx, model = sounds.fresh(), sounds.model("musicgen")
    both = generate(model, TEXT, ctx, seconds=0.1, seed=3, batch=2)
    second = generate(model, TEXT, sounds.fresh(), seconds=0.1, seed=4)
    assert torch.equal(both.data[1], second.data[0])
    done = [done / total for done, total in ctx.steps]
    assert done == sorted(done)
    assert 0.9 < done[-1] <= 1


# Pipelines


def test_ace_step_makes_the_bits_of_the_plain_pipeline(sounds: Sounds) -> None:
    made = song(
        sounds.model("ace-step"), TEXT, "[verse]\nla la", sounds.ctx, bpm=90, key="A minor",
        meter="3", language="en", seconds=0.6, steps=2, seed=SEED,
    )  # fmt: skip
    wanted = sounds.piped(
        "ace-step", "AceStepPipeline", prompt=TEXT, lyrics="[verse]\nla la", bpm=90,
        keyscale="A minor", timesignature="3", audio_duration=0.6, num_inference_steps=2,
        guidance_scale=1.0,
    )  # fmt: skip
    assert torch.equal(made.data, wanted)
    assert made.sample_rate == 2000


def test_a_reference_for_a_song_is_heard_as_by_the_plain_pipeline(sounds: Sounds) -> None:
    reference = sound(1.0, 2000, 2)
    made = song(
        sounds.model("ace-step-base"), TEXT, "", sounds.ctx, reference=reference, seconds=0.6,
        steps=2, guidance=3.0, seed=SEED,
    )  # fmt: skip
    wanted = sounds.piped(
        "ace-step-base", "AceStepPipeline", prompt=TEXT, lyrics="", audio_duration=0.6,
        num_inference_steps=2, guidance_scale=3.0, reference_audio=reference.data[0],
    )  # fmt: skip
    assert torch.equal(made.data, wanted)


def test_repainting_and_going_on_with_ace_step_are_the_plain_repaint(sounds: Sounds) -> None:
    given, model = sound(0.8, 2000, 2), sounds.model("ace-step")
    made = repaint(model, given, TEXT, sounds.ctx, start=0.2, end=0.5, steps=2, seed=SEED, fade=0)
    told = {"prompt": TEXT, "num_inference_steps": 2, "guidance_scale": 1.0}
    told |= {"task_type": "repaint", "repainting_start": 0.2, "repainting_end": 0.5}
    wanted = sounds.piped(
        "ace-step", "AceStepPipeline", src_audio=given.data[0], audio_duration=0.8, **told
    )
    assert torch.equal(made.made.data, quieter(wanted))
    assert torch.equal(made.audio.data[..., :400], given.data[..., :400])
    assert torch.equal(made.audio.data[..., 1000:], given.data[..., 1000:])
    assert not torch.equal(made.audio.data[..., 400:1000], given.data[..., 400:1000])
    longer = extend(model, given, TEXT, sounds.ctx, seconds=0.4, steps=2, seed=SEED)
    assert longer.audio.data.shape[-1] == 2400
    padded = torch.nn.functional.pad(given.data, (0, 800))
    told |= {"repainting_start": 0.8, "repainting_end": 1.2}
    wanted = sounds.piped(
        "ace-step", "AceStepPipeline", src_audio=padded[0], audio_duration=1.2, **told
    )
    assert torch.equal(longer.made.data, quieter(wanted))


def test_variations_by_ace_step_are_the_plain_cover(sounds: Sounds) -> None:
    given = sound(0.8, 2000, 2)
    made = vary(
        sounds.model("ace-step"), given, TEXT, sounds.ctx, strength=0.25, steps=2, seed=SEED
    )
    wanted = sounds.piped(
        "ace-step", "AceStepPipeline", prompt=TEXT, src_audio=given.data[0], task_type="cover",
        audio_cover_strength=0.75, audio_duration=0.8, num_inference_steps=2, guidance_scale=1.0,
    )  # fmt: skip
    assert torch.equal(made.data, wanted)


def test_stable_audio_makes_the_bits_of_the_plain_pipeline(sounds: Sounds) -> None:
    made = generate(
        sounds.model("stable-audio"), TEXT, sounds.ctx, negative="noise", seconds=0.5, steps=3,
        guidance=3.0, seed=SEED,
    )  # fmt: skip
    wanted = sounds.piped(
        "stable-audio", "StableAudioPipeline", prompt=TEXT, negative_prompt="noise",
        audio_end_in_s=0.5, num_inference_steps=3, guidance_scale=3.0,
    )  # fmt: skip
    assert torch.equal(made.data, quieter(wanted))
    assert made.data.shape == (1, 2, 4000)


def test_variations_by_stable_audio_begin_at_less_noise(sounds: Sounds) -> None:
    given, model = sound(0.5, 8000, 2), sounds.model("stable-audio")
    made = {
        strength: vary(model, given, TEXT, sounds.ctx, strength=strength, steps=3, seed=SEED)
        for strength in (0.5, 1.0)
    }
    pipe = sounds.plain("stable-audio", "StableAudioPipeline")
    before = pipe.scheduler
    told = {"prompt": TEXT, "audio_end_in_s": 0.5, "num_inference_steps": 3}
    told |= {"initial_audio_waveforms": given.data, "initial_audio_sampling_rate": 8000}
    for strength, one in made.items():
        low, high = before.config.sigma_min, before.config.sigma_max
        less = low * (high / low) ** strength if strength < 1 else high
        pipe.scheduler = type(before).from_config(before.config, sigma_max=less)
        wanted = sounds.piped("stable-audio", "StableAudioPipeline", **told)
        assert torch.equal(one.data, quieter(wanted))
    pipe.scheduler = before
    assert sounds.model("stable-audio") == model
    again = vary(model, given, TEXT, sounds.ctx, strength=1.0, steps=3, seed=SEED)
    assert torch.equal(again.data, made[1.0].data), "the scheduler of the model was left alone"


def test_stable_audio_3_makes_varies_and_repaints_as_the_plain_pipelines(sounds: Sounds) -> None:
    name, model, given = "stable-audio-3", sounds.model("stable-audio-3"), sound(0.5, 8000, 2)
    told: dict[str, Any] = {"prompt": TEXT, "num_inference_steps": 2, "duration": 0.5}
    made = generate(model, TEXT, sounds.ctx, seconds=0.5, steps=2, seed=SEED)
    assert torch.equal(made.data, sounds.piped(name, "StableAudio3Pipeline", **told))
    varied = vary(model, given, TEXT, sounds.ctx, strength=0.4, steps=2, seed=SEED)
    wanted = sounds.piped(
        name, "StableAudio3AudioToAudioPipeline", audio=given.data, init_noise_level=0.4, **told
    )
    assert torch.equal(varied.data, wanted)
    part = repaint(model, given, TEXT, sounds.ctx, start=0.1, end=0.3, steps=2, seed=SEED)
    wanted = sounds.piped(
        name, "StableAudio3InpaintPipeline", audio=given.data, mask_start_seconds=0.1,
        mask_end_seconds=0.3, **told,
    )  # fmt: skip
    assert torch.equal(part.made.data, wanted)


def test_going_on_with_stable_audio_3_fills_a_gap_behind_the_end(sounds: Sounds) -> None:
    given = sound(0.3, 8000, 2)
    made = extend(
        sounds.model("stable-audio-3"), given, TEXT, sounds.ctx, seconds=0.2, steps=2, seed=SEED
    )
    mask = torch.ones(1, 1, 125)  # cells of 32 samples
    mask[..., 75:] = 0
    wanted = sounds.piped(
        "stable-audio-3", "StableAudio3InpaintPipeline", prompt=TEXT, duration=0.5, mask=mask,
        audio=torch.nn.functional.pad(given.data, (0, 1600)), num_inference_steps=2,
    )  # fmt: skip
    assert torch.equal(made.made.data, wanted)
    assert made.audio.data.shape[-1] == 4000


def test_audioldm_2_runs_though_its_folder_names_a_language_model_that_lost_its_use(
    sounds: Sounds,
) -> None:
    from transformers import GPT2LMHeadModel

    made = generate(sounds.model("audioldm2"), TEXT, sounds.ctx, seconds=0.1, steps=2, seed=SEED)
    pipe = sounds.plain("audioldm2", "AudioLDM2Pipeline")
    whole = GPT2LMHeadModel(pipe.language_model.config).eval()
    whole.transformer = pipe.language_model
    pipe.language_model = whole
    wanted = sounds.piped(
        "audioldm2", "AudioLDM2Pipeline", prompt=TEXT, audio_length_in_s=0.1, num_inference_steps=2
    )
    assert torch.equal(made.data, quieter(wanted))
    assert made.data.shape == (1, 1, 1600)


def test_the_table_of_parity_holds_these_runs_bit_equal(sounds: Sounds) -> None:
    table = (Path(__file__).parent / "PARITY.md").read_text("utf-8")
    for run in RUNS:
        assert f"| {run.family} | `{run.cls}` | `{run.node}` |" in table
    again = next(run for run in RUNS if run.family == "Stable Audio 3, a part")
    assert compared(sounds, again)[0] == 0


# While they run


@pytest.mark.parametrize(("name", "at"), [("musicgen", 4), ("ace-step", 1)])
def test_a_run_stops_where_it_is_cancelled_and_leaves_the_model_as_it_was(
    sounds: Sounds, name: str, at: int
) -> None:
    model = sounds.model(name)
    before = generate(model, TEXT, sounds.ctx, seconds=0.2, steps=3, seed=SEED)
    stopped = sounds.fresh()
    stopped.cancel_at = at
    with pytest.raises(Cancelled):
        generate(model, TEXT, stopped, seconds=0.2, steps=3, seed=SEED)
    assert len(stopped.steps) == at
    again = generate(model, TEXT, sounds.ctx, seconds=0.2, steps=3, seed=SEED)
    assert torch.equal(before.data, again.data)


def test_what_else_draws_from_torch_meanwhile_changes_nothing(sounds: Sounds) -> None:
    given, model = sound(0.8, 2000, 2), sounds.model("ace-step")
    first = vary(model, given, TEXT, sounds.ctx, steps=2, seed=SEED)
    state = torch.random.get_rng_state()
    second = vary(model, given, TEXT, sounds.ctx, steps=2, seed=SEED)
    drawn = generate(sounds.model("musicgen"), TEXT, sounds.ctx, seconds=0.1, seed=SEED)
    assert torch.equal(first.data, second.data)
    assert drawn.data.abs().max() > 0
    assert torch.equal(torch.random.get_rng_state(), state), "nothing was drawn from it either"


# What is refused


def test_a_model_that_cannot_do_what_is_asked_is_refused_with_those_that_can(
    sounds: Sounds,
) -> None:
    ctx, tune = sounds.fresh(), sound(0.2, 8000)
    ctx.live = {}
    for call, said in (
        (lambda: song(sounds.model("musicgen"), "", "la", ctx), "sings no lyrics; link one of ACE"),
        (
            lambda: follow_melody(sounds.model("musicgen"), tune, "", ctx),
            "which follows no melody; link one of MusicGen Melody",
        ),
        (lambda: repaint(sounds.model("stable-audio"), tune, "", ctx), "or Stable Audio 3"),
        (lambda: generate(sounds.model("encodec"), "", ctx), "makes no sound from a text"),
        (
            lambda: generate(Model(loader="diffusion.diffusers", source="x"), "", ctx),
            "link one that soundgen.load gives",
        ),
    ):
        with pytest.raises(NodeError, match=said):
            call()
    assert not ctx.live, "nothing was loaded for it"


def test_folders_that_are_no_sound_model_are_refused(sounds: Sounds, tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(b"")
    with pytest.raises(ModelError, match="is one file"):
        load(str(file), sounds.ctx)
    with pytest.raises(ModelError, match=r"neither a model_index\.json nor a config\.json"):
        load(str(tmp_path), sounds.ctx)
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(ModelError, match="is a BertModel, which makes no sound that is known"):
        load(str(tmp_path), sounds.ctx)
    copied = shutil.copytree(sounds.folder("ace-step"), tmp_path / "copied")
    index = json.loads((copied / "model_index.json").read_text())
    (copied / "model_index.json").write_text(json.dumps(index | {"vae": ["mine", "Evil"]}))
    with pytest.raises(ModelError, match="code that comes with a model is never run"):
        load(str(copied), sounds.ctx)
    (copied / "model_index.json").write_text(json.dumps(index))
    shutil.rmtree(copied / "vae")
    with pytest.raises(ModelError, match="the folder vae is missing"):
        load(str(copied), sounds.ctx)


def test_pickles_and_folders_that_lack_tensors_are_refused(sounds: Sounds, tmp_path: Path) -> None:
    copied = shutil.copytree(sounds.folder("encodec"), tmp_path / "copied")
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(ModelError, match="only as a pickle"):
        load(str(copied), sounds.ctx)
    (copied / "pytorch_model.bin").rename(copied / "model.safetensors")
    from safetensors.torch import load_file, save_file

    stored = load_file(copied / "model.safetensors")
    stored.pop("encoder.layers.0.conv.bias")
    save_file(stored, copied / "model.safetensors", {"format": "pt"})
    model = load(str(copied), sounds.ctx)
    with (
        pytest.raises(ModelError, match=r"lacks 1 of its tensors \(encoder\.layers\.0\.conv\.bias"),
        sounds.fresh().load(model),
    ):
        pass


def test_what_a_model_does_not_read_is_a_warning_and_what_it_refuses_a_sentence(
    sounds: Sounds,
) -> None:
    ctx = sounds.fresh()
    generate(sounds.model("musicgen"), TEXT, ctx, negative="fog", seconds=0.1)
    assert any("reads no negative prompt" in text for text in ctx.warnings)
    generate(sounds.model("ace-step"), TEXT, ctx, negative="fog", seconds=0.4, steps=1)
    assert any("knows no negative prompt" in text for text in ctx.warnings)
    with pytest.raises(NodeError, match="StableAudioPipeline refuses this: The total audio length"):
        generate(sounds.model("stable-audio"), TEXT, ctx, seconds=5)
    with pytest.raises(NodeError, match=r"the part from 2 to 0\.2 s is empty"):
        repaint(sounds.model("ace-step"), sound(0.2, 2000), TEXT, ctx, start=2, end=3)
    with pytest.raises(NodeError, match="empty or holds samples that are not numbers"):
        vary(sounds.model("ace-step"), Audio(torch.full((1, 1, 9), torch.nan), 8000), TEXT, ctx)
