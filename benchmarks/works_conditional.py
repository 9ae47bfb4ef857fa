"""The works of Table 6, each at its purpose: images that show what the condition asks for.

Where the condition is an image, the image made of it is compared with the subject's own (`images`); where it has marks
that are too small for a segmenter to find again, within these (`marks`). Where it is a map, or a pose, a third
segmenter, trained on real images of other subjects, reads it back from the images (`readback`). Where the work draws
its maps too, a segmenter is trained on drawn pairs and tested on real images (`taught`). Where it is a class, a
classifier is trained on generated images alone and tested on real ones (`classes`). Where images have unpredictable
speckle, the grey values of each tissue are compared (`tissues`).

A row holds, for unseen subjects, the mean and a t interval of the work, of the mean image of its training set (of the
class, with noise, where the condition is a class), of the condition itself where it is an image of the same kind, and
of the pixel-only twin: the same generator by the same optimiser, trained for as long on pairs by L1 alone. `better by`
are differences; a row beats its baselines only where all of their intervals lie above zero. For a class the twin's best
answer is the mean image of the class, which stands there already. L1 is close to what `psnr` counts: where images are
compared, the twin is hard to beat.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from adversaria.draws import stream
from adversaria.networks import SegmentationUNet
from adversaria.recipes import Recipe, read_recipe
from adversaria.run import Run
from benchmarks.translation import Row, seeded
from benchmarks.works_rows import Values, dices, row
from benchmarks.works_translation import Played, applied, gathered, play, showing, supervised, with_twin
from benchmarks.works_twins import Small, small_regions, trained

# those that train a reader were raised when it was found to miss whole classes of real images
VERSIONS = {"images": 2, "marks": 2, "readback": 3, "taught": 3, "classes": 2, "tissues": 2}
# played for longer; named before any of them was run
LONG = ("costa-2017a", "mok-2018", "jin-2018b", "oh-2018", "shin-2018", "senaras-2018")
# the validation part is what readers and classifiers learn from
SUBJECTS = {"train": 40, "validation": 40, "test": 16}
OF_CLASSES = {"train": 120, "validation": 2, "test": 96}
MEAN, COPY, TWIN, READ = "the mean image", "copying the condition", "the pixel-only twin", "validation"


@dataclass(frozen=True)
class ConditionalPlan:
    """How a work of Table 6 is judged.

    `copied` is the first channel of the condition that could be the image itself (as many follow as the image has).
    `levels` is the largest label of the condition's channel `channel`, or of the word `labels`, where the condition
    shows none. `drawn` are the largest labels of the channels that the work draws too. Readers see the first `shown`
    channels. `weighed` compares only where the word `weight` is above 1. `truth` is the subject's own image in
    unpaired streams.
    """

    purpose: str = "readback"
    copied: int | None = None
    channel: int = 0
    levels: int = 1
    labels: str = ""
    drawn: tuple[int, ...] = ()
    shown: int | None = None
    weighed: bool = False
    truth: str = ""

    def version(self) -> int:
        """The version of the way of judging."""
        return VERSIONS[self.purpose]

    def judged(self, key: str, seconds: float) -> Row:
        """Play and judge."""
        recipe = read_recipe(key)
        own = recipe.tree.get("subjects", {})
        recipe.tree["subjects"] = OF_CLASSES if self.purpose == "classes" else {**SUBJECTS, **own}
        if self.truth:
            recipe.tree["evaluate"] = {**recipe.tree.get("evaluate", {}), "truth": self.truth}
        with TemporaryDirectory() as folder:
            return PURPOSES[self.purpose](key, seconds, self, recipe, Path(folder))


def images(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Compare images with those of the subjects that the conditions come from."""
    where = "images where they were erased" if plan.weighed else "images of the subjects that the condition comes from"
    return compared(key, seconds, plan, recipe, folder, where)


