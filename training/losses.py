"""What is asked of the vectors: captions match pictures, same kinds lie together, the teacher is believed.

Knows nothing of where vectors come from.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from training.model import PATCHES_PER_SIDE


def matching_loss(image: Tensor, text: Tensor, scale: Tensor, truth: tuple[Tensor, Tensor]) -> Tensor:
    """CLIP's loss where several captions fit a picture, and back: the mean over all that fit.

    `truth` is (fits, unsure), both (I, T) bool; unsure pairs count neither for nor against.
    Source: Khosla et al. 2020, Supervised Contrastive Learning, L_out.
    """
    fits, unsure = truth
    logits = (scale * image @ text.T).masked_fill(unsure, -1e4)  # (I, T)
    return 0.5 * (_mean_positive(logits, fits) + _mean_positive(logits.T, fits.T))


def gathering_loss(vectors: Tensor, kinds: Tensor, temperature: float = 0.12) -> Tensor:
    """Pictures of one kind lie nearer to each other than to any other (L_out again, without captions)."""
    itself = torch.eye(len(vectors), dtype=torch.bool)
    logits = (vectors @ vectors.T / temperature).masked_fill(itself, -1e4)
    return _mean_positive(logits, (kinds[:, None] == kinds[None]) & ~itself)


def _mean_positive(logits: Tensor, fits: Tensor) -> Tensor:
    rows = fits.any(1)
    log_share = F.log_softmax(logits[rows], 1)
    fits = fits[rows].float()
    return -((log_share * fits).sum(1) / fits.sum(1)).mean()


def teaching_loss(logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the teacher's opinion of the same view."""
    return F.kl_div(F.log_softmax(logits, 1), F.softmax(teacher_logits, 1), reduction="batchmean")


def patch_loss(patches: Tensor, stage: Tensor, shown: Tensor) -> Tensor:
    """Each patch says what the teacher's map says at its place: 1 - cosine, the map's mean taken out.

    `patches` is (B, shown, C), `stage` (B, C, h, w), `shown` (B, shown) on the transformer's square grid.
    Source: Li et al. 2022, Locality Guidance for Improving Vision Transformers on Tiny Datasets.
    """
    grid = PATCHES_PER_SIDE
    if stage.shape[-1] != grid:
        stage = F.interpolate(stage, size=(grid, grid), mode="bilinear")
    target = stage.flatten(2).transpose(1, 2)  # (B, patches, C)
    target = target - target.mean((0, 1), keepdim=True)
    target = target.gather(1, shown[..., None].expand(-1, -1, target.shape[2]))
    return 1 - F.cosine_similarity(patches.float(), target, dim=2).mean()
