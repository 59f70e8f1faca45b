"""Tiny models of random weights that make sound, one for each family; ``save`` writes a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers as d
import torch
import transformers as t
from diffusers.pipelines.ace_step import (
    AceStepAudioTokenDetokenizer,
    AceStepAudioTokenizer,
    AceStepConditionEncoder,
)
from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
from parity.parts import letter_words, t5
from tiny import t5_words
from transformers.models.t5gemma.configuration_t5gemma import T5GemmaModuleConfig

from musegraph_nodes.live import quiet

WIDE = 16


def codec(rate: int = 32_000, channels: int = 1, **options: Any) -> t.EncodecModel:
    """Four levels of 1,024 codes, 50 a second at 32 kHz."""
    made = t.EncodecModel(
        t.EncodecConfig(
            sampling_rate=rate,
            audio_channels=channels,
            upsampling_ratios=options.pop("ratios", (8, 5, 4, 4)),
            target_bandwidths=options.pop("bandwidths", (2.0,)),
            hidden_size=WIDE,
            codebook_dim=WIDE,
            codebook_size=1024,
            num_filters=4,
            num_lstm_layers=1,
            kernel_size=3,
            last_kernel_size=3,
            **options,
        )
    ).eval()
    for level, layer in enumerate(made.quantizer.layers):  # which begin at zero, all of them
        layer.codebook.embed.copy_(torch.randn(layer.codebook.embed.shape) * 0.6**level)
    _loud(made)
    return made


def _loud(made: t.EncodecModel) -> None:
    """Let random codes sound half as loud as can be."""
    levels = len(made.quantizer.layers)
    codes = torch.randint(0, 1024, (1, 1, levels, 25))
    with torch.no_grad():
        peak = made._decode_frame(codes[0], None).abs().max()
        last = made.decoder.layers[-1].conv
        plain = not hasattr(last, "parametrizations")
        (last.weight if plain else last.parametrizations.weight.original0).mul_(0.5 / peak)
        last.bias.mul_(0.5 / peak)


def encodec(folder: Path) -> None:
    """In the manner of encodec_24khz."""
    made = codec(24_000, ratios=(8, 5, 4, 2), bandwidths=(0.75, 1.5, 3.0))
    made.save_pretrained(folder)
    t.EncodecFeatureExtractor(1, 24_000).save_pretrained(folder)


def encodec_48(folder: Path) -> None:
    """In the manner of encodec_48khz: stereo, in pieces of a tenth of a second that overlap."""
    made = codec(
        8_000, 2, ratios=(5, 4, 4), bandwidths=(1.0, 2.0, 4.0), normalize=True,
        chunk_length_s=0.1, overlap=0.2, norm_type="time_group_norm", use_causal_conv=False,
    )  # fmt: skip
    made.save_pretrained(folder)
    t.EncodecFeatureExtractor(2, 8_000, chunk_length_s=0.1, overlap=0.2).save_pretrained(folder)


def _decoder(cls: Any, config: Any, books: int, **options: Any) -> Any:
    return cls(
        config(
            vocab_size=1024,
            hidden_size=WIDE,
            ffn_dim=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_codebooks=books,
            pad_token_id=1024,
            bos_token_id=1024,
            **options,
        )
    )


def _saved(made: Any, folder: Path) -> None:
    said = dict.fromkeys(("decoder_start_token_id", "pad_token_id", "bos_token_id"), 1024)
    made.generation_config = t.GenerationConfig(
        **said, do_sample=True, guidance_scale=3.0, max_length=1500
    )
    made.save_pretrained(folder)
    letter_words().save_pretrained(folder)


def musicgen(folder: Path, channels: int = 1) -> None:
    """MusicGen in mono, or in stereo."""
    decoder = _decoder(
        t.MusicgenForCausalLM, t.MusicgenDecoderConfig, 4 * channels, audio_channels=channels
    )
    _saved(t.MusicgenForConditionalGeneration(None, t5(), codec(), decoder), folder)
    t.EncodecFeatureExtractor(channels, 32_000).save_pretrained(folder)


def musicgen_melody(folder: Path) -> None:
    """MusicGen that follows melodies."""
    decoder = _decoder(t.MusicgenMelodyForCausalLM, t.MusicgenMelodyDecoderConfig, 4)
    config = t.MusicgenMelodyConfig(
        text_encoder=t5().config, audio_encoder=codec().config, decoder=decoder.config,
        num_chroma=12, chroma_length=20,
    )  # fmt: skip
    made = t.MusicgenMelodyForConditionalGeneration(config, t5(), codec(), decoder)
    _saved(made, folder)


def oobleck(channels: int, rate: int) -> Any:
    """An autoencoder with 80 samples a cell.

    In even strides, as the published ones: of an odd one less comes back than went in.
    """
    return d.AutoencoderOobleck(
        encoder_hidden_size=2 * channels,
        downsampling_ratios=[2, 4, 10],
        decoder_channels=3,
        decoder_input_channels=channels,
        audio_channels=2,
        channel_multiples=[2, 4, 4],
        sampling_rate=rate,
    )


def stable_audio(folder: Path) -> None:
    """At most 100 cells: a second."""
    made = d.StableAudioPipeline(
        transformer=d.StableAudioDiTModel(
            sample_size=100, in_channels=4, num_layers=2, attention_head_dim=4,
            num_attention_heads=4, num_key_value_attention_heads=2, out_channels=4,
            cross_attention_dim=4, time_proj_dim=8, global_states_input_dim=8,
            cross_attention_input_dim=4,
        ),
        scheduler=d.CosineDPMSolverMultistepScheduler(
            solver_order=2, prediction_type="v_prediction", sigma_data=1.0,
            sigma_schedule="exponential",
        ),
        vae=oobleck(4, 8_000),
        text_encoder=t5(),
        tokenizer=t5_words(),
        projection_model=d.StableAudioProjectionModel(
            text_encoder_dim=32, conditioning_dim=4, min_value=0, max_value=32
        ),
    )  # fmt: skip
    made.tokenizer.model_max_length = 25
    made.save_pretrained(folder)


def stable_audio_3(folder: Path) -> None:
    """32 samples a cell."""
    words = letter_words()
    text = T5GemmaModuleConfig(
        vocab_size=len(words), hidden_size=WIDE, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=8, max_position_embeddings=64,
        sliding_window=64, layer_types=["full_attention"] * 2,
    )  # fmt: skip
    both = {"encoder": text.to_dict(), "decoder": text.to_dict()}
    made = d.StableAudio3Pipeline(
        transformer=d.StableAudio3DiTModel(
            io_channels=8, embed_dim=32, depth=2, num_heads=4, cond_token_dim=WIDE,
            global_cond_dim=WIDE, local_add_cond_dim=9, timestep_features_dim=16, ff_mult=2,
            num_memory_tokens=3, use_differential_attention=False,
        ),
        scheduler=d.FlowMatchEulerDiscreteScheduler(stochastic_sampling=True),
        vae=d.AutoencoderSAME(
            patch_size=8, encoder_channels=8, encoder_c_mults=(2,), encoder_strides=(4,),
            encoder_transformer_depths=(1,), latent_dim=8, use_differential_attention=False,
            dim_heads=4, ff_mult=2, sampling_rate=8_000,
        ),
        text_encoder=t.T5GemmaEncoderModel(t.T5GemmaConfig(**both, is_encoder_decoder=False)),
        tokenizer=words,
        duration_embedder=StableAudio3DurationEmbedder(output_dim=WIDE, fourier_dim=16),
    )  # fmt: skip
    with torch.no_grad():
        for one in made.transformer.parameters():  # some begin at zero and would do nothing
            one.add_(torch.randn(one.shape) * 0.05)
    made.save_pretrained(folder)


def ace_step(folder: Path, turbo: bool = True) -> None:
    """With the parts that covers need."""
    words = letter_words(256)
    size: dict[str, Any] = {
        "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 8, "rope_theta": 10000.0, "sliding_window": 16,
    }  # fmt: skip
    tokens = size | {"audio_acoustic_hidden_dim": 8, "num_attention_pooler_hidden_layers": 1}
    made = d.AceStepPipeline(
        transformer=d.AceStepTransformer1DModel(
            **size, num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8,
            is_turbo=turbo,
        ),
        condition_encoder=AceStepConditionEncoder(
            **size, text_hidden_dim=WIDE, timbre_hidden_dim=8, num_lyric_encoder_hidden_layers=1,
            num_timbre_encoder_hidden_layers=1,
        ),
        vae=oobleck(8, 2_000),
        text_encoder=t.Qwen3Model(
            t.Qwen3Config(
                vocab_size=len(words), hidden_size=WIDE, intermediate_size=32, head_dim=8,
                num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
            )
        ),
        tokenizer=words,
        scheduler=d.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0),
        audio_tokenizer=AceStepAudioTokenizer(
            **tokens, fsq_dim=32, fsq_input_levels=[4, 4, 4]
        ),
        audio_token_detokenizer=AceStepAudioTokenDetokenizer(**tokens),
    )  # fmt: skip
    with torch.no_grad():
        made.condition_encoder.silence_latent.copy_(
            torch.randn(made.condition_encoder.silence_latent.shape)
        )
    made.save_pretrained(folder)


def audioldm2(folder: Path, language: Any = t.GPT2Model) -> None:
    """Whose folder names the class of language model that published ones name."""
    letters = [chr(code) for code in range(33, 127)]
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters, "Ġ"]
    vocabulary = {name: index for index, name in enumerate(names)}
    words = t.RobertaTokenizer(vocab=vocabulary, merges=[], model_max_length=77)
    second = t5_words()
    second.model_max_length = 77
    speech = t.GPT2Config(n_embd=16, n_head=2, n_layer=2, vocab_size=100, n_positions=99)
    speech.max_new_tokens = 8
    clap = t.ClapConfig(
        text_config={
            "hidden_size": 16, "intermediate_size": 37, "num_attention_heads": 2,
            "num_hidden_layers": 2, "vocab_size": len(words), "projection_dim": 16,
        },
        audio_config={
            "spec_size": 64, "window_size": 4, "num_mel_bins": 64, "intermediate_size": 37,
            "depths": [2, 2], "num_attention_heads": [2, 2], "num_hidden_layers": 2,
            "hidden_size": 192, "projection_dim": 16, "patch_size": 2, "patch_stride": 2,
            "patch_embed_input_channels": 4,
        },
        projection_dim=16,
    )  # fmt: skip
    made = d.AudioLDM2Pipeline(
        vae=d.AutoencoderKL(
            block_out_channels=(8, 16), in_channels=1, out_channels=1, norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
        ),
        text_encoder=t.ClapModel(clap),
        text_encoder_2=t5(),
        projection_model=d.AudioLDM2ProjectionModel(16, 32, 16),
        language_model=language(speech),
        tokenizer=words,
        tokenizer_2=second,
        feature_extractor=t.ClapFeatureExtractor(hop_length=7900),
        unet=d.AudioLDM2UNet2DConditionModel(
            block_out_channels=(16, 32), layers_per_block=1, sample_size=32, in_channels=4,
            out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), norm_num_groups=8,
            cross_attention_dim=([None, 16, 32], [None, 16, 32]),
        ),
        scheduler=d.DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
            set_alpha_to_one=False,
        ),
        vocoder=t.SpeechT5HifiGan(
            t.SpeechT5HifiGanConfig(
                model_in_dim=8, sampling_rate=16_000, upsample_initial_channel=16,
                upsample_rates=[8, 8], upsample_kernel_sizes=[16, 16],
                resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]],
                normalize_before=False,
            )
        ),
    )  # fmt: skip
    made.save_pretrained(folder)


FAMILIES: dict[str, Callable[[Path], None]] = {
    "musicgen": musicgen,
    "musicgen-stereo": lambda folder: musicgen(folder, 2),
    "musicgen-melody": musicgen_melody,
    "encodec": encodec,
    "encodec-48": encodec_48,
    "stable-audio": stable_audio,
    "stable-audio-3": stable_audio_3,
    "ace-step": ace_step,
    "ace-step-base": lambda folder: ace_step(folder, turbo=False),
    "audioldm2": audioldm2,
}


def save(name: str, folder: Path) -> Path:
    """Write the model of a family into a folder; the same each time."""
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        FAMILIES[name](folder)
    return folder
