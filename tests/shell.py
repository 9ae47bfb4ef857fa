"""Commands as the shell calls them, and one small recipe for them."""

from adversaria.cli import main

SMALL = """
phantom: !Brain {size: 32}
subjects: {train: 3, validation: 2, test: 7}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
game: !Pix2Pix
  generator: !UNet {depth: 3, width: 4}
  discriminator: !PatchGAN {width: 4}
train: {plays: 4, batch: 2, patch: [32, 32]}
evaluate: {range: [-1, 1], scaled: true, measures: [mae, psnr, noise_level]}
"""


def call(*words) -> int:
    """Run one command as the shell would, and give its exit code."""
    try:
        main([str(word) for word in words])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def told(capsys) -> str:
    out = capsys.readouterr()
    return out.out + out.err


def refused(capsys, *words) -> str:
    """What a command that must fail with exit code 2 says: one message and a remedy."""
    capsys.readouterr()
    assert call(*words) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said and "error: " in said
    message = said[said.index("error: ") :].strip().splitlines()
    assert 1 <= len(message) <= 6, said
    return said
