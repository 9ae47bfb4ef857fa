"""Images of arbitrary unit: each compared on a scale of its own, or all on the truth's where they have one unit."""

import pytest

from adversaria.commands.scoring import identity, score_part
from adversaria.commands.session import open_session
from adversaria.recipes import read_recipe
from adversaria.run import Run

RECIPE = """
phantom: !Brain {{size: 32, noise: 0.0}}
acquire: {{low: !GaussianBlur {{of: t1, fwhm: 2.0}}}}
bind: {{source: low, target: t1}}
intensity: {{source: !Percentile {{}}, target: {target}}}
game: !Pix2Pix
  generator: !PlainCNN {{layers: 2, width: 2}}
  discriminator: !PatchGAN {{width: 2}}
train: {{plays: 1}}
subjects: {{train: 1, test: 2}}
evaluate: {{range: [-1, 1], scaled: true, measures: [mae]}}
"""


@pytest.mark.parametrize(("target", "same"), (("!Percentile {}", True), ("!Shared {}", False)))
def test_a_factor_is_an_error_where_input_and_truth_have_one_unit(target, same, tmp_path):
    (tmp_path / "mine.yaml").write_text(RECIPE.format(target=target))
    session = open_session(read_recipe(str(tmp_path / "mine.yaml")), Run(tmp_path / "run"))
    methods = {"input": identity, "brighter": lambda source, handle, scale: source.like(source.array * 1.5)}
    done = score_part(session, session.make_part("test"), methods, "run")
    found = {name: [s.value for s in done.scores if s.method == name] for name in methods}
    assert len(found["input"]) == 2 and done.rule["scaled"] == (True if same else "truth")
    for plain, brighter in zip(found["input"], found["brighter"], strict=True):
        assert brighter == pytest.approx(plain, rel=1e-4) if same else brighter > 2 * plain
    window = {name: image.max() for name, image in done.slices.items()}
    assert max(window.values()) <= 1 + 1e-6
