"""Pack `diffusion`: model folders that are whole, broken, or something else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_sd import Bench, edit_json, make_tiny

from musegraph import Engine, InvalidWorkflow, ModelError, Registry, Store, TextEncoder, Workflow
from musegraph_nodes import starter
from musegraph_nodes.diffusion import encode_text, load, pack, sample
from musegraph_nodes.diffusion.families import Encoder
from musegraph_nodes.diffusion.load import Parts
from musegraph_nodes.diffusion.loader import load as open_part

UNET = Path("unet") / "diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "model"))


def opened(folder: Path) -> Parts:
    return load(str(folder), Bench())


def no_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def no_weights(folder: Path) -> None:
    (folder / UNET).unlink()


def no_config(folder: Path) -> None:
    (folder / "vae" / "config.json").unlink()


def no_scheduler(folder: Path) -> None:
    shutil.rmtree(folder / "scheduler")


def no_tokenizer(folder: Path) -> None:
    shutil.rmtree(folder / "tokenizer")


def cut_off(folder: Path) -> None:
    file = folder / UNET
    file.write_bytes(file.read_bytes()[:-100])


def cut_off_in_the_header(folder: Path) -> None:
    file = folder / UNET
    file.write_bytes(file.read_bytes()[:50])


def empty(folder: Path) -> None:
    (folder / UNET).write_bytes(b"")


def lengthened(folder: Path) -> None:
    file = folder / UNET
    file.write_bytes(file.read_bytes() + b"12345")


def overlapping(folder: Path) -> None:
    header = {
        name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for name in ("first", "second")
    }
    text = json.dumps(header).encode()
    (folder / UNET).write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))


def pickle_instead(folder: Path) -> None:
    (folder / UNET).unlink()
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04")


def no_json(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text("{")


def no_object(folder: Path) -> None:
    (folder / "model_index.json").write_text("[]")


def other_pipeline(folder: Path) -> None:
    edit_json(folder / "model_index.json", _class_name="KolorsPipeline")


def other_class(folder: Path) -> None:
    edit_json(folder / "model_index.json", vae=["diffusers", "AutoencoderTiny"])


def no_vae(folder: Path) -> None:
    edit_json(folder / "model_index.json", vae=None)


def odd_channels(folder: Path) -> None:
    edit_json(folder / "unet" / "config.json", in_channels=7)


def other_channels(folder: Path) -> None:
    edit_json(folder / "vae" / "config.json", latent_channels=8)


def other_width(folder: Path) -> None:
    edit_json(folder / "unet" / "config.json", cross_attention_dim=64)


def wants_more(folder: Path) -> None:
    edit_json(folder / "unet" / "config.json", addition_embed_type="text_time")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (no_index, r"holds no model_index\.json, so .* is no model in the layout of Diffusers"),
        (no_weights, r"incomplete: unet/diffusion_pytorch_model\.safetensors is missing in"),
        (no_config, r"incomplete: vae/config\.json is missing in .*; get the folder again"),
        (no_scheduler, r"incomplete: scheduler/scheduler_config\.json is missing"),
        (no_tokenizer, r"incomplete: tokenizer/vocab\.json is missing"),
        (cut_off, r"unet/.* is cut off: it holds \d+ of \d+ bytes; get it again"),
        (cut_off_in_the_header, "or only the beginning of one: it holds 50 bytes; get it again"),
        (empty, "or only the beginning of one: it holds 0 bytes"),
        (lengthened, "is damaged: 5 bytes are left over"),
        (overlapping, "is damaged: its header makes no sense"),
        (pickle_instead, r"only as a pickle \(.*\.bin\), which can run code when it is opened"),
        (no_json, r"unet/config\.json is damaged: it is no JSON"),
        (no_object, r"model_index\.json is damaged: it is no JSON object"),
        (
            other_pipeline,
            "for the pipeline KolorsPipeline; this version opens those for StableDiffusionPipeline",
        ),
        (
            other_class,
            "the vae of the model .* of the class AutoencoderTiny; .* opens AutoencoderKL",
        ),
        (no_vae, r"has no vae: model_index\.json names none"),
        (odd_channels, "its unet reads 7 channels and its vae makes 4"),
        (other_channels, "its unet reads 4 channels and its vae makes 8"),
        (other_width, "its unet takes texts 64 wide and its text_encoder makes them 32 wide"),
        (wants_more, r"wants more than a text \(addition_embed_type\)"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_in_words(
    folder: Path, harm: Callable[[Path], None], words: str
) -> None:
    opened(folder)
    harm(folder)
    with pytest.raises(ModelError, match=words):
        opened(folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model.ckpt", r"is a pickle \(\.ckpt\): it can run code when it is opened"),
        ("model.safetensors", r"is a pickle under the name of a \.safetensors file"),
        ("model.gguf", r"is no \.gguf file, or only the beginning of one"),
        ("model.zip", r"is neither a folder nor a \.safetensors or \.gguf file"),
    ],
)
def test_a_file_is_refused_in_words(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04")
    with pytest.raises(ModelError, match=words):
        opened(tmp_path / name)


def test_opening_loads_no_weights_and_gives_references(whole: Path) -> None:
    bench = Bench()
    parts = load(str(whole), bench)
    assert bench.leased == []
    assert [part.part for part in parts] == ["unet", "text_encoder", "vae"]
    assert {part.loader for part in parts} == {"diffusion.diffusers"}
    assert parts.model.family == parts.vae.family != parts.text_encoder.family
    assert parts.model.options["size"] == [32, 32]


def test_the_shape_of_stable_diffusion_has_the_name_that_its_field_knows(folder: Path) -> None:
    edit_json(folder / "vae" / "config.json", block_out_channels=[8, 8, 8, 16])
    assert opened(folder).vae.family == "sd15"


def test_weights_in_half_precision_are_found_and_computed_with_in_full(folder: Path) -> None:
    for file in folder.rglob("*.safetensors"):
        halved = {name: tensor.half() for name, tensor in load_file(file).items()}
        save_file(halved, file.with_suffix(".fp16.safetensors"), {"format": "pt"})
        file.unlink()
    parts = opened(folder)
    assert parts.model.options["variant"] == "fp16"
    assert parts.model.options["stored"] == "F16"
    for part in parts:
        live = open_part(part, folder, "cpu")
        net = live.net if isinstance(live, Encoder) else live
        assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}
        assert not any(parameter.requires_grad for parameter in net.parameters())
        assert not net.training


def test_precision_is_what_is_asked_for(whole: Path) -> None:
    parts = load(str(whole), Bench(), precision="bfloat16")
    bench = Bench()
    told = encode_text(parts.text_encoder, "a", bench)
    made = sample(parts.model, told, bench, steps=2)
    assert told.parts[0].embeds["embeds"].dtype == torch.float32
    assert made.data.dtype == torch.float32
    assert {net.dtype for key, net in bench.live.items() if key[2] == "unet"} == {torch.bfloat16}


def test_weights_in_several_files_are_found(folder: Path) -> None:
    tensors = load_file(folder / UNET)
    names = sorted(tensors)
    halves = {"one": names[: len(names) // 2], "two": names[len(names) // 2 :]}
    index = {name: f"{part}.safetensors" for part, own in halves.items() for name in own}
    for part, own in halves.items():
        file = folder / "unet" / f"{part}.safetensors"
        save_file({name: tensors[name] for name in own}, file, {"format": "pt"})
    (folder / UNET).unlink()
    listing = {"metadata": {"total_size": 1}, "weight_map": index}
    (folder / UNET.with_suffix(".safetensors.index.json")).write_text(json.dumps(listing))
    net = open_part(opened(folder).model, folder, "cpu")
    assert torch.equal(net.conv_in.weight, tensors["conv_in.weight"])
    (folder / "unet" / "two.safetensors").unlink()
    with pytest.raises(ModelError, match=r"unet/two\.safetensors is missing"):
        opened(folder)


def test_weights_that_do_not_suit_their_configuration_are_refused_in_words(folder: Path) -> None:
    parts = opened(folder)
    tensors = load_file(folder / UNET)
    fewer = {name: tensor for name, tensor in tensors.items() if "mid_block" not in name}
    save_file(fewer, folder / UNET, {"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks .* of its tensors"):
        open_part(parts.model, folder, "cpu")
    tensors["conv_in.weight"] = torch.zeros(3, 4, 3, 3)
    save_file(tensors, folder / UNET, {"format": "pt"})
    with pytest.raises(ModelError, match=r"the unet of the model .* cannot be opened"):
        open_part(parts.model, folder, "cpu")


def test_what_disappears_after_it_was_opened_is_missed_in_words(folder: Path) -> None:
    parts = opened(folder)
    shutil.rmtree(folder / "text_encoder")
    with pytest.raises(ModelError, match="not whole"):
        open_part(parts.text_encoder, folder, "cpu")


def test_a_reference_made_by_another_pack_is_refused(whole: Path) -> None:
    other = TextEncoder(loader="other.loader", source="x")
    with pytest.raises(Exception, match=r"was made for 'other\.loader'"):
        encode_text(other, "a", Bench())


def test_loading_prints_nothing_and_leaves_the_libraries_as_they_were(
    whole: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from diffusers.utils import logging as diffusers
    from transformers.utils import logging as transformers

    before = [
        (lib.get_verbosity(), lib.is_progress_bar_enabled()) for lib in (diffusers, transformers)
    ]
    parts, bench = opened(whole), Bench()
    sample(parts.model, encode_text(parts.text_encoder, "a" * 99, bench), bench, steps=2)
    after = [
        (lib.get_verbosity(), lib.is_progress_bar_enabled()) for lib in (diffusers, transformers)
    ]
    assert before == after
    assert capfd.readouterr() == ("", "")


# In the engine


def workflow(source: Path, **changes: object) -> Workflow:
    values = {"seed": 7, "steps": 3} | changes
    return Workflow.parse(
        {
            "musegraph": 1,
            "name": "test",
            "outputs": {"picture": "decode.out", "latent": "sample.out"},
            "nodes": {
                "model": {"type": "diffusion.load", "values": {"source": str(source)}},
                "encode": {
                    "type": "diffusion.encode_text",
                    "values": {"text": "a"},
                    "links": {"encoder": "model.text_encoder"},
                },
                "sample": {
                    "type": "diffusion.sample",
                    "values": values,
                    "links": {"model": "model.model", "positive": "encode.out"},
                },
                "decode": {
                    "type": "diffusion.decode",
                    "links": {"vae": "model.vae", "latent": "sample.out"},
                },
            },
        }
    )


def engine(folder: Path) -> Engine:
    return Engine(Registry.of(pack, starter.pack), Store(folder))


def test_a_list_of_four_seeds_equals_four_single_runs_bit_for_bit(
    whole: Path, tmp_path: Path
) -> None:
    for name in ("dpmpp_2m", "euler_ancestral"):
        with engine(tmp_path / name) as together:
            made = together.run(
                together.plan(workflow(whole, seed=[7, 8, 9, 2**53 - 1], sampler=name))
            )
            found = made.outputs()
        for index, seed in enumerate([7, 8, 9, 2**53 - 1]):
            with engine(tmp_path / f"{name}{seed}") as alone:
                single = alone.run(alone.plan(workflow(whole, seed=seed, sampler=name))).outputs()
            assert torch.equal(found["latent"][index].data, single["latent"].data)
            assert torch.equal(found["picture"][index].data, single["picture"].data)


def test_a_second_run_runs_no_model(whole: Path, tmp_path: Path) -> None:
    with engine(tmp_path / "cache") as first:
        assert first.run(first.plan(workflow(whole))).ok
        assert first.models.loads == 3
    with engine(tmp_path / "cache") as second:
        plan = second.plan(workflow(whole))
        assert {step.state for step in plan.steps.values()} == {"cached"}
        assert second.run(plan).ok
        assert second.models.loads == 0


def test_an_empty_port_for_a_model_is_no_file_to_wait_for(whole: Path, tmp_path: Path) -> None:
    with engine(tmp_path / "cache") as own:
        only = ("model",)
        assert own.run(own.plan(workflow(whole), only)).ok
        again = own.plan(workflow(whole), only)
        assert {step.state for step in again.steps.values()} == {"cached"}


def test_a_model_that_is_cut_off_is_a_problem_with_node_and_port(
    folder: Path, tmp_path: Path
) -> None:
    cut_off(folder)
    with engine(tmp_path / "cache") as own, pytest.raises(InvalidWorkflow) as caught:
        own.plan(workflow(folder))
    (problem,) = caught.value.problems
    assert (problem.node, problem.port, problem.code) == ("model", "source", "model-truncated")


def test_a_model_of_another_kind_fails_its_step_in_words(folder: Path, tmp_path: Path) -> None:
    other_pipeline(folder)
    with engine(tmp_path / "cache") as own:
        result = own.run(own.plan(workflow(folder)))
    assert list(result.outcome.errors) == ["model"]
    assert "for the pipeline KolorsPipeline; this version" in result.outcome.errors["model"]


def test_the_starter_models_lie_in_their_pack() -> None:
    assert starter.pack.models == Path(starter.__file__).parent / "weights"
