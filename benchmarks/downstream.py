"""Are generated phantoms good for a task? Classification with a DCGAN for each class, segmentation with SPADE.

`python -m benchmarks.downstream [classes] [maps]` writes downstream.json beside this file. Each generator is trained
on the same real subjects that the task's networks see, for a stated number of CPU seconds. Beside the generated
images stand shifted and mirrored copies of the real ones (classic augmentation), and as many further real subjects
(the most that could be hoped for). Networks are tested on other subjects.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from adversaria.tasks.downstream import Downstream, downstream
from adversaria.tasks.downstream_networks import Classifier, Labelled, Learner, Segmenter, Training
from benchmarks.translation import Words, seeded
from benchmarks.works_judging import game_of, opened, played, words
from benchmarks.works_twins import shifted

PLACE = Path(__file__).with_name("downstream.json")
TRAIN, MASKS, MORE, TEST = 0, 20_000, 30_000, 50_000
KINDS = ("phantom.shares=[1,0,0]", "phantom.shares=[0,1,0]", "phantom.shares=[0,0,1]")
LESIONS, DRAWN, LESIONS_TEST, LESION_SIZES, CLASS_SECONDS = 60, 100, 80, (18, 60, 180), 50.0
HEADS, PAINTED, HEADS_TEST, HEAD_SIZES, SPADE_SECONDS = 32, 96, 30, (4, 8, 32), 50.0


def labelled(images: Tensor, labels: Any) -> Labelled:
    """Images and labels as the task takes them."""
    return Labelled(list(images.numpy()), list(labels))


def together(parts: list[Tensor]) -> Labelled:
    """One class a part."""
    return labelled(torch.cat(parts), np.repeat(range(len(parts)), [len(part) for part in parts]).tolist())


def classes() -> dict[str, Any]:
    """Liver lesions of three kinds, a DCGAN a kind (frid-adar-2018)."""
    found: dict[str, list[Tensor]] = {name: [] for name in ("real", "test", "generated", "copies", "more")}
    plays, spent = 0, 0.0
    for number, kind in enumerate(KINDS):
        recipe = opened("frid-adar-2018", (kind,))
        place = 2000 * number
        real = words(recipe, LESIONS, TRAIN + place)["image"]
        seeded(number)
        learned = played(recipe, game_of(recipe, {"image": real}), [{"image": real}], CLASS_SECONDS)
        plays, spent = plays + learned.plays, spent + learned.seconds
        found["real"].append(real)
        found["generated"].append(learned.answers({"image": torch.zeros(DRAWN)}).clamp(-1, 1))
        found["copies"].append(shifted(real[torch.arange(DRAWN) % LESIONS], number))
        found["more"].append(words(recipe, DRAWN, MORE + place)["image"])
        found["test"].append(words(recipe, LESIONS_TEST, TEST + place)["image"])
    sets = {name: together(parts) for name, parts in found.items()}
    learner = Classifier(Training((-1.0, 1.0), width=8, steps=200))
    return judged(learner, sets, LESION_SIZES, {"plays": plays, "cpu_s": round(spent)})


def maps() -> dict[str, Any]:
    """Tissues of heads, painted by SPADE from the label maps of further subjects."""
    recipe = opened("spade", ("phantom.size=64",))

    def heads(count: int, first: int) -> Words:
        return words(recipe, count, first)

    real, test, more, masks = (heads(n, k) for n, k in
                               ((HEADS, TRAIN), (HEADS_TEST, TEST), (PAINTED, MORE), (PAINTED, MASKS)))  # fmt: skip
    seeded()
    learned = played(recipe, game_of(recipe, real), [real], SPADE_SECONDS)
    painted = learned.answers({"source": masks["source"]}).clamp(-1, 1)

    def pairs(images: Tensor, source: Tensor) -> Labelled:
        return labelled(images, source[:, 0].round().long().numpy())

    rows = torch.arange(PAINTED) % HEADS
    both = shifted(torch.cat([real["target"], real["source"]], 1)[rows], 0)
    sets = {
        "real": pairs(real["target"], real["source"]),
        "test": pairs(test["target"], test["source"]),
        "generated": pairs(painted, masks["source"]),
        "copies": pairs(both[:, :1], both[:, 1:]),
        "more": pairs(more["target"], more["source"]),
    }
    learner = Segmenter(Training((-1.0, 1.0), width=8, steps=80))
    return judged(learner, sets, HEAD_SIZES, {"plays": learned.plays, "cpu_s": round(learned.seconds)}, repeats=2)


def judged(
    learner: Learner, sets: dict[str, Labelled], sizes: tuple[int, ...], generator: dict[str, Any], repeats: int = 3
) -> dict[str, Any]:
    """All arms with the generated images, and the gain at the smallest size with the others in their place.

    `repeats` networks an arm.
    """
    begun = time.process_time()
    full = downstream(learner, sets["real"], sets["test"], sets["generated"], sizes, repeats)
    rest = {
        name: downstream(learner, sets["real"], sets["test"], sets[name], sizes[:1], repeats)
        for name in ("copies", "more")
    }
    spent = round(time.process_time() - begun)
    return {"measure": learner.measure, "repeats": repeats, "generator": generator, "cpu_s": spent,
            "generated": plain(full), **{name: plain(found) for name, found in rest.items()}}  # fmt: skip


def plain(found: Downstream) -> dict[str, Any]:
    """What was found, without the values of single images, and its table."""
    arms = [{"name": a.name, "real": a.real, "synthetic": a.synthetic, "test": a.test, **asdict(a.summary)}
            for a in found.arms.values()]  # fmt: skip
    gains = [{"real": g.real, "p": g.p, **asdict(g.difference)} for g in found.gains]
    return {"arms": arms, "gains": gains, "table": found.table()}


TASKS: dict[str, Callable[[], dict[str, Any]]] = {"classes": classes, "maps": maps}


def main(names: list[str]) -> None:
    """Run the tasks that are named, or all, and keep what was found."""
    torch.set_num_threads(1)
    kept = json.loads(PLACE.read_text(encoding="utf-8")) if PLACE.exists() else {}
    for name in names or list(TASKS):
        kept[name] = TASKS[name]()
        PLACE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        for which in ("generated", "copies", "more"):
            print(f"{name}, {which}\n{kept[name][which]['table']}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
