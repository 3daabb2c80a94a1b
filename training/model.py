"""The pair of towers: a CLIPModel of transformers, small, started so that attention begins by looking nearby.

Knows nothing of data or losses.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPModel

from training.augment import IMAGE_PX

PATCH_PX = 16
PATCHES_PER_SIDE = IMAGE_PX // PATCH_PX
PROJECTION_DIM = 128
CONTEXT = 32
MEAN = (0.48145466, 0.4578275, 0.40821073)  # CLIP's own, so that no second rule is needed
STD = (0.26862954, 0.26130258, 0.27577711)


def build_model(vocab_size: int, bos_id: int, eos_id: int) -> CLIPModel:
    """About five million parameters. `eos_id` must not be 2, which transformers treats specially."""
    ids = {"bos_token_id": bos_id, "eos_token_id": eos_id, "pad_token_id": eos_id}
    text = {"vocab_size": vocab_size, "hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 3}
    text |= {"num_attention_heads": 3, "max_position_embeddings": CONTEXT, "hidden_act": "gelu", **ids}
    vision = {"hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 8, "num_attention_heads": 3}
    vision |= {"image_size": IMAGE_PX, "patch_size": PATCH_PX, "hidden_act": "gelu"}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=PROJECTION_DIM)
    model = CLIPModel(config)
    model.set_attn_implementation("eager")  # on this CPU the fused backward pass takes 3 times as long
    _look_nearby(model)
    return model


def _sines(grid: int, width: int) -> Tensor:
    """Fixed 2-D sine positions (grid * grid, width): near patches have similar rows."""
    frequency = 10_000 ** (-torch.arange(width // 4) / (width // 4))
    angle = torch.arange(grid)[:, None] * frequency
    one_axis = torch.cat([angle.sin(), angle.cos()], 1)  # (grid, width / 2)
    y, x = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    return torch.cat([one_axis[y.flatten()], one_axis[x.flatten()]], 1)


@torch.no_grad()
def _look_nearby(model: CLIPModel) -> None:
    """Mimetic initialisation (Trockman and Kolter 2023): query times key near +1, value times output near -1.

    With sine positions this makes every head of a fresh transformer blur its neighbourhood, as trained ones.
    """
    vision = model.vision_model
    width = vision.config.hidden_size
    positions = vision.embeddings.position_embedding.weight
    positions.zero_()
    positions[1:] = _sines(vision.config.image_size // vision.config.patch_size, width) * 0.5
    nn.init.trunc_normal_(vision.embeddings.patch_embedding.weight, std=0.02)
    for layer in vision.encoder.layers:
        attention, heads = layer.self_attn, vision.config.num_attention_heads
        size = width // heads
        scale = size**0.5
        for head in range(heads):
            rows = slice(head * size, (head + 1) * size)
            wanted = 0.7 * torch.randn(width, width) / width**0.5 + 0.7 * torch.eye(width)
            u, s, v = torch.linalg.svd(wanted)
            root = s[:size].sqrt()[:, None]
            attention.q_proj.weight[rows] = root * u[:, :size].T / scale**0.5
            attention.k_proj.weight[rows] = root * v[:size] / scale**0.5
        u, s, v = torch.linalg.svd(0.4 * torch.randn(width, width) / width**0.5 - 0.4 * torch.eye(width))
        attention.v_proj.weight.copy_(s.sqrt()[:, None] * v)
        attention.out_proj.weight.copy_(u * s.sqrt())


def normalised(images: Tensor) -> Tensor:
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return (images - mean) / std


@dataclass(frozen=True, slots=True)
class Seen:
    """What the vision tower made of a batch."""

    vectors: Tensor  # (B, PROJECTION_DIM), unit length
    layers: tuple[Tensor, ...]  # each (B, 1 + patches shown, width): the input, then each layer's output
    shown: Tensor  # (B, patches shown): which patches, row by row from the top left


def look(model: CLIPModel, images: Tensor, seen_share: float = 1.0) -> Seen:
    """Images (B, 3, H, W), 0 to 1, through the vision tower.

    `seen_share` below 1 shows each image's patches only in part: faster, and harder to learn by heart
    (Li et al. 2023, FLIP). At 1.0 this is exactly CLIPModel.get_image_features, made unit length.
    """
    vision = model.vision_model
    tokens = vision.embeddings(normalised(images))  # (B, 1 + patches, width)
    count, patches, width = len(tokens), tokens.shape[1] - 1, tokens.shape[2]
    shown = torch.arange(patches).expand(count, -1)
    if seen_share < 1.0:
        shown = torch.rand(count, patches).topk(int(patches * seen_share), 1).indices
        chosen = torch.cat([torch.zeros(count, 1, dtype=torch.long), shown + 1], 1)
        tokens = tokens.gather(1, chosen[..., None].expand(-1, -1, width))
    layers = [vision.pre_layrnorm(tokens)]
    for layer in vision.encoder.layers:
        layers.append(layer(layers[-1], None))
    pooled = vision.post_layernorm(layers[-1][:, 0])
    return Seen(F.normalize(model.visual_projection(pooled).float(), dim=1), tuple(layers), shown)


def image_vectors(model: CLIPModel, images: Tensor) -> Tensor:
    """Images (B, 3, H, W), 0 to 1, to unit vectors (B, PROJECTION_DIM)."""
    return look(model, images).vectors


def text_vectors(model: CLIPModel, ids: Tensor) -> Tensor:
    """Token ids (B, L), padded with eos, to unit vectors (B, PROJECTION_DIM)."""
    pooled = model.text_model(input_ids=ids).pooler_output
    return F.normalize(model.text_projection(pooled).float(), dim=1)
