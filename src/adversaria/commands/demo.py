"""The main job in minutes on a CPU: adversarial denoising of low-dose CT, measured against its rivals."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

RECIPE = "yang-2017b"
BASELINE = "supervised"
SAVE_EVERY = 100
STRENGTHS = (10.0, 15.0, 20.0, 30.0, 40.0, 60.0)


def demo(*, out: Path = Path("runs/demo"), seed: int = 0, plays: int | None = None, quiet: bool = False) -> Path:
    """Train an adversarial low-dose CT denoiser on phantoms, test it on unseen ones, and write a report.

    Compared on the same test subjects: the noisy input, a network of the same size trained on the pixel
    loss alone, and a classical denoiser (non-local means) tuned on training subjects. Everything is fixed
    before the test subjects are drawn. Give an own --out or --seed to run it again; an interrupted demo
    continues.

    Parameters
    ----------
    out
        Folder of the two runs and of report.html.
    seed
        Seed of everything random.
    plays
        Batches to play, for a shorter or longer demo.
    quiet
        No progress.
    """
    from adversaria.commands.evaluate import show
    from adversaria.commands.facts import peak_mib
    from adversaria.commands.progress import console, progress
    from adversaria.commands.restored import restore
    from adversaria.commands.scoring import identity, keep_scores, output_of, score_part
    from adversaria.commands.session import open_session
    from adversaria.commands.train import train_recipe
    from adversaria.recipes import read_recipe
    from adversaria.reports import write_report
    from adversaria.run import Run, read_json, write_json

    begun = time.monotonic()
    changes = [f"train.plays={plays}"] if plays else []
    recipe = read_recipe(RECIPE, changes=changes)
    console.print("[bold]Adversarial low-dose CT denoising on built-in torso phantoms[/bold]")
    console.print(f"recipe {RECIPE}, reduced for a small machine:")
    for text in recipe.reductions():
        console.print(f"  {text}", markup=False)
    baseline = read_recipe(BASELINE, changes=_same_budget(recipe))
    adversarial_run, pixel_run = Run(out), Run(out / "pixel-only")
    common: dict[str, Any] = {"seed": seed, "quiet": quiet, "save_every": SAVE_EVERY}
    train_recipe(recipe, adversarial_run, **common)
    train_recipe(baseline, pixel_run, **common, cache=out / "private" / "cache")
    trained = time.monotonic() - begun
    ours, pixels = restore(out), restore(out / "pixel-only")
    session = open_session(ours.recipe, adversarial_run, None, seed)
    classical, strength = tuned(session, session.make_part("validation"))
    methods: dict[str, Any] = {
        "input": identity,
        "classical": classical,
        "pixel-only": output_of(pixels),
        "adversarial": output_of(ours),
    }
    with progress("testing on unseen subjects", quiet) as tick:
        test = session.make_part("test")
        done = score_part(session, test, methods, out.name, tick)
    keep_scores(adversarial_run, done, ours.said)
    verdict = conclusion(done.scores, strength)
    wall = time.monotonic() - begun
    write_json(adversarial_run.folder / "summary.json", verdict)
    facts = read_json(adversarial_run.environment)
    timing = {"training_s": round(trained), "total_s": round(wall), "peak_mib": peak_mib()}
    write_json(adversarial_run.environment, {**facts, "demo": timing})
    page = write_report(adversarial_run)
    show(done.scores, False, done.unmeasured)
    print(verdict["headline"])
    for sentence in verdict["sentences"]:
        print(sentence)
    print(f"demo took {wall:.0f} s (training {trained:.0f} s), peak memory {peak_mib()} MiB; open {page}")
    return page


def _same_budget(recipe: Any) -> list[str]:
    """Give the pixel-only network the same data, patches, batches, plays, rate and averaging."""
    training = recipe.training()
    patch = ",".join(map(str, training.patch))
    return [
        f"train.plays={training.plays}",
        f"train.batch={training.batch}",
        f"train.patch=[{patch}]",
        f"train.average.generator={training.average['generator']}",
        f"train.optimisers.generator.lr={training.optimisers['generator'].lr}",
    ]


def tuned(session: Any, part: Any) -> tuple[Callable[[Any, str, Any], Any], float]:
    """Choose the strength of non-local means by the error on validation subjects."""
    import numpy as np

    from adversaria.data.prepare import measured

    (stream,) = session.plans
    plan = session.plans[stream]
    pairs = []
    for case in part.cases[stream]:
        images = measured(case, plan)
        pairs.append((images[plan.bind["source"]], images[plan.bind["target"]]))

    def error(strength: float) -> float:
        made = [non_local_means(source, strength).array - target.array for source, target in pairs]
        return float(np.mean([np.mean(np.square(m)) for m in made]))

    best = min(STRENGTHS, key=error)
    return (lambda image, handle, scale: non_local_means(image, best)), best


def non_local_means(image: Any, strength: float) -> Any:
    """Non-local means of scikit-image (Buades et al. 2005) with a filter strength in the image's unit."""
    import numpy as np
    from skimage.restoration import denoise_nl_means

    plane = np.clip(np.asarray(image.array[0], np.float32), -300, 400)
    made = denoise_nl_means(plane, patch_size=5, patch_distance=6, h=strength, fast_mode=True)
    return image.like(made[None].astype(np.float32))


def conclusion(scores: Sequence[Any], strength: float) -> dict[str, Any]:
    """Say what the numbers say, whichever way they fall."""
    from adversaria.metrics.statistics import Summary, paired

    def by_subject(method: str, measure: str) -> dict[str, float]:
        return {s.subject: s.value for s in scores if s.method == method and s.measure == measure}

    def gap(first: str, second: str, measure: str) -> Summary:
        one, two = by_subject(first, measure), by_subject(second, measure)
        shared = [subject for subject in one if subject in two]
        return paired([one[s] for s in shared], [two[s] for s in shared])

    def said(summary: Summary, unit: str) -> str:
        if summary.low is None or summary.high is None:
            return f"{summary.mean:+.2f} {unit} (no interval: {summary.note})"
        return f"{summary.mean:+.2f} {unit} (95 % interval {summary.low:+.2f} to {summary.high:+.2f}, n = {summary.n})"

    over_input = gap("adversarial", "input", "psnr")
    if over_input.low is not None and over_input.low > 0:
        verb = "improves on its low-dose input"
    elif over_input.high is not None and over_input.high < 0:
        verb = "is worse than its low-dose input"
    else:
        verb = "cannot be told from its low-dose input"
    sentences = []
    for rival in ("pixel-only", "classical"):
        psnr, texture = gap("adversarial", rival, "psnr"), gap("adversarial", rival, "nps_distance")
        sentences.append(
            f"Against {rival}: PSNR {said(psnr, 'dB')}; distance of the noise texture from full dose "
            f"{said(texture, 'ln')}, where less is better."
        )
    recovered = by_subject("adversarial", "lesion_contrast_recovery")
    if recovered:
        from adversaria.metrics.statistics import summarise

        sentences.append(f"Lesions keep {summarise(list(recovered.values()))} of their contrast (1 is all of it).")
    sentences.append(
        f"The classical denoiser is non-local means of strength {strength:g} HU, chosen on validation subjects."
    )
    return {
        "headline": f"The adversarial network {verb}: PSNR {said(over_input, 'dB')}.",
        "sentences": sentences,
    }
