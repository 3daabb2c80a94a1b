"""Settings: every knob has a help text, the other system's names work, and nothing wrong starts a server."""

import pytest
from pydantic import ValidationError

from docs.settings_page import PAGE, settings_page
from sightline.bootstrap import load_options, make_fetcher
from sightline.domain.errors import SettingsError, UnreachableUrlError
from sightline.domain.records import Cuda
from sightline.environment import FOREIGN_NAMES, read_settings
from sightline.settings import P95_MS, Settings
from sightline.sources.urls import RefusedUrlError


def test_defaults_are_safe() -> None:
    settings = read_settings({})
    assert settings.host == "127.0.0.1"
    assert settings.models == ("mini",)
    assert (settings.five_crops, settings.multi_scale) == (False, False)
    assert settings.fetch_mode == "off"
    assert make_fetcher(settings) is None


def test_a_host_that_is_none_stops_the_start() -> None:
    chosen = {"fetch_mode": "allowlist", "fetch_hosts": "shop.test, 169.254.169.254:80"}
    with pytest.raises(SettingsError, match=r"169\.254"):
        make_fetcher(read_settings({}, chosen))


def test_the_fetch_settings_reach_the_fetch() -> None:
    chosen = {"fetch_mode": "allowlist", "fetch_hosts": "127.0.0.1:9,127.0.0.1:8000", "port": 8000}
    fetcher = make_fetcher(read_settings({}, chosen), ["postgresql://127.0.0.1:9/x"])
    assert fetcher is not None
    for port in (9, 8000):
        with pytest.raises(UnreachableUrlError) as caught:
            fetcher.read(f"http://127.0.0.1:{port}/")
        assert isinstance(caught.value.__cause__, RefusedUrlError)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_has_help(field: str) -> None:
    about = Settings.model_fields[field].description
    assert about
    assert about.endswith(".")


def test_the_guide_lists_every_setting_as_it_is() -> None:
    assert PAGE.read_text() == settings_page(), "write it anew: PYTHONPATH=src python docs/settings_page.py"


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValidationError):
        read_settings({}).port = 1  # type: ignore[misc]


def test_an_option_wins_over_the_environment_and_that_over_the_profile() -> None:
    environ = {
        "SIGHTLINE_PROFILE": "tuned-embedder",
        "SIGHTLINE_MODELS": "mini, clip-vit-b-32",
        "SIGHTLINE_PORT": "1",
    }
    settings = read_settings(environ, {"port": 2, "host": None})
    assert settings.models == ("mini", "clip-vit-b-32")
    assert settings.port == 2
    assert settings.host == "127.0.0.1"
    assert settings.five_crops


def test_the_profile_of_the_tuned_embedder_averages_crops_with_its_model() -> None:
    settings = read_settings({"SIGHTLINE_PROFILE": "tuned-embedder"})
    assert settings.models == ("siglip-so400m-384",)
    assert (settings.five_crops, settings.multi_scale) == (True, True)
    assert settings.scale_factors == (1.0, 1.35)


