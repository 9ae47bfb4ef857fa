"""Ways to judge a work at its own purpose. Each plays its recipe's game for a budget and gives a row."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from adversaria.data.phantoms import Phantom
from adversaria.draws import stream
from adversaria.games import RMSprop
from adversaria.games.game import Game
from adversaria.recipes import Recipe, build_game, read_recipe
from benchmarks.images import frechet, trained_features
from benchmarks.translation import Learned, Row, Words, faster, seeded
from benchmarks.works_rows import dices, row
from benchmarks.works_twins import area, areas, linear, pure, right, segmented, shifted, trained, varied

VERSIONS = {
    "samples": 2,
    "classes": 2,
    "labels": 3,
    "joint": 4,
    "features": 3,
    "clusters": 3,
    "patches": 2,
    "volumes": 2,
}
TRAIN, REAL, AGAIN, FEATURES = 0, 50_000, 60_000, 100_000
LABELLED, UNLABELLED, TEST = 24, 1024, 384  # with 256 images a discriminator knows each of them by heart
Changes = tuple[str, ...]


def opened(key: str, changes: Changes) -> Recipe:
    """Read a recipe in its reduced form with these changes."""
    return read_recipe(key, changes)


def words(recipe: Recipe, count: int, first: int, place: str = "", more: Sequence[str] = ()) -> Words:
    """Make the batch's words of one stream for subjects; `more` are words of the phantom taken as they are."""
    phantom: Phantom = next(p for name, p in recipe.phantoms().items() if name == place)
    rules = recipe.intensities()
    pairs = {w: name.rpartition(".")[2] for w, name in recipe.bind.items() if name.rpartition(".")[0] == place}
    made: dict[str, list[Tensor]] = {word: [] for word in (*pairs, *more)}
    for subject in range(first, first + count):
        case = phantom.case(subject)
        for word, name in pairs.items():
            array = case[name] if word not in rules else rules[word].fit(case[name]).forward(case[name])
            made[word].append(torch.as_tensor(np.asarray(array)))
        for word in more:
            made[word].append(torch.as_tensor(np.asarray(case[word])))
    return {word: torch.stack(tensors) for word, tensors in made.items()}


def game_of(recipe: Recipe, *streams: Words) -> Game:
    """Build a recipe's game for these words; a label has as many classes as it shows."""
    found = {word: tensor for part in streams for word, tensor in part.items()}
    shapes = {w: tuple(t.shape[1:]) or (1 + int(t.max()),) for w, t in found.items()}
    return build_game(recipe, shapes, recipe.dims())


def played(recipe: Recipe, game: Game, streams: Sequence[Words], seconds: float) -> Learned:
    """Play for a budget, with rates that fit it (Adam at 5e-4 at least, RMSprop at 5e-4) and the recipe's averages."""
    stated = recipe.training().optimisers
    fast = {player: faster(stated.get(player, own)) for player, own in game.optimisers.items()}
    fast = {p: RMSprop(5e-4) if isinstance(o, RMSprop) else o for p, o in fast.items()}
    train = recipe.training()
    return Learned(game, streams, 100_000, min(16, train.batch), fast, seconds, train.average)


def drawn(learned: Learned, count: int) -> Tensor:
    """Draw images."""
    return learned.answers({"image": torch.zeros(count)}).clamp(-1, 1)


def cropped(found: Words, recipe: Recipe) -> Words:
    """Keep the first columns of images that are wider than the patch."""
    wide = (recipe.training().patch or (0, 0))[-1]
    return {w: t[..., :wide].contiguous() if t.ndim == 4 and wide else t for w, t in found.items()}


