"""The libraries that define the models, if they are installed. Does not know our own engines or graphs."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import EngineUnavailableError, MissingFileError
from sightline.domain.vectors import l2_normalise
from sightline.models.checkpoint import Checkpoint
from sightline.models.configs import CONFIG, OPEN_CLIP_CONFIG, OPEN_CLIP_WEIGHTS
from sightline.models.hub import Fetcher

TRANSFORMERS = ("torch", "transformers")
OPEN_CLIP = ("torch", "open_clip", "timm")
PIP_NAMES = {"open_clip": "open_clip_torch"}


class Reference(Protocol):
    """A model of a library, in float32 on the CPU."""

    name: str

    def embed_pixels(self, pixels: Float32) -> Float32:
        """(N, 3, S, S) float32, scaled and normalised -> (N, dim) of unit length."""
        ...

    def embed_ids(self, ids: Int64) -> Float32:
        """(N, L) -> (N, dim) of unit length."""
        ...


def missing_packages(checkpoint: Checkpoint) -> list[str]:
    """What pip would have to install before `reference` can open this checkpoint."""
    packages = OPEN_CLIP if _is_open_clip(checkpoint) else TRANSFORMERS
    return [PIP_NAMES.get(name, name) for name in packages if find_spec(name) is None]


def reference(checkpoint: Checkpoint, fetcher: Fetcher) -> Reference:
    """The checkpoint opened by the library whose layout it has.

    Raises MissingFileError: the config that the library needs is neither here nor in reach;
    EngineUnavailableError: the library itself does not work.
    """
    is_open_clip = _is_open_clip(checkpoint)
    config = OPEN_CLIP_CONFIG if is_open_clip else CONFIG
    _require(checkpoint, config, fetcher)
    try:
        if is_open_clip:
            return _OpenClip(checkpoint.folder, checkpoint.files[checkpoint.card.weights])
        return _Transformers(checkpoint.folder)
    except (ImportError, RuntimeError) as error:  # torchvision of another build than torch, most often
        library = "open_clip" if is_open_clip else "transformers"
        raise EngineUnavailableError(
            f"the reference library {library} is here but cannot open the model ({type(error).__name__}): "
            "reinstall it with its torch, or uninstall it to go without. `sightline --debug` shows its error"
        ) from error


def _is_open_clip(checkpoint: Checkpoint) -> bool:
    return checkpoint.card.weights in OPEN_CLIP_WEIGHTS


def _require(checkpoint: Checkpoint, config: str, fetcher: Fetcher) -> None:
    """A card needs no config, so of a fetched model it may not be here yet; it is put beside the weights."""
    if (checkpoint.folder / config).is_file():
        return
    repo, commit = checkpoint.card.repo, checkpoint.commit
    if repo is None or commit is None or fetcher.fetch(repo, commit, config) is None:
        raise MissingFileError(
            f"{checkpoint.folder} has no {config}, without which the library cannot open it"
        )


class _Transformers:
    """CLIPModel, SiglipModel or Dinov2Model, by config.json."""

    def __init__(self, folder: Path) -> None:
        torch, transformers = import_module("torch"), import_module("transformers")
        self.name = f"transformers {transformers.__version__}"
        self._torch = torch
        # no code of the repository is run, and nothing but safetensors is opened
        self._model: Any = transformers.AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, trust_remote_code=False
        ).train(False)

    def embed_pixels(self, pixels: Float32) -> Float32:
        with self._torch.inference_mode():
            values = self._torch.from_numpy(pixels)
            if not hasattr(self._model, "get_image_features"):  # DINOv2: the class token
                return _unit(self._model(pixel_values=values).last_hidden_state[:, 0])
            return _unit(self._model.get_image_features(pixel_values=values))

    def embed_ids(self, ids: Int64) -> Float32:
        with self._torch.inference_mode():
            return _unit(self._model.get_text_features(input_ids=self._torch.from_numpy(ids)))


class _OpenClip:
    """Whatever open_clip_config.json describes."""

    def __init__(self, folder: Path, weights: Path) -> None:
        torch, open_clip = import_module("torch"), import_module("open_clip")
        tensors = import_module("safetensors.torch").load_file(weights)
        self.name = f"open_clip {open_clip.__version__}"
        self._torch = torch
        self._model: Any = open_clip.create_model(f"local-dir:{folder}", precision="fp32", load_weights=False)
        self._model.train(False).load_state_dict(tensors, strict=True)

    def embed_pixels(self, pixels: Float32) -> Float32:
        with self._torch.inference_mode():
            return _unit(self._model.encode_image(self._torch.from_numpy(pixels)))

    def embed_ids(self, ids: Int64) -> Float32:
        with self._torch.inference_mode():
            return _unit(self._model.encode_text(self._torch.from_numpy(ids)))


def _unit(output: Any) -> Float32:
    features = getattr(output, "pooler_output", output)  # transformers 5 wraps features in an output object
    return l2_normalise(features.float().numpy())
