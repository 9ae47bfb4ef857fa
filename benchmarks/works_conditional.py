"""The works of Table 6, each at its purpose: images that show what the condition asks for.

Three purposes. Where the condition is an image, or places, the image made of it is compared with the subject's own
(`images`). Where it is a label map, a third segmenter, trained on real images of other subjects, reads the map back
from the images (`readback`): of the test subjects' maps, or of maps that the work draws itself. Where it is a class, a
classifier is trained on generated images alone and tested on real ones (`classes`).

A row holds, for unseen subjects, the mean and a t interval of the work, of the mean image of its training set (of the
class, with noise, where the condition is a class), of the condition itself where it is an image of the same kind, and
of the pixel-only twin: the same generator, trained for as long on pairs by L1 alone. `better by` are differences;
a row beats its baselines only where all of their intervals lie above zero. For a class the twin's best answer is the
mean image of the class, which stands there already.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from adversaria.draws import stream
from adversaria.networks import SegmentationUNet
from adversaria.recipes import Recipe, read_recipe
from adversaria.run import Run
from benchmarks.translation import Row, seeded
from benchmarks.works_rows import Values, dices, row
from benchmarks.works_translation import Played, applied, gathered, play, supervised
from benchmarks.works_twins import Small, trained

VERSION = 1
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
    `levels` is the largest label of the condition's channel `channel`; with `drawn` the work draws that channel too.
    `weighed` compares only where the word `weight` is above 1. `truth` is the subject's own image in unpaired streams.
    """

    purpose: str = "readback"
    copied: int | None = None
    channel: int = 0
    levels: int = 1
    drawn: bool = False
    weighed: bool = False
    truth: str = ""

    def version(self) -> int:
        """The version of the way of judging."""
        return VERSION

    def judged(self, key: str, seconds: float) -> Row:
        """Play and judge."""
        recipe = read_recipe(key)
        recipe.tree["subjects"] = OF_CLASSES if self.purpose == "classes" else SUBJECTS
        if self.truth:
            recipe.tree["evaluate"] = {**recipe.tree.get("evaluate", {}), "truth": self.truth}
        with TemporaryDirectory() as folder:
            return {"images": images, "readback": readback, "classes": classes}[self.purpose](
                key, seconds, self, recipe, Path(folder)
            )


