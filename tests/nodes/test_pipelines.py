"""Pack `pipelines`: what its generated nodes compute, refuse, and say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.pipelines.ltx.modeling_latent_upsampler import LTXLatentUpsamplerModel
from parity.cases import CASES, Case
from parity.compare import SEED, Bench, bench
from parity.pictures import flux, qwen_image
from parity.stable import controlnet, sd15, sdxl
from parity.videos import ltx
from tiny_sd import edit_json

from musegraph import (
    Cancelled,
    Context,
    Image,
    Latent,
    Mask,
    Model,
    ModelError,
    NodeError,
    Reference,
    Weights,
    Workflow,
)
from musegraph.texts import entries, problems
from musegraph_nodes.live import class_of
from musegraph_nodes.pipelines import catalogue, pack
from musegraph_nodes.pipelines.chinese import texts
from musegraph_nodes.pipelines.convert import TRUE_NAMES, Given, arguments_of
from musegraph_nodes.pipelines.load import load, load_part
from musegraph_nodes.pipelines.make import pipelines

# NumPy talks to diffusers about its arithmetic on tensors.
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

PLAIN = Case("", sd15, {"prompt": "a red sun"})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("pipelines")) as made:
        yield made


@pytest.fixture(scope="module")
def folder(place: Bench) -> Path:
    return place.folder(PLAIN)


@pytest.fixture(scope="module")
def ready(folder: Path) -> tuple[dict[tuple[str, ...], Any], Model]:
    """The live model that most tests share, and the reference to it."""
    ctx = Alone()
    return ctx.live, load(str(folder), ctx)


@pytest.fixture
def ctx(ready: tuple[dict[tuple[str, ...], Any], Model]) -> Alone:
    made = Alone()
    made.live = ready[0]
    return made


@pytest.fixture
def model(ready: tuple[dict[tuple[str, ...], Any], Model]) -> Model:
    return ready[1]


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copied"))


class Alone(Context):
    """A context without an engine: models by path, what is said kept in lists."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.live: dict[tuple[str, ...], Any] = {}
        self.steps: list[tuple[float, float]] = []
        self.previews: list[Any] = []
        self.warnings: list[str] = []
        self.cancel_at = cancel_at

    def weights(self, source: str) -> Weights:
        return Weights(Path(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        if ref.base() not in self.live:
            loader = pack.loaders[ref.loader.removeprefix("pipelines.")]
            self.live[ref.base()] = loader.load(ref, Path(ref.source), self.device)
        yield self.live[ref.base()]

    def progress(
        self, done: float, total: float = 1.0, *, text: str | None = None, preview: Any = None
    ) -> None:
        if len(self.steps) == self.cancel_at:
            raise Cancelled
        self.steps.append((done, total))
        self.previews += [preview] if preview is not None else []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def run(name: str, ctx: Context, **given: Any) -> Any:
    """Call a generated node with its defaults."""
    kind = pack.types[f"pipelines.{name}"]
    values = {port.name: port.default for port in kind.inputs.values()}
    sizes = {"width": 32, "height": 32, "steps": 2, "seed": SEED}
    usual = {name: value for name, value in sizes.items() if name in values}
    assert given.keys() <= values.keys(), f"{name} has no such input"
    return kind.function(ctx=ctx, **(values | usual | given))


def picture(seed: int = 0, batch: int = 1, channels: int = 3) -> Image:
    drawn = torch.Generator().manual_seed(seed)
    return Image(torch.randint(0, 256, (batch, 32, 32, channels), generator=drawn) / 255)


# The catalogue


def test_the_signatures_are_those_of_the_installed_diffusers() -> None:
    """All names, and a few whole entries; ``make parity`` compares every entry."""
    written = json.loads(catalogue.SIGNATURES.read_text("utf-8"))
    assert written["diffusers"] == diffusers.__version__, catalogue.AGAIN
    assert [*written["pipelines"]] == catalogue.names(), catalogue.AGAIN
    assert written["folders"] == catalogue.folders(), catalogue.AGAIN
    for name in ("StableDiffusionImg2ImgPipeline", "WanPipeline", "KandinskyV22PriorPipeline"):
        assert catalogue.read(getattr(diffusers, name)) == written["pipelines"][name], name


def test_the_chinese_texts_are_made_of_todays_words() -> None:
    assert texts(pack) == (catalogue.HERE / "texts" / "zh.json").read_text("utf-8")
    assert problems(pack, entries(pack.texts, "zh")) == []


def test_all_nodes_are_described_without_heavy_libraries() -> None:
    code = (
        "import sys, musegraph_nodes.pipelines as p; "
        "[t.schema() for t in p.pack.types.values()]; "
        "print(len(p.pack.types), "
        "sorted({'torch', 'numpy', 'PIL', 'diffusers', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, _, heavy = done.stdout.strip().partition(" ")
    assert heavy == "[]"
    assert int(count) == len(pipelines()) + 2 > 250


def test_a_node_is_made_only_when_it_is_asked_for() -> None:
    code = (
        "import musegraph_nodes.pipelines as p; "
        "from musegraph_nodes.pipelines import ports; "
        "p.pack.types['pipelines.wan']; print(ports.annotation.cache_info().currsize < 60)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_titles_and_ids_are_each_of_one_node() -> None:
    kinds = [*pack.types.values()]
    chinese = [entry["title"][1] for entry in pipelines().values()]
    for said in ([kind.heading for kind in kinds], chinese):
        assert len({*said}) == len(said)
    assert all(kind.group and kind.generated for kind in kinds if "load" not in kind.id)
    assert pack.types["pipelines.qwen_image_edit"].heading == "Qwen-Image edit"


def test_defaults_and_ports_are_those_of_the_signature() -> None:
    kind = pack.types["pipelines.stable_diffusion_img2img"]
    found = {name: (str(port.type), port.default) for name, port in kind.inputs.items()}
    assert found["guidance"] == ("Number", 7.5)
    assert found["strength"] == ("Number", 0.8)
    assert found["steps"] == ("Integer", 50)
    assert found["clip_skip"] == ("Integer | None", None)
    assert found["sigmas"] == ("list[Number] | None", None)
    assert kind.inputs["image"].required
    assert kind.inputs["prompt"].schema()["schema"]["multiline"]
    assert [name for name, port in kind.inputs.items() if not port.advanced] == [
        "model", "prompt", "negative_prompt", "image", "steps", "guidance", "strength", "seed",
        "batch",
    ]  # fmt: skip
    video = pack.types["pipelines.wan"]
    assert [*video.outputs] == ["frames", "fps", "latent"]
    assert video.inputs["num_frames"].default == 81
    sound = pack.types["pipelines.ltx2"]
    assert str(sound.outputs["audio"].type) == "Audio"
    prior = pack.types["pipelines.kandinsky_v22_prior"]
    assert {str(port.type) for port in prior.outputs.values()} == {"Conditioning"}


# Beside the plain pipelines; tests/nodes/make_parity.py compares many more


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.quick], ids=lambda case: case.cls or case.build.__name__
)
def test_a_graph_gives_the_bits_of_the_plain_pipeline(case: Case, place: Bench) -> None:
    assert place.compare(case).difference == 0


def test_a_controlnet_from_its_own_folder_is_that_of_the_plain_pipeline(
    place: Bench, folder: Path, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    controlnet().save_pretrained(tmp_path / "control")
    ctx = Alone()
    beside = load_part(str(tmp_path / "control"), "controlnet", ctx)
    told = {"prompt": "a red sun", "image": picture(), "controlnet": beside}
    made = run("stable_diffusion_controlnet", ctx, model=load(str(folder), ctx), **told).image.data
    net = diffusers.ControlNetModel.from_pretrained(tmp_path / "control")
    plain = diffusers.StableDiffusionControlNetPipeline.from_pretrained(folder, controlnet=net)
    plain.set_progress_bar_config(disable=True)
    from PIL import Image as pil

    given = pil.fromarray((picture().data[0] * 255).round().to(torch.uint8).numpy())
    seeded = torch.Generator().manual_seed(SEED)
    sizes = {"num_inference_steps": 2, "height": 32, "width": 32}
    wanted = plain("a red sun", given, generator=seeded, output_type="np", **sizes).images
    assert torch.equal(made, torch.from_numpy(wanted))
    with pytest.raises(NodeError, match="needs a controlnet, which the folder has not"):
        run("stable_diffusion_controlnet", ctx, model=load(str(folder), ctx), image=picture())
    told["controlnet"] = load(str(folder), ctx)
    with pytest.raises(NodeError, match="what is linked to controlnet is 'a whole pipeline'"):
        run("stable_diffusion_controlnet", ctx, model=load(str(folder), ctx), **told)


def test_items_of_a_batch_are_those_of_their_own_seeds(ctx: Alone, model: Model) -> None:
    together = run("stable_diffusion", ctx, model=model, prompt="fog", batch=3).image.data
    for item, wanted in enumerate(together):
        alone = run("stable_diffusion", ctx, model=model, prompt="fog", seed=SEED + item).image.data
        assert torch.allclose(alone[0], wanted, atol=1e-5)


def test_each_of_several_pictures_takes_the_text_for_itself(ctx: Alone, model: Model) -> None:
    told = {"model": model, "prompt": "fog", "steps": 4}
    both = run("stable_diffusion_img2img", ctx, image=picture(batch=2), **told).image.data
    assert len(both) == 2
    second = Image(picture(batch=2).data[1:])
    alone = run("stable_diffusion_img2img", ctx, image=second, **told, seed=SEED + 1).image.data
    assert torch.allclose(both[1:], alone, atol=1e-5)


def test_nodes_with_the_same_folder_load_it_once(place: Bench, folder: Path) -> None:
    before = place.engine.models.loads
    quick = {"prompt": "the same folder twice", "width": 32, "height": 32, "steps": 1}
    document = {
        "musegraph": 1,
        "nodes": {
            "model": {
                "type": "pipelines.load",
                "values": {"source": str(folder), "precision": "float32"},
            },
            "a": {
                "type": "pipelines.stable_diffusion",
                "values": quick,
                "links": {"model": "model.out"},
            },
            "b": {
                "type": "pipelines.stable_diffusion_img2img",
                "values": {"prompt": "again", "steps": 2},
                "links": {"model": "model.out", "image": "a.image"},
            },
        },
    }
    result = place.engine.run(place.engine.plan(Workflow.parse(document)))
    assert result.ok, result.outcome.errors
    assert place.engine.models.loads == before + 1


# Latents


def test_latents_go_out_instead_of_pictures_and_come_in_instead_of_noise(
    ctx: Alone, model: Model
) -> None:
    told = {"model": model, "prompt": "fog"}
    latent = run("stable_diffusion", ctx, give="latent", **told).latent
    assert latent.data.shape == (1, 4, 16, 16)
    noise = Latent(torch.randn(1, 4, 16, 16, generator=ctx.generator(SEED)), latent.family, 2)
    from_noise = run("stable_diffusion", ctx, latents=noise, seed=99, **told).image.data
    assert torch.equal(from_noise, run("stable_diffusion", ctx, **told).image.data)
    with pytest.raises(NodeError, match="the latents are of the family 'flux'"):
        run("stable_diffusion", ctx, latents=Latent(noise.data, "flux"), **told)


def test_latents_of_a_video_are_made_larger_by_a_node_that_takes_only_parts_of_the_folder(
    place: Bench, tmp_path: Path
) -> None:
    folder, ctx = place.folder(Case("", ltx)), Alone()
    torch.manual_seed(2)
    net = LTXLatentUpsamplerModel(in_channels=8, mid_channels=32, num_blocks_per_stage=1)
    net.save_pretrained(tmp_path / "larger")
    model = load(str(folder), ctx)
    beside = load_part(str(tmp_path / "larger"), "latent_upsampler", ctx)
    told = {"model": model, "prompt": "waves", "num_frames": 9, "max_sequence_length": 16}
    small = run("ltx_condition", ctx, give="latent", **told).latent
    assert small.data.shape == (1, 8, 3, 8, 8)
    assert ctx.previews[-1]().data.shape == (1, 8, 8, 3)
    sizes = {"width": 64, "height": 64}
    made = run(
        "ltx_latent_upsample", ctx, model=model, latent_upsampler=beside, latents=small, **sizes
    )
    assert made.frames.data.shape == (9, 64, 64, 3)
    vae = ctx.live[model.base()].parts["vae"]
    plain = diffusers.LTXLatentUpsamplePipeline(vae=vae, latent_upsampler=net.eval())
    wanted = plain(latents=small.data, output_type="np", **sizes).frames[0]
    assert torch.equal(made.frames.data, torch.as_tensor(wanted))


@pytest.mark.parametrize(("build", "name"), [(flux, "flux"), (qwen_image, "qwen_image")])
def test_latents_that_are_cut_into_tokens_are_seen_whole_in_previews(
    build: Any, name: str, place: Bench
) -> None:
    ctx = Alone()
    told = {"prompt": "fog", "max_sequence_length": 48, "steps": 2}
    run(name, ctx, model=load(str(place.folder(Case("", build))), ctx), **told)
    looked = ctx.previews[-1]()
    assert looked.data.shape[-1] == 3
    assert looked.size[0] == looked.size[1] > 4


def test_embeddings_of_another_family_are_refused(place: Bench, folder: Path) -> None:
    from musegraph import Conditioning, ConditioningPart

    ctx = Alone()
    told = {"model": load(str(folder), ctx)}
    part = ConditioningPart({"image_embeds": torch.zeros(1, 8)})
    with pytest.raises(NodeError, match=r"of the family 'Kandinsky 2\.2' and this pipeline reads"):
        run("stable_diffusion", ctx, embeds=Conditioning((part,), "Kandinsky 2.2"), **told)
    with pytest.raises(NodeError, match="takes no image_embeds; it takes prompt_embeds"):
        run("stable_diffusion", ctx, embeds=Conditioning((part,), "Stable Diffusion"), **told)


# While it runs


def test_steps_are_told_with_previews_and_a_run_stops_where_it_is_cancelled(
    ctx: Alone, model: Model
) -> None:
    first = run("stable_diffusion", ctx, model=model, prompt="fog", steps=3).image.data
    assert ctx.steps == [(1, 3), (2, 3), (3, 3)]
    looked = ctx.previews[-1]()
    assert looked.data.shape == (1, 16, 16, 3)
    stopped = Alone(cancel_at=1)
    stopped.live = ctx.live
    with pytest.raises(Cancelled):
        run("stable_diffusion", stopped, model=model, prompt="fog", steps=3)
    again = run("stable_diffusion", ctx, model=model, prompt="fog", steps=3).image.data
    assert torch.equal(first, again)


def test_a_cancelled_run_with_exchanged_attention_leaves_the_model_as_it_was(
    ctx: Alone, model: Model
) -> None:
    before = run("stable_diffusion", ctx, model=model, prompt="fog").image.data
    stopped = Alone(cancel_at=1)
    stopped.live = ctx.live
    with pytest.raises(Cancelled):
        run("stable_diffusion_pag", stopped, model=model, prompt="fog")
    assert torch.equal(run("stable_diffusion", ctx, model=model, prompt="fog").image.data, before)


def test_with_little_memory_it_computes_in_parts_and_afterwards_as_before(
    ctx: Alone, model: Model
) -> None:
    told = {"model": model, "prompt": "fog", "batch": 2}
    before = run("stable_diffusion", ctx, **told).image.data
    ctx.frugal = True
    spared = run("stable_diffusion", ctx, **told).image.data
    assert torch.allclose(spared, before, atol=1e-4)
    live = ctx.live[model.base()]
    assert not live.parts["vae"].use_tiling
    ctx.frugal = False
    assert torch.equal(run("stable_diffusion", ctx, **told).image.data, before)


def test_weights_that_stay_in_host_memory_give_the_same_bits(
    ctx: Alone, model: Model, folder: Path
) -> None:
    before = run("stable_diffusion", ctx, model=model, prompt="fog").image.data
    away = Alone()
    away.live[model.base()] = pack.loaders["diffusers"].offload(model, folder, "cpu")
    assert torch.equal(run("stable_diffusion", away, model=model, prompt="fog").image.data, before)


def test_calls_on_one_model_take_turns(ctx: Alone, model: Model) -> None:
    run("stable_diffusion", ctx, model=model, prompt="fog")
    live = ctx.live[model.base()]
    made: list[Any] = []
    other = threading.Thread(
        target=lambda: made.append(run("stable_diffusion", ctx, model=model, prompt="fog"))
    )
    with live.turn(ctx):
        other.start()
        other.join(0.3)
        assert not made
    other.join(60)
    assert len(made) == 1


def test_what_the_pipeline_says_of_its_inputs_is_a_warning_of_the_run(
    ctx: Alone, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    run("stable_diffusion", ctx, model=model, prompt="many words " * 9)
    assert any("truncated" in text for text in ctx.warnings)
    assert "truncated" not in capfd.readouterr().err


# What is refused


def test_a_folder_for_another_pipeline_is_refused_with_the_node_that_fits(
    ctx: Alone, model: Model
) -> None:
    loaded = len(ctx.live)
    with pytest.raises(NodeError) as caught:
        run("stable_diffusion_xl", ctx, model=model)
    said = str(caught.value)
    assert "is for StableDiffusionPipeline and does not fit here" in said
    assert "its node is pipelines.stable_diffusion" in said
    assert len(ctx.live) == loaded, "nothing was loaded for it"


def test_a_reference_of_another_pack_is_refused(folder: Path) -> None:
    other = Model(loader="diffusion.diffusers", source="x", part="unet")
    with pytest.raises(NodeError, match=r"link one that pipelines\.load gives"):
        run("stable_diffusion", Alone(), model=other)


def test_what_the_pipeline_refuses_is_a_sentence(ctx: Alone, model: Model) -> None:
    with pytest.raises(NodeError, match=r"StableDiffusionPipeline refuses this: .*divisible by 8"):
        run("stable_diffusion", ctx, model=model, width=33)
    clear = Image(torch.zeros(1, 32, 32, 4))
    with pytest.raises(NodeError, match=r"image\.flatten_alpha"):
        run("stable_diffusion_img2img", ctx, model=model, image=clear)


def test_code_that_comes_with_a_model_is_never_run(copied: Path) -> None:
    trap = copied.parent / "ran"
    (copied / "unet" / "mine.py").write_text(f"open({str(trap)!r}, 'w')\nclass Net: pass\n")
    edit_json(copied / "model_index.json", unet=["mine", "Net"])
    with pytest.raises(ModelError, match="code that comes with a model is never run"):
        load(str(copied), Alone())
    edit_json(copied / "model_index.json", unet=["diffusers", "UNet2DConditionModel"])
    shutil.copy(copied / "unet" / "mine.py", copied / "unet" / "diffusers.py")
    ctx = Alone()
    with pytest.raises(ModelError):
        run("stable_diffusion", ctx, model=load(str(copied), ctx))
    assert not trap.exists()


def test_pickles_single_files_and_unknown_folders_are_refused(copied: Path, tmp_path: Path) -> None:
    (copied / "vae" / "diffusion_pytorch_model.safetensors").rename(copied / "vae" / "model.bin")
    with pytest.raises(
        ModelError, match=r"the vae of the model .* only as a pickle \(model\.bin\)"
    ):
        load(str(copied), Alone())
    shutil.rmtree(copied / "vae")
    with pytest.raises(ModelError, match="the folder vae is missing"):
        load(str(copied), Alone())
    edit_json(copied / "model_index.json", _class_name="AudioLDM2Pipeline")
    with pytest.raises(ModelError, match="AudioLDM2Pipeline, for which there is no node"):
        load(str(copied), Alone())
    (copied / "model_index.json").write_text("{")
    with pytest.raises(ModelError, match="is damaged: it is no JSON"):
        load(str(copied), Alone())
    (tmp_path / "one.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"diffusion\.load opens single files"):
        load(str(tmp_path / "one.safetensors"), Alone())
    with pytest.raises(ModelError, match=r"holds no model_index\.json"):
        load(str(tmp_path), Alone())


def test_weights_that_do_not_suit_their_configuration_are_refused(copied: Path) -> None:
    edit_json(copied / "unet" / "config.json", block_out_channels=[16, 32])
    ctx = Alone()
    with pytest.raises(ModelError, match=r"cannot be opened|lacks tensors"):
        run("stable_diffusion", ctx, model=load(str(copied), ctx))


def test_a_pipeline_that_the_installed_diffusers_lacks_is_named() -> None:
    with pytest.raises(NodeError, match=r"the installed diffusers .* has no FuturePipeline"):
        class_of("FuturePipeline")


def test_half_precision_files_are_found_by_their_names(place: Bench, tmp_path: Path) -> None:
    half = diffusers.StableDiffusionXLPipeline.from_pretrained(place.folder(Case("", sdxl))).to(
        torch.float16
    )
    half.save_pretrained(tmp_path / "half", variant="fp16")
    model = load(str(tmp_path / "half"), Alone())
    assert (model.options["variant"], model.options["stored"]) == ("fp16", "F16")
    made = run("stable_diffusion_xl", Alone(), model=model, prompt="fog")
    assert bool(torch.isfinite(made.image.data).all())
    assert json.loads((tmp_path / "half" / "model_index.json").read_text())["_class_name"]


class Stub:
    """A pipeline of which only the signature counts."""

    dtype = torch.float32
    vae_scale_factor = 8

    def __call__(self, output_type: str = "pil") -> None:
        raise NotImplementedError


def test_every_node_turns_what_its_ports_take_into_arguments_of_its_pipeline() -> None:
    ctx = Alone()
    given: dict[str, Any] = {"Image": picture(batch=2), "list[Image]": [picture(), picture(1)]}
    given["Mask"] = Mask(torch.ones(2, 32, 32))
    for cls, entry in pipelines().items():
        kind = pack.types[f"pipelines.{entry['id']}"]
        values = {name: port.default for name, port in kind.inputs.items()}
        for name, port in kind.inputs.items():
            usual = given.get(str(port.type.required()), [1] if port.required else port.default)
            values[name] = usual
        made = Given(cls, entry, values, Stub(), ctx)
        arguments = arguments_of(made, 0, made.count)
        theirs = {TRUE_NAMES.get(name, name) for name in entry["params"]}
        assert arguments.keys() <= theirs | {"generator", "output_type", entry.get("batch")}, cls
        assert "image" not in theirs or "image" in arguments, cls
        if entry.get("seeds") == "each" and made.count > 1:
            assert len(arguments["generator"]) == made.count, cls