def test_the_tuned_embedders_own_names_and_formats_are_read() -> None:
    settings = read_settings(
        {
            "VISION_MODEL_ID": "timm/ViT-SO400M-14-SigLIP-384",
            "VISION_SIZE": "384",
            "TTA_CROP_SIZE": "336",
            "MODEL_PRECISION": "BF16",
            "MATMUL_PRECISION": "high",
            "CUDA_DEVICE": "cuda:1",
            "REQUIRE_CUDA": "false",
            "ENABLE_TTA": "true",
            "ENABLE_MULTI_SCALE": "1",
            "MULTI_SCALE_FACTORS": "1.0,1.5",
            "MULTI_SCALE_MAX_DIM": "1024",
            "PANORAMA_MAX_RATIO": "3.0",
            "LOG_LEVEL": "WARN",
            "LOG_FORMAT": "text",
            "HF_TOKEN": "hf_secret",
        }
    )
    assert settings.models == ("timm/ViT-SO400M-14-SigLIP-384",)
    assert (settings.image_size_px, settings.crop_size_px) == (384, 336)
    assert (settings.precision, settings.matmul_precision, settings.cuda_device) == ("bf16", "high", 1)
    assert (settings.five_crops, settings.multi_scale, settings.scale_factors) == (True, True, (1.0, 1.5))
    assert (settings.max_dim_px, settings.panorama_max_ratio) == (1024, 3.0)
    assert (settings.log_level, settings.log_format) == ("warning", "human")
    assert settings.hf_token is not None
    assert set(FOREIGN_NAMES.values()) <= set(Settings.model_fields)


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ("fp32", "f32"),
        ("float32", "f32"),
        ("bfloat16", "bf16"),
        ("bf16", "bf16"),
        ("fp16", "auto"),
        ("auto", "auto"),
    ],
)
def test_every_spelling_of_a_precision_is_understood(given: str, ours: str) -> None:
    assert read_settings({"MODEL_PRECISION": given}).precision == ours


@pytest.mark.parametrize("given", ["1.0,1.5", "[1.0, 1.5]", " 1.0 , 1.5 ,"])
def test_a_list_may_be_written_with_commas_or_as_json(given: str) -> None:
    """Systems on pydantic-settings, as the tuned embedder is, read lists from the environment as JSON."""
    assert read_settings({"MULTI_SCALE_FACTORS": given}).scale_factors == (1.0, 1.5)
    assert read_settings({"SIGHTLINE_MODELS": '["a", "b"]'}).models == ("a", "b")


@pytest.mark.parametrize("given", ["1", "cuda:1", " CUDA:1 "])
def test_a_cuda_device_may_be_written_as_torch_does(given: str) -> None:
    assert read_settings({"CUDA_DEVICE": given}).cuda_device == 1


@pytest.mark.parametrize(
    "environ",
    [
        {"ENABLE_TTA": "1", "SIGHTLINE_FIVE_CROPS": "true"},
        {"MODEL_PRECISION": "fp32", "SIGHTLINE_PRECISION": "F32"},
        {"MULTI_SCALE_FACTORS": "1, 2", "SIGHTLINE_SCALE_FACTORS": "1.0,2.0"},
    ],
)
def test_two_names_that_say_the_same_do_not_contradict_each_other(environ: dict[str, str]) -> None:
    assert read_settings(environ)


def test_a_refused_list_is_told_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"MULTI_SCALE_FACTORS": "wide,-1"})
    assert str(caught.value).count("MULTI_SCALE_FACTORS") == 1


def test_a_misspelt_setting_stops_the_start_and_the_closest_is_suggested() -> None:
    with pytest.raises(SettingsError, match="SIGHTLINE_MAX_PIXEL; did you mean SIGHTLINE_MAX_PIXELS"):
        read_settings({"SIGHTLINE_MAX_PIXEL": "1"})