def marks(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Compare images with those of the subjects where a channel of the condition shows a mark."""
    return compared(key, seconds, plan, recipe, folder, "images in the marks of the condition")


def compared(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path, where: str) -> Row:
    """Compare images with the subjects' own: everywhere, or of those that have a weight above 1 there alone."""
    made, twin = with_twin(recipe, paired(recipe, plan), seconds, folder)
    train, test = (gathered(twin.session, part) for part in ("train", "test"))
    truth, weight = test["target"], torch.ones(len(test["target"]), 1)
    if plan.purpose == "marks":
        weight = 1.0 + (labels(test, plan) > 0)
    elif plan.weighed:
        weight = test["weight"]
    found = {
        "output": applied(made.restored.game, test),
        MEAN: train["target"].mean(0).expand_as(truth),
        TWIN: applied(twin.restored.game, test),
    }
    if plan.copied is not None:
        found[COPY] = test["source"][:, plan.copied : plan.copied + truth.shape[1]].expand_as(truth)
    there = (weight > 1).flatten(1).any(1)
    shown = there if there.any() else ~there
    values: Values = {name: psnr(image[shown], truth[shown], weight[shown]).tolist() for name, image in found.items()}
    return row(key, where, "psnr", "higher", values, made, said(recipe, twin))


def readback(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Let a third segmenter read the condition back from images that were made of it."""
    made, twin = with_twin(recipe, paired(recipe, plan), seconds, folder)
    session = labelled(twin, recipe, plan, folder)
    train, test, other = (gathered(session, part) for part in ("train", "test", READ))
    read = reader(other["target"][:, : plan.shown], labels(other, plan), plan.levels)
    asked, truth = labels(test, plan), test["target"]
    found = {
        "output": applied(made.restored.game, test),
        MEAN: train["target"].mean(0).expand_as(truth),
        TWIN: applied(twin.restored.game, test),
    }
    kinds = range(1, plan.levels + 1)
    values: Values = {name: dices(read(image[:, : plan.shown]), asked, kinds) for name, image in found.items()}
    ceiling = torch.tensor(dices(read(truth[:, : plan.shown]), asked, kinds)).nanmean()
    what = "images that show the maps of unseen subjects, as a third segmenter reads them"
    data = f"{said(recipe, twin)}; real images read so: {ceiling:.3g}"
    return row(key, what, "Dice", "higher", values, made, data)


def taught(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Train a segmenter on maps that the work draws and images that it makes of them, and test it on real images.

    The twin makes images of the same maps; beside both stands a segmenter of the mean image under real maps.
    """
    stages = [*recipe.earlier, recipe]
    played = [play(stage, Run(folder / str(k)), seconds / len(stages)) for k, stage in enumerate(stages)]
    made, twin = played[-1], play(paired(recipe, plan), Run(folder / "twin"), seconds / len(stages), twin=True)
    train, test = (gathered(twin.session, part) for part in ("train", "test"))
    maps = applied(played[0].restored.game, train, "output" if recipe.earlier else "mask")
    source = torch.cat([stepped(maps[:, k : k + 1], steps) for k, steps in enumerate(plan.drawn)], 1)
    # of two stages the second is given the maps; one game draws both alike
    given = {**train, "source": source} if recipe.earlier else train
    lessons = {
        "output": (applied(made.restored.game, given), source),
        MEAN: (train["target"].mean(0).expand_as(train["target"]), train["source"]),
        TWIN: (applied(twin.restored.game, {**train, "source": source}), source),
        "real": (train["target"], train["source"]),
    }
    asked, kinds, values = labels(test, plan), range(1, plan.levels + 1), Values()
    for name, (image, shown) in lessons.items():
        read = reader(image, labels({"source": shown}, plan), plan.levels)
        values[name] = dices(read(test["target"]), asked, kinds)
    ceiling = torch.tensor(values.pop("real")).nanmean()
    what = "real images segmented by what drawn pairs teach"
    return row(key, what, "Dice", "higher", values, made, f"{said(recipe, twin)}; taught by real pairs: {ceiling:.3g}")


def tissues(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Compare the grey values of each tissue with those of the subject's own image, whose speckle nobody can foretell.

    The 1-Wasserstein distance between them on the range -1 to 1, a mean over the labels that a subject shows.
    """
    from scipy.stats import wasserstein_distance

    made, twin = with_twin(recipe, paired(recipe, plan), seconds, folder)
    session = labelled(twin, recipe, plan, folder)
    train, test = (gathered(session, part) for part in ("train", "test"))
    asked, truth = labels(test, plan), test["target"]
    found = {
        "output": applied(made.restored.game, test),
        MEAN: train["target"].mean(0).expand_as(truth),
        TWIN: applied(twin.restored.game, test),
        COPY: test["source"].expand_as(truth),
    }
    values: Values = {name: [] for name in found}
    for name, image in found.items():
        for one, real, mask in zip(image, truth, asked, strict=True):
            there = [(mask == k).expand_as(real) for k in mask.unique()]
            values[name].append(float(np.mean([wasserstein_distance(one[t], real[t]) for t in there])))
    what = "grey values of each tissue"
    return row(key, what, "Wasserstein distance", "lower", values, made, said(recipe, twin))


def classes(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Train a classifier on generated images alone, as many of each class as there are, and test it on real ones."""
    made = play(recipe, Run(folder / "own"), seconds)
    train, test = (gathered(made.session, part) for part in ("train", "test"))
    kind, image = train["label"], train["image"]
    means = torch.stack([image[kind == k].mean(0) for k in kind])
    spread = torch.stack([image[kind == k].std(0, correction=0) for k in kind])
    noise = torch.from_numpy(stream("mean", key).standard_normal(image.shape)).float()
    sets = {"output": applied(made.restored.game, train), "class means with noise": means + spread * noise}
    values: Values = {}
    for name, shown in {**sets, "real": image}.items():
        seeded()
        told = trained(Small(image.shape[1], 1 + int(kind.max())), shown.clamp(-1, 1), kind, 600)
        values[name] = (told(test["image"]).argmax(1) == test["label"]).float().tolist()
    commonest = (test["label"] == kind.mode().values).float().tolist()
    real = sum(values.pop("real")) / len(commonest)
    values["the commonest class"] = commonest
    data = f"{len(kind)} images to train on, {len(commonest)} others; a classifier of real ones: {real:.3g}"
    what = "real images classified by what generated ones teach"
    return row(key, what, "share that is right", "higher", values, made, data)


def paired(recipe: Recipe, plan: ConditionalPlan) -> Recipe:
    """The pixel-only twin, with the weights of the voxels where the work has them."""
    twin = supervised(recipe, "generator" if "generator" in recipe.game.arguments else "refiner")
    if plan.weighed:
        twin.tree["bind"]["weight"] = recipe.bind["weight"]
    return twin


def labelled(twin: Played, recipe: Recipe, plan: ConditionalPlan, folder: Path) -> Any:
    """The twin's session, with `labels` where the condition shows none."""
    return showing(paired(recipe, plan), plan.labels, plan.levels, folder / "shown") if plan.labels else twin.session


def psnr(found: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Peak signal to noise (dB) of each subject on the range -1 to 1, where the weight is not 1, or everywhere."""
    where = (weight > 1) if (weight > 1).any() else torch.ones_like(truth, dtype=torch.bool)
    where = where.expand_as(truth).flatten(1)
    error = (found - truth).square().flatten(1)
    return 10 * torch.log10(4 * where.sum(1) / (error * where).sum(1))


def labels(shown: Mapping[str, Tensor], plan: ConditionalPlan) -> Tensor:
    """The label map (B, 1, *S) that a channel of the condition shows, or that `weight` holds."""
    image = shown["weight"] if plan.labels else shown["source"][:, plan.channel : plan.channel + 1]
    return ((image + 1) / 2 * plan.levels).round().clamp(0, plan.levels)


def stepped(image: Tensor, levels: int) -> Tensor:
    """A map of label numbers 0 to `levels`, as it lies between -1 and 1."""
    return ((image + 1) / 2 * levels).round().clamp(0, levels) / levels * 2 - 1


def reader(image: Tensor, wanted: Tensor, levels: int) -> Callable[[Tensor], Tensor]:
    """A segmenter that has learned from images: by Dice too, for the marks of most maps are small."""
    seeded(1)
    dims, batch = image.ndim - 2, 8 if image.ndim == 4 else 4
    network = SegmentationUNet(image.shape[1], levels + 1, 3, 8, "instance", dims)
    told = trained(network, image, wanted[:, 0].long(), 600 if dims == 2 else 300, batch, small_regions, 2e-3)
    return lambda images: told(images.clamp(-1, 1)).argmax(1, keepdim=True)


def said(recipe: Recipe, twin: Played) -> str:
    """What there was to learn from."""
    count = recipe.tree["subjects"]
    return f"{count['train']} subjects to train on, {count['test']} others; the twin: {twin.plays} plays on pairs"


PURPOSES = {
    "images": images,
    "marks": marks,
    "readback": readback,
    "taught": taught,
    "classes": classes,
    "tissues": tissues,
}
VESSELS = ConditionalPlan()

PLANS: dict[str, ConditionalPlan] = {
    "appan-2018": ConditionalPlan("marks", channel=1, levels=4),
    "costa-2017a": VESSELS,
    "costa-2017b": ConditionalPlan("taught", drawn=(1,)),
    "guibas-2017": ConditionalPlan("taught", drawn=(1,)),
    "iqbal-2018": VESSELS,
    "zhao-2017": VESSELS,
    "lau-2018": ConditionalPlan("taught", channel=1, drawn=(5, 1)),
    # the fifth channel is the boundary of the map itself
    "mok-2018": ConditionalPlan(channel=1, levels=4, shown=4),
    "shin-2018": ConditionalPlan("marks", channel=1, levels=4),
    "senaras-2018": ConditionalPlan(levels=2),
    "hu-2018-prostategan": ConditionalPlan("classes"),
    "oh-2018": ConditionalPlan("images", copied=0),
    "galbusera-2018": ConditionalPlan("images", copied=0),
    "gu-2018": ConditionalPlan("images", copied=0),
    "jin-2018b": ConditionalPlan("images", copied=0, weighed=True),
    "mahapatra-2018b": ConditionalPlan("images", copied=0),
    "hu-2017b": ConditionalPlan(labels="mask", levels=15),
    "tom-2018": ConditionalPlan("tissues", labels="a.mask", levels=8, truth="a.image"),
}
