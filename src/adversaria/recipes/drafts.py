"""The text of a planned recipe, one function a task: keys with the reason for each value as a comment."""

from collections.abc import Callable
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from adversaria.data.fingerprint import WordFacts

if TYPE_CHECKING:
    from adversaria.recipes.planning import Choice

Draft = Callable[["Choice"], list[str]]


def _intensity(word: WordFacts) -> str:
    """How a word is scaled, and why."""
    match word.kind:
        case "ct":
            low, high = _round(word.low, floor), _round(word.high, ceil)
            unit = "HU" if word.unit == "HU" else "taken as HU for its air near -1000"
            return f"!Window {{low: {low:g}, high: {high:g}}}  # {unit}; 1st to 99th percentile: one window for all"
        case "pet":
            return f"!Window {{low: 0, high: {_round(word.most, ceil):g}}}  # {word.unit}: one scale, so values compare"
        case "picture" | "colour":
            return "!Window {low: 0, high: 255}  # 8 bits"
    return "!Percentile {}  # an arbitrary unit: each image by its own percentiles"


def _map(word: WordFacts) -> str:
    """The rule of a label map: its values, the name of a single one, and what cuts a mask of two levels."""
    values = _labels(word)
    named = f", names: [{_quoted(word.name)}]" if len(values) == 1 else ""
    stated = f"values: [{', '.join(map(str, values))}]{named}"
    if word.threshold is not None:
        said = f"it holds values from {word.least:g} to {word.most:g}: what lies above {word.threshold:g} is the label"
        return f"!Labels {{{stated}, threshold: {word.threshold:g}}}  # {said}"
    return f"!Labels {{{stated}}}  # every other value is refused" + ("" if named else "; names: [...] names them")


def _round(value: float, how: Callable[[float], int]) -> float:
    """Round outwards to two digits."""
    if value == 0:
        return 0.0
    step = 10.0 ** (floor(log10(abs(value))) - 1)
    return how(value / step) * step


def _channels(word: WordFacts) -> int:
    return 1 if word.bound != word.name else word.channels


def _quoted(name: str) -> str:
    return name if name.replace("_", "").isalnum() and not name.isdigit() else f'"{name}"'


