"""The whole recipe in one command: `python -m training.train --photos DIR --out DIR`.

Knows only the order of things: pictures, tokenizer, teacher, student, reading, export, measurement.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import torch
from torch.nn import functional as F
from transformers import CLIPModel

from training.augment import IMAGE_PX, as_floats
from training.evaluate import Mini, evaluate, load_mini, neighbour_scores
from training.export import export
from training.model import CONTEXT, build_model
from training.pictures import Drawings, Photos, load_photos, training_drawings
from training.reading import Reader, hang, teach_reading
from training.student import Lesson, Recipe, Supply, train_student
from training.teacher import Teacher, train_teacher
from training.words import BOS, EOS, Scribe, train_tokenizer

KEPT = "folder for what a second run need not do again: the drawings, the teacher; and for snapshots"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/clothing"))
    parser.add_argument("--out", type=Path, default=Path("src/sightline/models/bundled/mini"))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "mini-work", help=KEPT)
    parser.add_argument("--drawings", type=int, default=24_000)
    parser.add_argument("--teacher-minutes", type=float, default=9.0)
    parser.add_argument("--minutes", type=float, default=45.0, help="for both towers")
    parser.add_argument("--reading-minutes", type=float, default=3.0, help="for the text tower alone, last")
    parser.add_argument("--start", type=Path, help="an exported folder to go on from")
    parser.add_argument("--peak-rate", type=float, default=1e-3, help="of learning")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def held_out_pixels(photos: Photos) -> torch.Tensor:
    """(N, IMAGE_PX, IMAGE_PX, 3) uint8: a quick look during training; training.evaluate decodes afresh."""
    images = as_floats(torch.from_numpy(photos.pixels[photos.is_held_out]))
    small = F.interpolate(images, size=IMAGE_PX, mode="bicubic", antialias=True).clamp(0, 1)
    return (small * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def taught(photos: Photos, drawings: Drawings, given: argparse.Namespace) -> Teacher:
    """The teacher, from the work folder if it was trained before."""
    kept = given.work / f"teacher-{given.seed}-{given.teacher_minutes:g}.pt"
    if kept.exists():
        teacher = Teacher().to(memory_format=torch.channels_last).eval().requires_grad_(False)
        teacher.load_state_dict(torch.load(kept, weights_only=True))
        return teacher
    teacher = train_teacher(photos, drawings, given.teacher_minutes)
    torch.save(teacher.state_dict(), kept)
    return teacher


def main() -> None:
    given = _arguments()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    photos = load_photos(given.photos)
    drawings = training_drawings(given.drawings, seed=1, cache=given.work)
    tokenizer = train_tokenizer(CONTEXT)
    bos_id, eos_id = tokenizer.token_to_id(BOS), tokenizer.token_to_id(EOS)
    teacher = taught(photos, drawings, given)
    asked, kinds = held_out_pixels(photos).numpy(), photos.kinds[photos.is_held_out]

    def report(model: CLIPModel, done: float) -> None:
        vectors = Mini(model, tokenizer).see(asked)
        print(f"{done:.0%} held-out photos: {neighbour_scores(vectors, kinds, vectors, kinds)}", flush=True)
        export(model, tokenizer, given.work / "snapshot")

    recipe = Recipe(minutes=given.minutes, peak_rate=given.peak_rate, seed=given.seed)
    fresh = build_model(tokenizer.get_vocab_size(), bos_id, eos_id)
    lesson = Lesson(load_mini(given.start).model if given.start else fresh, teacher, recipe)
    scribe = Scribe(tokenizer)
    model = train_student(lesson, Supply(photos, drawings, scribe, recipe), recipe, report)
    reader = Reader(hang(model, photos, drawings), scribe, given.seed)
    teach_reading(model, reader, given.reading_minutes)
    export(model, tokenizer, given.out)
    print(json.dumps(evaluate(given.out, given.photos), indent=2))


if __name__ == "__main__":
    main()
