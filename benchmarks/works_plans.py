"""What each work is for, and how that is judged: samples, augmentation, few labels, features or clusters."""

from typing import Any

from benchmarks import works_conditional, works_restoring_plans, works_segmentation, works_translation
from benchmarks.works_augmenting import AugmentingPlan
from benchmarks.works_plan import Plan

SMALL = ("phantom.size=32", "train.patch=[32, 32]")
PAIR = ("phantom.a.size=32", "phantom.b.size=32", "train.patch=[32, 32]")
GROWING = (*SMALL, "game.phase=70", "game.generator.width=24", "game.critic.width=24")
DCGAN = (*SMALL, "game.generator.width=32", "game.discriminator.width=32")
HEART = (
    "phantom.basal.size=32", "phantom.apical.size=32", "train.patch=[32, 32]", "game.source_generator.width=32",
    "game.target_generator.width=32", "game.discriminator.width=32",
)  # fmt: skip

PLANS: dict[str, Any] = {
    "chuquicusma-2017": Plan("samples", DCGAN),
    "frid-adar-2018": Plan(
        "classes",
        DCGAN,
        {
            "kinds": (("phantom.shares=[1, 0, 0]",), ("phantom.shares=[0, 1, 0]",), ("phantom.shares=[0, 0, 1]",)),
            "counts": (36, 43, 44),
            "balance": False,
            "classic": 20,
        },
    ),
    "madani-2018b": Plan("labels", (*PAIR, "game.generator.width=32", "game.discriminator.width=32")),
    "yi-2018-catgan": Plan("labels", (*PAIR, "game.generator.width=32", "game.discriminator.width=32")),
    "bowles-2018a-mr": Plan(
        "joint", ("phantom.size=64", "train.patch=[64, 64]", "game.phase=25", *GROWING[3:]), {"segmenters": 1}
    ),
    "bowles-2018a-ct": Plan("joint", GROWING),
    "zhang-2017b": Plan("features", HEART),
    "hu-2017a": Plan("clusters", ("game.generator.width=16", "game.discriminator.width=32")),
    "lahiri-2018": Plan("patches", ("train.patch=[32, 32]",)),
    "lahiri-2017": Plan("patches", ("game.generator.width=32", "game.discriminator.width=32")),
    "mondal-2018": Plan("volumes", ("phantom.a.size=32", "phantom.b.size=32")),
    "madani-2018a": Plan(
        "classes",
        DCGAN,
        {"kinds": (("phantom.prevalence=0.0",), ("phantom.prevalence=1.0",)), "counts": (40, 40), "balance": False},
    ),
    "salehinejad-2017": Plan(
        "classes",
        DCGAN,
        {
            "kinds": (
                ("phantom.prevalence=0.0",),
                *((f"phantom.findings=[{name}]",) for name in ("cardiomegaly", "effusion", "oedema", "pneumothorax")),
            ),
            "counts": (120, 30, 30, 15, 15),
            "balance": True,
        },
    ),
    "calimeri-2017": Plan("samples", (*SMALL, "game.generators.levels=2", "game.discriminators.levels=2")),
    "han-2018a": Plan("samples", (*SMALL, "game.generator.width=32", "game.critic.width=32")),
    "bermudez-2018": Plan("samples", DCGAN),
    "baur-2018a": Plan("samples", GROWING),
    "baur-2018b": Plan("samples", (*SMALL, "game.generators.levels=2", "game.discriminators.levels=2")),
    "korkinof-2018": Plan("samples", ("phantom.size=40", "train.patch=[40, 32]", *GROWING[2:])),
    "beers-2018-mr": Plan("samples", GROWING),
    "beers-2018-retina": Plan("samples", GROWING, {"subjects": 128}),
}

PLANS |= {key: AugmentingPlan(7) for key in ("chartsias-2017", "chartsias-2017-b")}
PLANS |= works_translation.PLANS | works_conditional.PLANS | works_restoring_plans.PLANS | works_segmentation.PLANS
# CPU seconds of a work's play: of the rows that were named before any was run at it, of the others
MANY, USUAL = 900.0, 120.0
# one a purpose: images that teach a classifier, few labels, samples
LONG = ("frid-adar-2018", "madani-2018b", "bermudez-2018")
NAMED = {
    *LONG, *works_translation.LONG, *works_conditional.LONG, *works_restoring_plans.LONG, *works_segmentation.LONG,
}  # fmt: skip


def budget(key: str) -> float:
    """How many CPU seconds a work is played."""
    return MANY if key in NAMED else USUAL