def images(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Compare images with those of the subjects that the conditions come from."""
    made = play(recipe, Run(folder / "own"), seconds)
    twin = play(paired(recipe, plan), Run(folder / "twin"), seconds, twin=True)
    train, test = (gathered(twin, part) for part in ("train", "test"))
    truth, weight = test["target"], test["weight"] if plan.weighed else torch.ones(len(test["target"]), 1)
    found = {
        "output": applied(made.restored.game, test),
        MEAN: train["target"].mean(0).expand_as(truth),
        TWIN: applied(twin.restored.game, test),
    }
    if plan.copied is not None:
        found[COPY] = test["source"][:, plan.copied : plan.copied + truth.shape[1]].expand_as(truth)
    values: Values = {name: psnr(image, truth, weight).tolist() for name, image in found.items()}
    where = "images where they were erased" if plan.weighed else "images of the subjects that the condition comes from"
    return row(key, where, "psnr", "higher", values, made, said(twin))


def readback(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Let a third segmenter read the condition back from images that were made of it."""
    stages = [*recipe.earlier, recipe]
    played = [play(stage, Run(folder / str(k)), seconds / len(stages)) for k, stage in enumerate(stages)]
    made, twin = played[-1], play(paired(recipe, plan), Run(folder / "twin"), seconds / len(stages), twin=True)
    train, test, other = (gathered(twin, part) for part in ("train", "test", READ))
    read = reader(other["target"], labels(other["source"], plan), plan.levels)
    if plan.drawn and not recipe.earlier:
        output = applied(made.restored.game, test)
        source = binary(applied(made.restored.game, test, "mask"))
    else:
        source = test["source"].clone()
        if plan.drawn:
            source[:, plan.channel : plan.channel + 1] = binary(applied(played[0].restored.game, test))
        output = applied(made.restored.game, {**test, "source": source})
    asked = labels(source, plan)
    found = {
        "output": output,
        MEAN: train["target"].mean(0).expand_as(output),
        TWIN: applied(twin.restored.game, {**test, "source": source}),
    }
    kinds = range(1, plan.levels + 1)
    values: Values = {name: dices(read(image), asked, kinds) for name, image in found.items()}
    real = dices(read(test["target"]), labels(test["source"], plan), kinds)
    ceiling = torch.tensor(real).nanmean()
    maps = "maps that it draws" if plan.drawn else "maps of unseen subjects"
    data = f"{said(twin)}; real images read so: {ceiling:.3g}"
    return row(
        key, f"images that show the {maps}, as a third segmenter reads them", "Dice", "higher", values, made, data
    )


def classes(key: str, seconds: float, plan: ConditionalPlan, recipe: Recipe, folder: Path) -> Row:
    """Train a classifier on generated images alone, as many of each class as there are, and test it on real ones."""
    made = play(recipe, Run(folder / "own"), seconds)
    train, test = (gathered(made, part) for part in ("train", "test"))
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


def psnr(found: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Peak signal to noise (dB) of each subject on the range -1 to 1, where the weight is not 1, or everywhere."""
    where = (weight > 1) if (weight > 1).any() else torch.ones_like(truth, dtype=torch.bool)
    where = where.expand_as(truth).flatten(1)
    error = (found - truth).square().flatten(1)
    return 10 * torch.log10(4 * where.sum(1) / (error * where).sum(1))


def labels(source: Tensor, plan: ConditionalPlan) -> Tensor:
    """The label map (B, 1, *S) that a channel of the condition shows."""
    return ((source[:, plan.channel : plan.channel + 1] + 1) / 2 * plan.levels).round().clamp(0, plan.levels)


def binary(image: Tensor) -> Tensor:
    """A map of -1 and 1."""
    return torch.where(image > 0, 1.0, -1.0)


def reader(image: Tensor, wanted: Tensor, levels: int) -> Callable[[Tensor], Tensor]:
    """A segmenter of real images."""
    seeded(1)
    dims, batch = image.ndim - 2, 8 if image.ndim == 4 else 4
    network = SegmentationUNet(image.shape[1], levels + 1, 3, 8, "instance", dims)
    told = trained(network, image, wanted[:, 0].long(), 300 if dims == 2 else 150, batch)
    return lambda images: told(images.clamp(-1, 1)).argmax(1, keepdim=True)


def said(twin: Played) -> str:
    """What there was to learn from."""
    return f"{SUBJECTS['train']} subjects to train on, {SUBJECTS['test']} others; the twin: {twin.plays} plays on pairs"


VESSELS = ConditionalPlan()

PLANS: dict[str, ConditionalPlan] = {
    "appan-2018": VESSELS,
    "costa-2017a": VESSELS,
    "costa-2017b": ConditionalPlan(drawn=True),
    "guibas-2017": ConditionalPlan(drawn=True),
    "iqbal-2018": VESSELS,
    "zhao-2017": VESSELS,
    "lau-2018": ConditionalPlan(channel=1, drawn=True),
    "mok-2018": ConditionalPlan(channel=1, levels=4),
    "shin-2018": ConditionalPlan(channel=1, levels=4),
    "senaras-2018": ConditionalPlan(levels=2),
    "hu-2018-prostategan": ConditionalPlan("classes"),
    "oh-2018": ConditionalPlan("images", copied=0),
    "galbusera-2018": ConditionalPlan("images", copied=0),
    "gu-2018": ConditionalPlan("images", copied=0),
    "jin-2018b": ConditionalPlan("images", copied=0, weighed=True),
    "mahapatra-2018b": ConditionalPlan("images", copied=0),
    "hu-2017b": ConditionalPlan("images"),
    "tom-2018": ConditionalPlan("images", copied=0, truth="a.image"),
}