def _depth(patch: tuple[int, ...], most: int = 6) -> int:
    """Halvings that leave two voxels a side."""
    depth = 0
    while depth < most and all(side % 2 ** (depth + 1) == 0 and side // 2 ** (depth + 1) >= 2 for side in patch):
        depth += 1
    return depth


def _layers(patch: tuple[int, ...]) -> tuple[int, str]:
    """Strided layers of a PatchGAN whose field is a half to a quarter of the patch."""
    layers = 3 if min(patch) >= 128 else 2 if min(patch) >= 64 else 1
    field = {1: 16, 2: 34, 3: 70}[layers]
    return layers, f"sees {field} of {min(patch)} voxels: texture, not the whole"


def _train(choice: "Choice", sampling: str = "") -> list[str]:
    why = "slices" if choice.dims == 2 and choice.target.dims == 3 else "images" if choice.dims == 2 else "volumes"
    thick = ", which are thick or few" if why == "slices" and choice.target.stacked else ""
    patch = "the whole grid" if choice.whole else f"from {why}{thick}; fits the smallest one"
    return [
        "train:",
        f"  plays: {choice.plays}",
        f"  batch: {choice.batch}  # what the memory at hand holds",
        f"  patch: [{', '.join(map(str, choice.patch))}]  # {patch}",
        *([f"  sampling: {sampling}"] if sampling else []),
        "  schedule: !LinearDecay {}  # the rate falls to zero over the second half",
    ]


def _generator(choice: "Choice") -> list[str]:
    depth = _depth(choice.patch)
    return [
        f"  generator: !UNet {{depth: {depth}, width: {choice.width}, norm: instance, dropout: 0.0, hold: true}}"
        f"  # {depth} halvings of the patch; instance norm for small batches; hold leaves no checkerboard"
    ]


def _judge(choice: "Choice", name: str = "discriminator") -> str:
    layers, why = _layers(choice.patch)
    return f"  {name}: !PatchGAN {{layers: {layers}, width: {choice.width}, norm: instance}}  # {why}"


def _range(word: WordFacts) -> tuple[list[str], str]:
    """The declared range of a score, and the measures."""
    if word.kind == "ct":
        return [f"  range: [{_round(word.low, floor):g}, {_round(word.high, ceil):g}]", "  clip: true"], ""
    if word.kind == "pet":
        return [f"  range: [0, {_round(word.most, ceil):g}]"], ""
    if word.kind in ("picture", "colour"):
        return ["  range: [0, 255]"], ""
    return ["  range: [-1, 1]", "  scaled: true  # no unit: scores are of the scaled images"], ""


def _evaluate(word: WordFacts, extra: str = "") -> list[str]:
    return ["evaluate:", *_range(word)[0], f"  measures: [mae, psnr, ssim{extra}]"]


def denoise(choice: "Choice") -> list[str]:
    """A residual network beside a patch discriminator, on a simulated quarter of the dose."""
    name = _quoted(choice.target.name)
    low, high = _round(choice.target.low, floor), _round(choice.target.high, ceil)
    window = f"!Window {{low: {low:g}, high: {high:g}}}"
    layers, why = _layers(choice.patch)
    return [
        "acquire:",
        f"  low_dose: !LowDoseCT {{of: {name}}}  # a quarter of the dose; carried: 1.0 if yours is clean already",
        f"bind: {{source: low_dose, target: {name}}}",
        "intensity:",
        f"  source: {window}  # HU, 1st to 99th percentile; what lies outside is carried over by apply",
        f"  target: {window}",
        "game: !Pix2Pix",
        "  generator: !PlainCNN {residual: true, final: identity}  # it learns the noise, not the image",
        f"  discriminator: !PatchGAN {{layers: {layers}, width: {choice.width}, norm: instance}}  # {why}",
        *_train(choice),
        *_evaluate(choice.target),
    ]


def translate(choice: "Choice") -> list[str]:
    """Pix2pix with a U-Net."""
    assert choice.source is not None
    return [
        f"bind: {{source: {_quoted(choice.source.bound)}, target: {_quoted(choice.target.bound)}}}",
        "intensity:",
        f"  source: {_intensity(choice.source)}",
        f"  target: {_intensity(choice.target)}",
        "game: !Pix2Pix  # paired: the pixel loss (weight 100) holds the anatomy, the discriminator the texture",
        *_generator(choice),
        _judge(choice),
        *_train(choice),
        *_evaluate(choice.target),
    ]


def unpaired(choice: "Choice") -> list[str]:
    """CycleGAN with ResNets."""
    assert choice.source is not None
    equal = _channels(choice.source) == _channels(choice.target)
    identity = ["  identity: 5.0  # without it the grey values may come out inverted"] if equal else []
    network = f"!ResNetGenerator {{blocks: 6, width: {choice.width}}}"
    return [
        f"bind: {{source: {_stream('a', choice.source.bound)}, target: {_stream('b', choice.target.bound)}}}"
        "  # streams of their own: nothing pairs them",
        "intensity:",
        f"  source: {_intensity(choice.source)}",
        f"  target: {_intensity(choice.target)}",
        "game: !CycleGAN",
        f"  generator: {network}",
        f"  reverse_generator: {network}",
        _judge(choice, "target_discriminator"),
        _judge(choice, "source_discriminator"),
        *identity,
        *_train(choice),
    ]


def _stream(stream: str, name: str) -> str:
    dotted = f"{stream}.{name}"
    return dotted if name.replace("_", "").isalnum() else f'"{dotted}"'


def _labels(word: WordFacts) -> tuple[int, ...]:
    return tuple(value for value in word.values if value)


def _classes(word: WordFacts) -> int:
    return 1 + len(_labels(word))


def segment(choice: "Choice") -> list[str]:
    """A U-Net and a discriminator of label maps."""
    assert choice.source is not None
    classes = _classes(choice.target)
    return [
        f"bind: {{source: {_quoted(choice.source.bound)}, mask: {_quoted(choice.target.name)}}}",
        *_shrunk(choice, choice.source, "mask"),
        "intensity:",
        f"  source: {_intensity(choice.source)}",
        f"  mask: {_map(choice.target)}",
        "game: !AdversarialSegmentation",
        f"  classes: {classes}  # the labels and the background",
        f"  segmenter: !SegmentationUNet {{depth: {_depth(choice.patch, 4)}, width: {choice.width}, norm: instance}}"
        "  # its way up interpolates: no stipple after few plays; instance norm for small batches",
        _judge(choice),
        *_train(choice),
    ]


def _shrunk(choice: "Choice", image: WordFacts, labels: str) -> list[str]:
    """The grid of whole images, where that is better than patches; and what it does to them."""
    if not choice.whole:
        return []
    size, sides = (" x ".join(map(str, s)) for s in (choice.patch, [low for low, _ in image.sizes]))
    longer = f"an object is {choice.target.extent:.0f} pixels long; " if labels == "mask" else ""
    return [
        f"grid: !Resized {{size: [{', '.join(map(str, choice.patch))}], labels: [{labels}]}}"
        f"  # whole images: {longer}of {sides} pixels the smallest becomes {size}",
        "# apply and evaluate bring what is found back to each image's own size",
    ]


def mask_to_image(choice: "Choice") -> list[str]:
    """SPADE: the label map speaks at every scale."""
    assert choice.source is not None
    return [
        f"bind: {{source: {_quoted(choice.source.name)}, target: {_quoted(choice.target.bound)}}}",
        *_shrunk(choice, choice.target, "source"),
        "intensity:",
        f"  source: {_map(choice.source)}",
        f"  target: {_intensity(choice.target)}",
        "game: !Pix2Pix",
        f"  generator: !SPADEGenerator {{classes: {_classes(choice.source)}, depth: {_depth(choice.patch, 4)}, "
        f"width: {choice.width // 2}, hidden: 32}}  # the map speaks at every scale",
        f"  discriminator: !SPADEDiscriminator {{scales: 2, width: {choice.width}}}",
        "  adversarial: !Hinge {}",
        "  terms: {feature_matching: !FeatureMatching {weight: 10.0}}",
        *_train(choice),
        "  optimisers:",
        "    generator: !Adam {lr: 1e-4, betas: [0.0, 0.999]}",
        "    discriminator: !Adam {lr: 4e-4, betas: [0.0, 0.999]}",
    ]


def synthesise(choice: "Choice") -> list[str]:
    """A residual GAN of whole images, with hinge loss and spectral norm; of classes where they are known."""
    size = choice.patch[0]
    classed = f", label: {_quoted(choice.column)}" if choice.classes else ""
    flat = choice.dims == 2 and choice.target.dims == 3
    side = f"[{', '.join([str(size)] * choice.target.dims)}]" if not flat else ""
    sides = " x ".join(str(low) for low, _ in choice.target.sizes)
    why = f"whole images, made small enough to learn: of {sides} pixels the smallest becomes {size} a side"
    lost = "; their proportion is lost" if len({low for low, _ in choice.target.sizes}) > 1 else ""
    grid = [f"grid: !Resized {{size: {side}}}  # {why}{lost}"] if side else []
    judge = "ProjectionDiscriminator" if choice.classes else "ResidualDiscriminator"
    return [
        f"bind: {{image: {_quoted(choice.target.bound)}{classed}}}",
        *grid,
        f"intensity: {{image: {_intensity(choice.target).partition('  #')[0]}}}",
        f"game: !{'CGAN' if choice.classes else 'GAN'}",
        f"  generator: !ResidualGenerator {{width: {choice.width}}}",
        f"  discriminator: !{judge} {{width: {choice.width}}}  # spectral norm holds it steady",
        "  adversarial: !Hinge {}",
        "  augmentation: !AdaptiveAugmentation {}  # few images: without it the discriminator knows them by heart",
        *_train(choice),
        "  optimisers:",
        "    generator: {betas: [0.0, 0.9]}",
        "    discriminator: {betas: [0.0, 0.9]}",
        "  average: {generator: 0.999}  # averaged weights draw cleaner images",
    ]


DRAFTS: dict[str, Draft] = {
    "denoise": denoise,
    "translate": translate,
    "translate-unpaired": unpaired,
    "segment": segment,
    "mask-to-image": mask_to_image,
    "synthesise": synthesise,
}