def samples(key: str, seconds: float, changes: Changes, subjects: int = 256) -> Row:
    """Fréchet distance of samples in fixed features, beside the mean image with noise and blurred training images."""
    recipe = opened(key, changes)
    known = ("factors", "label") if "label" not in recipe.bind else ("factors",)
    parts = {
        first: cropped(words(recipe, count, first, more=known), recipe)
        for first, count in ((TRAIN, UNLABELLED), (REAL, subjects), (AGAIN, subjects), (FEATURES, subjects * 3 // 2))
    }
    side = parts[TRAIN]["image"].shape[2:]
    seen = {first: square(part["image"]) for first, part in parts.items()}
    features = trained_features({**parts[FEATURES], "image": seen[FEATURES]})
    wanted = features(seen[REAL])
    seeded()
    game = game_of(recipe, {"image": parts[TRAIN]["image"]})
    learned = played(recipe, game, [{"image": parts[TRAIN]["image"]}], seconds)
    made = drawn(learned, subjects)
    image = parts[TRAIN]["image"][:subjects]
    noise = torch.from_numpy(stream("mean", key).standard_normal(image.shape)).float()
    mean = (image.mean(0) + noise * image.std(0)).clamp(-1, 1)
    blurred = torch.from_numpy(gaussian_filter(image.numpy(), (0, 0, 1.0, 1.0)))
    return learned.row(
        game=key,
        purpose="samples like the training images",
        measure="Fréchet distance",
        better="lower",
        value=frechet(features(square(made)), wanted),
        baselines={"mean and noise": frechet(features(square(mean)), wanted),
                   "blurred": frechet(features(square(blurred)), wanted)},
        data=f"{UNLABELLED} training subjects, {subjects} others, {'x'.join(map(str, side))} pixels",
        note=f"other real images: {frechet(features(seen[AGAIN]), wanted):.3g}",
    )  # fmt: skip


def square(image: Tensor) -> Tensor:
    """Cut images to 32 pixels a side, which the features take."""
    return image[..., :32, :32].contiguous()


def classes(
    key: str,
    seconds: float,
    changes: Changes,
    kinds: tuple[Changes, ...],
    counts: tuple[int, ...],
    balance: bool,
    classic: int = 0,
) -> Row:
    """A GAN for each class; a classifier with and without its images, and with shifted and mirrored copies instead.

    With `classic`, each real image is first turned, mirrored, scaled and moved so often; the GAN learns from all of
    these, the classifier too, and as many generated ones are added.
    """
    real, made, test, copies, plays, spent = [], [], [], [], 0, 0.0
    for kind, (more, count) in enumerate(zip(kinds, counts, strict=True)):
        recipe = opened(key, (*changes, *more))
        real.append(words(recipe, count, TRAIN + 2000 * kind)["image"])
        test.append(words(recipe, 100, REAL + 2000 * kind)["image"])
        seeded(kind)
        wanted = classic * count or (max(counts) - count if balance else 2 * count)
        if not wanted:  # the largest class of a set that is balanced
            made.append(real[-1][:0])
            copies.append(real[-1][:0])
            continue
        copied = real[-1][torch.arange(wanted) % count]
        copies.append(varied(copied, kind) if classic else shifted(copied, kind))
        seen = {"image": torch.cat([real[-1], copies[-1]]) if classic else real[-1]}
        learned = played(recipe, game_of(recipe, seen), [seen], seconds / len(kinds))
        made.append(torch.cat([copies[-1], drawn(learned, wanted)]) if classic else drawn(learned, wanted))
        plays, spent = plays + learned.plays, spent + learned.seconds
    said = "generated images fill the small classes" if balance else "twice as many generated as real images"
    said = f"{classic} varied copies of each image, and as many generated ones" if classic else said
    nothing = [r[:0] for r in real]
    sets = {
        "output": made,
        "real images alone": nothing,
        f"real and {'varied' if classic else 'shifted'} copies": copies,
    }
    return row(
        key,
        "a classifier trained on real and generated images",
        "balanced accuracy, mean of 3 classifiers",
        "higher",
        {name: right(real, more, test, 3) for name, more in sets.items()},
        SimpleNamespace(plays=plays, seconds=spent),
        f"{'+'.join(map(str, counts))} training images, 100 test images a class; {said}",
    )


def labels(key: str, seconds: float, changes: Changes) -> Row:
    """A classifier from few labels and many unlabelled images, beside the same network from the labels alone."""
    recipe = opened(key, changes)
    few, test = (words(recipe, count, first, "a") for count, first in ((LABELLED, TRAIN), (TEST, REAL)))
    many = words(recipe, UNLABELLED, 25_000, "b")
    # every class must be among the few
    while len(few["label"].unique()) < len(test["label"].unique()):
        few = words(recipe, len(few["label"]) + 8, TRAIN, "a")
    seeded()
    game = game_of(recipe, few, many)
    learned = played(recipe, game, [few, many], seconds)
    found = learned.answers({"image": test["image"]}, "posterior")
    seeded()
    twin = trained(game_of(recipe, few, many).discriminator, few["image"], few["label"], min(learned.plays, 400))
    pixels = linear(few["image"], few["label"], test["image"])
    scores = {"output": found, "the same network, labels alone": twin(test["image"]), "linear on pixels": pixels}
    several = "; one against the rest, mean over classes" if found.shape[1] > 2 else ""
    return row(
        key,
        "classification from few labels",
        "AUC",
        "higher",
        {name: areas(score, test["label"]) for name, score in scores.items()},
        learned,
        f"{len(few['label'])} labelled, {UNLABELLED} unlabelled, {TEST} test images{several}",
    )


def joint(key: str, seconds: float, changes: Changes, subjects: int = 32, segmenters: int = 2) -> Row:
    """A segmenter of few slices with and without generated pairs of image and map."""
    recipe = opened(key, changes)
    train, test = (words(recipe, count, first)["image"] for count, first in ((subjects, TRAIN), (128, REAL)))
    seeded()
    learned = played(recipe, game_of(recipe, {"image": train}), [{"image": train}], seconds)
    made = drawn(learned, 4 * subjects)
    copies = shifted(train[torch.arange(len(made)) % len(train)], 0)
    sets = {"output": [made], "real pairs alone": [], "real and shifted copies": [copies]}
    return row(
        key,
        "a segmenter trained on real and generated pairs",
        f"Dice, mean of {segmenters} segmenter{'s' if segmenters > 1 else ''}",
        "higher",
        {name: segmented(torch.cat([train, *more]), test, segmenters) for name, more in sets.items()},
        learned,
        f"{subjects} training slices, 128 test slices; four generated pairs a real one",
    )


def features(key: str, seconds: float, changes: Changes) -> Row:
    """Where a slice lies, told linearly from the discriminator's features with few labels."""
    recipe = opened(key, changes)
    streams = [words(recipe, UNLABELLED, TRAIN + 25_000 * n, place) for n, place in enumerate(("basal", "apical"))]
    anywhere = type(recipe.phantoms()["basal"])(size=32)
    rule = recipe.intensities()["source"]
    cases = [anywhere.case(subject) for subject in range(REAL, REAL + LABELLED + TEST)]
    image = torch.stack([torch.as_tensor(rule.fit(c["cine"]).forward(c["cine"])) for c in cases])
    label = torch.tensor([c["label"] for c in cases])
    seeded()
    game = game_of(recipe, *streams)

    def told() -> Tensor:
        with torch.no_grad():
            found = game.eval().discriminator.features(image)[-2].flatten(1)
        return linear(found[:LABELLED], label[:LABELLED], found[LABELLED:])

    untrained = told()
    learned = played(recipe, game, streams, seconds)
    pixels = linear(image[:LABELLED], label[:LABELLED], image[LABELLED:])
    scores = {"output": told(), "untrained features": untrained, "pixels": pixels}
    return row(
        key,
        "features that tell where a slice lies",
        "accuracy of three places, linear",
        "higher",
        {name: (score.argmax(1) == label[LABELLED:]).float().tolist() for name, score in scores.items()},
        learned,
        f"{UNLABELLED} basal and apical slices; {LABELLED} labelled, {TEST} test slices of any place",
    )


def clusters(key: str, seconds: float, changes: Changes) -> Row:
    """Purity of the categorical code's clusters."""
    from sklearn.cluster import KMeans

    recipe = opened(key, changes)
    train = words(recipe, UNLABELLED, TRAIN)
    test = words(recipe, TEST, REAL, more=("label",))
    seeded()
    game = game_of(recipe, train)
    untrained = game.eval().discriminator(test["image"])["code"].argmax(1)
    learned = played(recipe, game, [train], seconds)
    found = learned.answers({"image": test["image"]}, "code").argmax(1)
    means = KMeans(5, n_init=5, random_state=0).fit(train["image"].flatten(1).numpy())
    pixels = torch.as_tensor(means.predict(test["image"].flatten(1).numpy()))
    of = {"output": found, "untrained code": untrained, "5 means of pixels": pixels}
    largest = float(test["label"].bincount().max()) / TEST
    return row(
        key,
        "clusters of cells without labels",
        "purity of 5 clusters",
        "higher",
        {name: pure(cluster, test["label"]) for name, cluster in of.items()},
        learned,
        f"{UNLABELLED} training cells, {TEST} test cells, {largest:.2f} of which are of the largest class",
    )


def cut(found: Words, count: int, side: int, name: str) -> Words:
    """Cut patches whose middle lies in the field of view, `count` an image."""
    random, made = stream("cut", name), {word: [] for word in found}
    for index in range(len(next(iter(found.values())))):
        kept = 0
        while kept < count:
            row, column = random.integers(0, found["fov"].shape[-1] - side, 2)
            if found["fov"][index, 0, row + side // 2, column + side // 2] < 0.5:
                continue
            for word, tensor in found.items():
                made[word].append(tensor[index, :, row : row + side, column : column + side])
            kept += 1
    return {word: torch.stack(tensors) for word, tensors in made.items()}


def patches(key: str, seconds: float, changes: Changes) -> Row:
    """Vessels of patches from two labelled eyes, beside the same network from these alone."""
    recipe = opened(key, changes)
    few = cut(words(recipe, 2, TRAIN, "a", ("fov",)), 100, 32, "few")
    many = cut(words(recipe, 24, 25_000, "b", ("fov",)), 40, 32, "many")
    test = cut(words(recipe, 16, REAL, "a", ("fov",)), 60, 32, "test")
    few, many, test = ({w: t for w, t in part.items() if w != "fov"} for part in (few, many, test))
    seeded()
    game = game_of(recipe, few, many)
    learned = played(recipe, game, [few, many], seconds)
    middle = key == "lahiri-2017"
    truth = test["mask"][:, 0, 16, 16].long() if middle else test["mask"][:, 0].long().flatten()
    asked = {"image": test["image"]}
    found = learned.answers(asked, "posterior") if middle else flat(learned.answers(asked))
    seeded()
    fresh = game_of(recipe, few, many)
    network = fresh.discriminator if middle else fresh.segmenter
    wanted = few["mask"][:, 0, 16, 16].long() if middle else few["mask"][:, 0].long()
    twin = trained(network, few["image"], wanted, min(learned.plays, 400))(test["image"])
    twin = twin if middle else flat(twin)
    green = -test["image"][:, 1, 16, 16] if middle else -test["image"][:, 1].flatten()
    scores = {
        "output": found,
        "the same network, labels alone": twin,
        "darkness of green": torch.stack([-green, green], 1),
    }
    parts = [slice(k * len(truth) // 16, (k + 1) * len(truth) // 16) for k in range(16)]
    return row(
        key,
        "vessels from two labelled eyes",
        "AUC of pixels, mean of 16 eyes",
        "higher",
        {name: [area(score[part], truth[part]) for part in parts] for name, score in scores.items()},
        learned,
        "200 labelled, 960 unlabelled, 960 test patches of 32 pixels",
    )


def flat(found: Tensor) -> Tensor:
    """Bring maps (B, K, *S) to rows (N, K)."""
    return found.movedim(1, -1).flatten(0, -2)


def volumes(key: str, seconds: float, changes: Changes) -> Row:
    """Tissues of volumes from two labelled ones, beside the same network from these alone and the commonest labels."""
    recipe = opened(key, changes)
    few, test = (words(recipe, count, first, "a") for count, first in ((2, TRAIN), (12, REAL)))
    many = words(recipe, 10, 25_000, "b")
    seeded()
    game = game_of(recipe, few, many)
    recipe.tree["train"]["batch"] = 2
    learned = played(recipe, game, [few, many], seconds)
    found = learned.answers({"image": test["image"]}, "mask", most=2)
    seeded()
    network = game_of(recipe, few, many).segmenter
    twin = trained(network, few["image"], few["mask"][:, 0].long(), min(learned.plays, 150), 2)(test["image"])
    common = few["mask"].mode(0).values[None].expand_as(test["mask"])
    maps = {
        "output": found,
        "the same network, labels alone": twin.argmax(1, keepdim=True),
        "commonest label of each voxel": common,
    }
    return row(
        key,
        "tissues from two labelled volumes",
        "Dice, mean of 3 tissues",
        "higher",
        {name: dices(made, test["mask"], (1, 2, 3)) for name, made in maps.items()},
        learned,
        "2 labelled, 10 unlabelled, 12 test volumes of 32x32x32",
    )
