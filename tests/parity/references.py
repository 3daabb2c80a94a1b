"""Opens a synthesized checkpoint with the library that defines its layout. Does not know Sightline."""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from training.torchvision_beside_torch import make_torchvision_importable

Float32 = NDArray[np.float32]

make_torchvision_importable()


class Reference(Protocol):
    def images(self, pixels: Float32) -> Float32: ...

    def texts(self, ids: NDArray[np.int64]) -> Float32: ...


class TransformersReference:
    """CLIPModel, SiglipModel or Dinov2Model by config.json."""

    def __init__(self, folder: Path) -> None:
        import transformers

        self._model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()

    @torch.inference_mode()
    def images(self, pixels: Float32) -> Float32:
        if not hasattr(self._model, "get_image_features"):  # DINOv2
            return unit(self._model(pixel_values=torch.from_numpy(pixels)).last_hidden_state[:, 0])
        return unit(_pooled(self._model.get_image_features(pixel_values=torch.from_numpy(pixels))))

    @torch.inference_mode()
    def texts(self, ids: NDArray[np.int64]) -> Float32:
        return unit(_pooled(self._model.get_text_features(input_ids=torch.from_numpy(ids))))


class OpenClipReference:
    """Whatever open_clip_config.json describes."""

    def __init__(self, folder: Path) -> None:
        import open_clip

        model = open_clip.create_model(f"local-dir:{folder}", precision="fp32", load_weights=False).eval()
        weights = load_file(folder / "open_clip_model.safetensors")
        # the trunk's depth follows from its timm name: a checkpoint made shallower needs it cut
        depth = 1 + max(
            int(name.split(".")[3]) for name in weights if name.startswith("visual.trunk.blocks.")
        )
        model.visual.trunk.blocks = model.visual.trunk.blocks[:depth]
        model.load_state_dict(weights, strict=True)
        self._model = model

    @torch.inference_mode()
    def images(self, pixels: Float32) -> Float32:
        return unit(self._model.encode_image(torch.from_numpy(pixels)))

    @torch.inference_mode()
    def texts(self, ids: NDArray[np.int64]) -> Float32:
        return unit(self._model.encode_text(torch.from_numpy(ids)))


def reference(folder: Path) -> Reference:
    """The reference for a folder, by the config it holds."""
    is_open_clip = (folder / "open_clip_config.json").exists()
    return OpenClipReference(folder) if is_open_clip else TransformersReference(folder)


def unit(vectors: torch.Tensor) -> Float32:
    return torch.nn.functional.normalize(vectors.float(), dim=-1).numpy()


def _pooled(output: object) -> torch.Tensor:
    """transformers 5 wraps features in an output object."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output