def test_a_name_like_no_other_is_refused_too() -> None:
    with pytest.raises(SettingsError, match="no setting is called SIGHTLINE_ZZZZZZ"):
        read_settings({"SIGHTLINE_ZZZZZZ": "1"})


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"SIGHTLINE_PORT": "99999"}, ["SIGHTLINE_PORT='99999'", "65535"]),
        ({"MULTI_SCALE_FACTORS": "1.0,wide"}, ["MULTI_SCALE_FACTORS='1.0,wide'", "number"]),
        ({"SIGHTLINE_PROFILE": "tuned"}, ["SIGHTLINE_PROFILE='tuned'", "tuned-embedder"]),
        ({"SIGHTLINE_MODELS": ","}, ["SIGHTLINE_MODELS"]),
    ],
)
def test_a_refused_value_is_told_under_the_name_it_was_set_with(
    environ: dict[str, str], named: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    assert all(part in str(caught.value) for part in named)


@pytest.mark.parametrize(
    ("environ", "one", "other"),
    [
        ({"REQUIRE_CUDA": "true", "SIGHTLINE_ENGINE": "openvino"}, "require_cuda", "engine=openvino"),
        ({"REQUIRE_CUDA": "true", "SIGHTLINE_DEVICE": "cpu"}, "require_cuda", "device=cpu"),
        ({"SIGHTLINE_DEVICE": "cuda", "SIGHTLINE_ENGINE": "fake"}, "device=cuda", "engine=fake"),
        ({"SIGHTLINE_STOCK_MODEL": "b", "SIGHTLINE_MODELS": "a"}, "stock_model=b", "models=a"),
        ({"SIGHTLINE_MAX_REQUEST_BYTES": "2000"}, "max_request_bytes=2000", "max_image_bytes=20000000"),
        ({"SIGHTLINE_FETCH_MODE": "allowlist"}, "fetch_mode=allowlist", "fetch_hosts=(none)"),
        ({"SIGHTLINE_FETCH_HOSTS": "a.test"}, "fetch_mode=off", "fetch_hosts=a.test"),
        (
            {"SIGHTLINE_FETCH_MODE": "public", "SIGHTLINE_FETCH_HOSTS": "a"},
            "fetch_mode=public",
            "fetch_hosts=a",
        ),
        ({"SIGHTLINE_MODELS": "a", "VISION_MODEL_ID": "b"}, "SIGHTLINE_MODELS='a'", "VISION_MODEL_ID='b'"),
    ],
)
def test_settings_that_contradict_each_other_are_both_named(
    environ: dict[str, str], one: str, other: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    assert one in str(caught.value)
    assert other in str(caught.value)


def test_names_that_other_programs_use_too_give_way_to_ours() -> None:
    assert read_settings({"LOG_LEVEL": "debug", "SIGHTLINE_LOG_LEVEL": "error"}).log_level == "error"


def test_secrets_are_never_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"SIGHTLINE_API_KEY": "tooshor"})
    assert "tooshor" not in str(caught.value)
    assert "long-enough-key" not in repr(read_settings({"SIGHTLINE_API_KEY": "long-enough-key"}))


def test_cuda_that_was_required_is_missed_at_the_start() -> None:
    settings = read_settings({"REQUIRE_CUDA": "true"})
    settings.check_model("m", size_px=224, engine="onnx", device="cuda:0")
    with pytest.raises(SettingsError, match="require_cuda=true, but engine=onnx runs m on cpu"):
        settings.check_model("m", size_px=224, engine="onnx", device="cpu")


def test_a_model_of_another_size_than_asked_is_refused() -> None:
    settings = read_settings({"VISION_SIZE": "384"})
    settings.check_model("m", size_px=384, engine="onnx", device="cpu")
    with pytest.raises(
        SettingsError, match=r"image_size_px=384 \(VISION_SIZE\), but the model m takes 224 px"
    ):
        settings.check_model("m", size_px=224, engine="onnx", device="cpu")


def test_the_cuda_settings_reach_the_engine() -> None:
    options = load_options(read_settings({"CUDA_DEVICE": "1", "MATMUL_PRECISION": "high"}))
    assert options.cuda == Cuda(number=1, tf32=True)
    assert load_options(read_settings({})).cuda == Cuda(number=0, tf32=False)


def test_pairs_are_read_as_they_are_written_and_the_rest_keep_their_defaults() -> None:
    for text in ("embed=250", " embed = 250 ", '{"embed": 250}'):
        assert read_settings({"SIGHTLINE_SLO_P95_MS": text}).slo_p95_ms == {**P95_MS, "embed": 250}
    assert read_settings({}).slo_p95_ms == P95_MS


@pytest.mark.parametrize("text", ["embd=1", "embed", "embed=0", "embed=1,embed=2", "embed=x", "{", "250"])
def test_pairs_that_say_nothing_stop_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match="SIGHTLINE_SLO_P95_MS"):
        read_settings({"SIGHTLINE_SLO_P95_MS": text})
