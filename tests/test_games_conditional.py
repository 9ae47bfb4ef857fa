"""Translation, conditional and multi-stage games: the worked examples of their papers' objectives."""

import pytest
import torch
from torch import nn

from adversaria import games
from playground import Discriminator, batch, build

LOG2 = 0.693147


class Zero(Discriminator):
    """At indifference, keeping its graph."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0


class Half(Discriminator):
    """Says 0.5, keeping its graph."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0 + 0.5


class Shift(nn.Module):
    """Adds a learned number, to the image or a multiple of it."""

    def __init__(self, by=0.0, factor=1.0):
        super().__init__()
        self.by, self.factor = nn.Parameter(torch.tensor(by)), factor

    def forward(self, image, condition=None):
        return self.factor * image + self.by


def values(losses):
    return {name: float(value.detach()) for name, value in losses.items()}


def total(losses):
    return sum(values(losses).values())


def turns(game, words=None, count=None):
    """The turns of one play as measured without steps: a list of (player, values)."""
    play, found, seen = game.play(words or batch()), [], None
    while True:
        try:
            turn = play.send(seen)
        except StopIteration:
            return found
        parts = [turn] if isinstance(turn, tuple) else list(turn.items())
        found += [(player, values(losses)) for player, losses in parts]
        seen = {} if isinstance(turn, tuple) else {p: {} for p in turn}


def gradient(loss, module):
    """Gradients of a loss for a module's parameters, zeros where there are none."""
    found = torch.autograd.grad(loss, list(module.parameters()), allow_unused=True, retain_graph=True)
    return torch.cat([torch.zeros_like(p).flatten() if g is None else g.flatten()
                      for p, g in zip(module.parameters(), found, strict=True)])  # fmt: skip


def test_discogan_worked_example():
    """D = 0.5, both reconstructions off by 0.1: G 2 log 2 + 0.02; the authors' first weights: 0.137443."""
    parts = Shift(0.05), Shift(0.05), Zero(2), Zero(2)
    (_, judged), (_, made) = turns(games.DiscoGAN(*parts))
    assert sum(made.values()) == pytest.approx(1.406294, abs=1e-5)
    assert sum(judged.values()) == pytest.approx(4 * LOG2, abs=1e-5)
    code = games.DiscoGAN(*parts, adversarial_weight=0.099, cycle=0.01)
    assert sum(turns(code)[1][1].values()) == pytest.approx(0.137443, abs=1e-5)
    inverse = games.DiscoGAN(Shift(0.3), Shift(-0.3), Zero(2), Zero(2))
    assert sum(v for n, v in turns(inverse)[1][1].items() if "cycle" in n) == pytest.approx(0, abs=1e-6)


def test_discogan_matching_is_zero_for_equal_batches_of_features():
    game = games.DiscoGAN(Shift(), Shift(), Discriminator(2), Discriminator(2), matching=0.9)
    words = batch()
    words["target"] = words["source"].flip(0)
    found = turns(game, words)[1][1]
    assert found["matching_target"] == pytest.approx(0, abs=1e-10) and game.couples_samples
    words["target"] = words["source"] + 1
    assert turns(game, words)[1][1]["matching_target"] > 1e-3


def test_unit_divergence_and_weights():
    """mu = (1, -1, 2): mean of mu^2/2 is 1, weighted 0.1; adversarial : KL : L1 = 10 : 0.1 : 100."""
    from adversaria.games.unit import divergence

    assert float(divergence(torch.tensor([[1.0, -1.0, 2.0]]))) == pytest.approx(1)
    game = build("UNIT")
    assert (game.adversarial_weight, game.divergence, game.likelihood) == (10.0, 0.1, 100.0)
    found = dict(turns(game))
    assert set(found) == {"discriminators", "generators"} and len(found["generators"]) == 8


def test_unit_shares_its_inner_layers_once():
    game = build("UNIT")
    names = list(game.parameters_of("generators"))
    assert sum(name.startswith("shared_encoder") for name in names) == 6
    source, target = game.encode(game.source_encoder, torch.ones(1, 1, 8, 8)), None
    with torch.no_grad():
        for own, other in zip(game.source_encoder.parameters(), game.target_encoder.parameters(), strict=True):
            other.copy_(own)
    target = game.encode(game.target_encoder, torch.ones(1, 1, 8, 8))
    assert torch.equal(source, target)


def test_unit_with_zero_codes_and_exact_decoders_pays_nothing_but_the_adversary():
    """Codes 0 and decoders that give the (constant zero) image: variational and cycle terms vanish."""
    game = games.UNIT(
        *(Shift(factor=0.0) for _ in range(2)), Shift(), Shift(factor=0.0), *(Shift(factor=0.0) for _ in range(2)),
        Zero(2), Zero(2),
    )  # fmt: skip
    words = {**batch(), "source": torch.zeros(4, 1, 8, 8), "target": torch.zeros(4, 1, 8, 8)}
    found = dict(turns(game, words))["generators"]
    assert sum(v for n, v in found.items() if "adversarial" in n) == pytest.approx(20 * LOG2, abs=1e-4)
    assert sum(v for n, v in found.items() if "adversarial" not in n) == pytest.approx(0, abs=1e-7)


class Logits(nn.Module):
    """Gives two maps of logits whose softmax is a stated probability of class 1."""

    def __init__(self, probability):
        super().__init__()
        self.logit = nn.Parameter(torch.logit(torch.as_tensor(probability)))

    def forward(self, image, condition=None):
        logit = self.logit.expand(len(image), *self.logit.shape[1:]) if self.logit.ndim else self.logit
        return torch.cat([torch.zeros_like(image), torch.zeros_like(image) + logit], 1)


def test_adversarial_segmentation_worked_example():
    """Adversarial part at indifference log 2; weight 0 is pure cross entropy; unlabelled images only fool D."""
    words = batch()
    plain = games.AdversarialSegmentation(Logits(0.5), Zero(2, 3), adversarial_weight=0.0)
    assert dict(turns(plain, words))["segmenter"] == {"cross_entropy": pytest.approx(LOG2, abs=1e-5)}
    game = games.AdversarialSegmentation(Logits(0.5), Zero(2, 3), adversarial_weight=1.0, unlabelled=1.0)
    found = dict(turns(game, words))
    assert found["discriminator"]["adversarial"] == pytest.approx(2 * LOG2, abs=1e-5)
    assert found["segmenter"]["adversarial"] == found["segmenter"]["unlabelled"] == pytest.approx(LOG2, abs=1e-5)


def test_an_unlabelled_image_reaches_the_segmenter_through_the_discriminator_alone():
    words = batch()

    def slopes(image, weight):
        game = build("AdversarialSegmentation")
        game.unlabelled = weight
        play = game.play({**words, "unlabelled": image})
        next(play)
        _, losses = play.send({})
        rest = sum(v for n, v in losses.items() if n != "unlabelled")
        return gradient(rest, game.segmenter), gradient(sum(losses.values()), game.segmenter)

    rest, whole = slopes(words["image"], 1.0)
    other_rest, other_whole = slopes(-words["image"], 1.0)
    assert torch.equal(rest, other_rest) and not torch.equal(whole, other_whole)


class Identity(nn.Module):
    """A critic without layers: only the masked image itself counts."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))

    def features(self, image, condition=None):
        return [self.one * image]


def test_segan_worked_example():
    """x = (1, 2), S = (0.5, 1), y = (1, 0): mean(0.5, 2) = 1.25; S = y: 0; after its step D lies in +-0.05."""
    image = torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)
    found = torch.tensor([[0.5, 0.0], [0.5, 1.0]]).view(1, 2, 1, 2)
    truth = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).view(1, 2, 1, 2)
    game = games.SegAN(Logits(0.5), Identity())
    assert float(game.distance(image, found, truth).detach()) == pytest.approx(1.25)
    assert float(game.distance(image, truth, truth).detach()) == 0
    play = game.play(batch())
    _, first = next(play)
    game.critic.one.data.fill_(3.0)
    _, second = play.send({})
    assert float(game.critic.one.detach()) == pytest.approx(0.05)
    assert values(first)["distance"] < 0 < values(second)["distance"]


def test_soft_dice_and_label_cross_entropy():
    """Perfect logits 0; even logits over 3 classes log 3 = 1.098612; half of a square found: dice by hand."""
    from adversaria.losses import LabelCrossEntropy, SoftDice
    from adversaria.losses.segmentation import label_maps

    mask = torch.tensor([[0.0, 1.0], [2.0, 1.0]]).view(1, 1, 2, 2)
    sure = 100 * label_maps(mask, 3).float()
    assert float(LabelCrossEntropy()(sure, mask)) == pytest.approx(0, abs=1e-6)
    assert float(SoftDice()(sure, mask)) == pytest.approx(0, abs=1e-6)
    assert float(LabelCrossEntropy()(torch.zeros(1, 3, 2, 2), mask)) == pytest.approx(1.098612, abs=1e-6)
    wrong = 100 * label_maps(torch.tensor([[0.0, 1.0], [0.0, 0.0]]).view(1, 1, 2, 2), 3).float()
    # class 1: (2*1 + 1)/(1 + 2 + 1) = 3/4; class 2: (0 + 1)/(0 + 1 + 1) = 1/2
    assert float(SoftDice()(wrong, mask)) == pytest.approx(1 - (0.75 + 0.5) / 2, abs=1e-6)


def test_context_encoder_worked_example():
    """Error 0.2 everywhere in the hole, D = 0.5: 0.999 x 0.04 + 0.001 x log 2 = 0.040653."""
    game = games.ContextEncoder(Shift(0.2, 0.0), Zero(2), overlap=0)
    words = {**batch(), "image": torch.zeros(4, 1, 8, 8)}
    del words["mask"]
    found = dict(turns(game, words))["generator"]
    assert sum(found.values()) == pytest.approx(0.040653, abs=1e-6)


def test_context_encoder_sees_nothing_inside_the_hole_and_judges_nothing_outside():
    game, words = build("ContextEncoder"), batch()
    game.overlap = 0
    hole = words["mask"]
    once = turns(game, words)
    game.generator[-1].register_forward_hook(lambda module, given, made: made + 5 * (1 - hole))
    assert turns(game, words) == once

    seen = []
    game.generator.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    changed = {**words, "image": words["image"] + 3 * hole}
    turns(game, words), turns(game, changed)
    assert torch.equal(seen[0], seen[1])


def test_context_encoder_band_counts_ten_times():
    game = games.ContextEncoder(Shift(), Zero(2))
    hole = torch.zeros(1, 1, 64, 64)
    hole[..., 16:48, 16:48] = 1
    weights = game.weights(hole)
    assert float(weights.sum()) == 32 * 32 + 10 * (46 * 46 - 32 * 32)
    assert weights[0, 0, 20, 20] == 1 and weights[0, 0, 9, 30] == 10 and weights[0, 0, 8, 30] == 0


def test_cascade_freezes_its_first_stage_to_the_bit():
    """Second stage playing: parameters and batch statistics of the first stay; joint: both change."""
    from playground import cascade

    for first_plays, changes in ((1, False), (0, True)):
        torch.manual_seed(0)
        game = cascade(2, first_plays)
        game.first[1] = nn.BatchNorm2d(6)
        game.train()
        before = {k: v.clone() for k, v in game.first.state_dict().items()}
        for index in range(1, 4):
            game.plays = index
            played_once(game, index)
        same = all(torch.equal(v, before[k]) for k, v in game.first.state_dict().items())
        assert same != changes


def played_once(game, index):
    from test_games import plain_table

    plain_table(game, 1e-2).play([batch(play=index)])


def test_cascade_of_an_identity_is_its_first_stage_and_perfect_output_costs_the_adversary_only():
    class Pass(Shift):
        def forward(self, image, condition=None):
            return condition + self.by

    game = games.CascadeCGAN(Shift(0.1), Pass(), Zero(2, 2), Zero(2, 2))
    words = batch()
    assert torch.equal(game(words)["output"], game.first(words["source"]))
    words["target"] = words["source"] + 0.1
    found = dict(turns(game, words))[("first", "second")]
    assert sum(found.values()) == pytest.approx(2 * LOG2, abs=1e-5)


def test_domain_adversarial_gradient_and_ramp():
    """Feature s = 0, (s-1)^2 and (s-3)^2, alpha 0.5: the segmenter's gradient is -2 + 3 = 1, D keeps the plain one."""
    from adversaria.losses import Objective, Terms, Weighted

    class Task(nn.Module):
        key = "L-test"

        def forward(self, output, mask):
            return (output - 1).square().mean()

    class Domain(Objective):
        def real(self, score):
            return (score - 3).square()

        def fake(self, score):
            return (score - 3).square()

    class One(nn.Module):
        def __init__(self):
            super().__init__()
            self.s = nn.Parameter(torch.zeros(()))

        def features(self, image):
            return [self.s.expand(len(image))]

        def predict(self, features):
            return features[-1]

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.b = nn.Parameter(torch.zeros(()))

        def forward(self, features):
            return features[0] + self.b

    game = games.DomainAdversarial(
        One(), Sum(), weight=0.5, ramp=0, adversarial=Domain(), terms=Terms({"task": Weighted(Task(), 1.0)})
    )
    turn = next(game.play(batch()))
    assert float(gradient(sum(turn["segmenter"].values()), game.segmenter)) == pytest.approx(1.0)
    assert float(gradient(turn["discriminator"]["domain"], game.discriminator)) == pytest.approx(-6.0)
    game.weight, game.ramp = 1.0, 100
    for plays, wanted in ((0, 0.0), (50, 0.986614), (100, 0.999909), (1000, 0.999909)):
        game.plays = plays
        assert game.alpha == pytest.approx(wanted, abs=1e-6)


def test_domain_adversarial_at_indifference_and_without_weight():
    game = build("DomainAdversarial")
    for parameter in game.discriminator.parameters():
        nn.init.zeros_(parameter)
    assert dict(turns(game))["discriminator"]["domain"] == pytest.approx(LOG2, abs=1e-5)
    free = build("DomainAdversarial")
    free.weight = 0.0
    turn = next(free.play(batch()))["segmenter"]
    assert torch.equal(gradient(sum(turn.values()), free.segmenter), gradient(turn["cross_entropy"], free.segmenter))


def test_collagan_similarity_and_passes():
    """SSIM 1, 0.5, 0: 0, 0.287682, 0.693147; four contrasts: one pass forward and three back."""
    from adversaria.games import collagan

    same = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert float(collagan.dissimilarity(same, same)[0]) == pytest.approx(0, abs=1e-6)
    formula = [-torch.log((1 + torch.tensor(s)) / 2) for s in (0.5, 0.0)]
    assert [float(v) for v in formula] == pytest.approx([0.287682, 0.693147], abs=1e-6)
    flat = torch.zeros(1, 1, 16, 16)
    assert float(collagan.dissimilarity(flat + 1, flat - 1)[0]) > 5

    calls = []

    class Colla(nn.Module):
        def __init__(self):
            super().__init__()
            self.by = nn.Parameter(torch.zeros(()))

        def forward(self, image, condition):
            calls.append((image.detach(), condition.detach()))
            return image.sum(1, keepdim=True) + self.by

    class Four(Zero):
        def forward(self, image, condition=None):
            score = super().forward(image, condition)
            return {"score": score, "label": score.flatten(1)[:, :1].expand(-1, 4)}

    game = games.CollaGAN(Colla(), Four(2))
    image = batch()["source"].expand(-1, 4, -1, -1).repeat(1, 1, 2, 2)
    found = turns(game, {**batch(), "image": image})
    assert len(calls) == 1 + 3
    assert found[0][1]["classification"] == pytest.approx(1.386294, abs=1e-5)
    asked = torch.stack([condition[:, :, 0, 0] for _, condition in calls])
    assert torch.equal(asked.sum(0), torch.ones(4, 4)) and torch.equal(asked.sum(2), torch.ones(4, 4))


def test_collagan_cannot_see_the_missing_contrast_and_true_images_cost_nothing():
    game = build("CollaGAN")
    image = torch.cat([batch()["source"], batch()["target"]], 1).requires_grad_(True)
    exists = torch.ones(4, 2)
    made = game.make(image, exists, torch.tensor([0, 0, 1, 1]))
    (slope,) = torch.autograd.grad(made.sum(), image)
    assert (slope[:2, 0] == 0).all() and (slope[2:, 1] == 0).all() and (slope[:2, 1] != 0).any()

    words = {**batch(), "target": batch()["source"]}

    class True_(nn.Module):
        def __init__(self):
            super().__init__()
            self.by = nn.Parameter(torch.zeros(()))

        def forward(self, image, condition):
            return words["source"].tanh() + self.by

    game.generator = True_()
    found = dict(turns(game, words))["generator"]
    assert found["cycle"] == pytest.approx(0, abs=1e-7) and found["similarity"] == pytest.approx(0, abs=1e-6)


def test_collagan_heeds_which_contrasts_are_present():
    from adversaria.games import collagan

    exists = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    draws = torch.linspace(0.01, 0.99, 50)
    first = collagan.pick(exists[:1].expand(50, 3), draws)
    assert set(first.tolist()) == {0, 2} and abs(int((first == 0).sum()) - 25) <= 1
    assert set(collagan.pick(exists[1:].expand(50, 3), draws).tolist()) == {1}
    game = build("CollaGAN")
    words = {**batch(), "present": torch.tensor([[1.0, 0.0]] * 4)}
    with torch.no_grad():
        filled = game(words)["output"]
        other = game({**words, "target": words["target"] + 1})["output"]
    assert torch.equal(filled[:, 0], words["source"].tanh()[:, 0]) and torch.equal(filled, other)


def test_simgan_terms_and_turns():
    """R identity: 0; a shift of 0.1 with lambda 2: 0.2; the turns follow the plays."""
    shape = (1, 8, 8)
    still = games.SimGAN(Shift(), Zero(2), shape, refiner_plays=1)
    assert turns(still)[0] == ("refiner", {"regularisation": 0.0})
    shifted = games.SimGAN(Shift(0.1), Zero(2), shape, 2.0, refiner_plays=0, discriminator_plays=0)
    found = turns(shifted)[0][1]
    assert found == {"regularisation": pytest.approx(0.2, abs=1e-6), "adversarial": pytest.approx(LOG2, abs=1e-5)}
    game = games.SimGAN(Shift(), Zero(2), shape, refiner_plays=2, discriminator_plays=1, refiner_steps=2, history=0)
    said = []
    for plays in range(9):
        game.plays = plays
        said.append(turns(game)[0][0][0])
    assert "".join(said) == "rr" + "d" + "rrd" + "rrd"


def test_simgan_blur_forgives_noise_of_one_pixel():
    class Checker(Shift):
        def forward(self, image, condition=None):
            board = torch.ones(8, 8)
            board[::2, ::2] = board[1::2, 1::2] = -1
            return image + 0.1 * board + self.by

    plain = games.SimGAN(Checker(), Zero(2), (1, 8, 8), refiner_plays=1)
    blurred = games.SimGAN(Checker(), Zero(2), (1, 8, 8), psi=nn.AvgPool2d(2, 1), refiner_plays=1)
    assert turns(blurred)[0][1]["regularisation"] < 0.01 * turns(plain)[0][1]["regularisation"]


def test_history_gives_half_of_each_batch_from_the_past():
    from adversaria.draws import Draws
    from adversaria.games.pool import HistoryBuffer

    buffer = HistoryBuffer(20, (1, 2, 2))
    for start in range(0, 200, 10):
        fresh = torch.arange(start, start + 10.0).view(10, 1, 1, 1).expand(10, 1, 2, 2)
        draws = torch.from_numpy(Draws(0, start, range(10)).uniform("history", (2,)))
        given = buffer.mix(fresh, draws)[:, 0, 0, 0]
        old = int((given < start).sum())
        assert old == (0 if start < 20 else 5), start
    assert float(buffer.images[:, 0, 0, 0].max()) >= 180 and len(buffer.images) == 20


def test_srgan_worked_example():
    """Equal images and D = 0.5: 1e-3 log 2 = 6.931e-4; before that the squared error alone."""
    game = games.SRGAN(Shift(), Zero(2), pretraining=1)
    words = {**batch(), "target": batch()["source"]}
    assert turns(game, words) == [("generator", {"pretraining": 0.0})]
    game.plays = 1
    found = dict(turns(game, words))
    assert sum(found["generator"].values()) == pytest.approx(6.931e-4, abs=1e-7)
    assert sum(found["discriminator"].values()) == pytest.approx(2 * LOG2, abs=1e-5)
    from adversaria.losses import Perceptual

    class Scaled(nn.Module):
        def forward(self, image):
            return image / 12.75

    content = Perceptual(Scaled())(torch.full((1, 1, 4, 4), 12.75), torch.zeros(1, 1, 4, 4))
    assert float(content) == pytest.approx(1, abs=1e-6)


def test_pixel_shuffle_and_the_blocks_of_srresnet():
    """Agrees with torch in 2D; two doublings make 4; zero blocks pass the first features unchanged."""
    from adversaria.networks import SRResNet
    from adversaria.networks.srgan import shuffle

    values_ = torch.arange(2 * 8 * 3 * 4.0).view(2, 8, 3, 4)
    assert torch.equal(shuffle(values_), nn.functional.pixel_shuffle(values_, 2))
    assert torch.equal(nn.functional.pixel_unshuffle(shuffle(values_), 2), values_)
    volume = torch.arange(8.0).view(1, 8, 1, 1, 1)
    assert torch.equal(shuffle(volume).flatten(), torch.arange(8.0))
    network = SRResNet(width=4).eval()
    assert network(torch.zeros(1, 1, 6, 5)).shape == (1, 1, 24, 20) and len(network.blocks) == 16
    for module in network.blocks.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight), nn.init.zeros_(module.bias)
    value = network.first(torch.ones(1, 1, 6, 5))
    assert torch.equal(network.blocks(value), value)


def test_small_and_large_images_are_cut_at_the_same_place():
    """A patch of the large image and of its downsampled twin show the same voxels."""
    import numpy as np

    from adversaria.data.feed import Item, PatchFeed, Stream
    from adversaria.physics import Downsample

    large = torch.arange(32.0 * 32).view(1, 1, 32, 32)
    small = Downsample(4).A(large)
    item = Item({"source": small[0].numpy(), "target": large[0].numpy(), "label": np.ones(1, np.float32)}, "c")
    feed = PatchFeed([Stream("data", [item], (16, 16))], 8, 0)
    words = feed.batch(0, 0, 1)
    assert words["source"].shape == (8, 1, 4, 4) and words["label"].shape == (8, 1)
    assert torch.equal(Downsample(4).A(words["target"]), words["source"])
    assert len({float(v) for v in words["source"][:, 0, 0, 0]}) > 1


def test_an_enlarged_image_keeps_its_place_in_space():
    """Centres of blocks stay where they were: NIfTI affine of a 4 times finer grid."""
    import numpy as np

    from adversaria.data.image import Image

    affine = np.array([[-2.0, 0, 0, 10], [0, 0, 3, 20], [0, 4, 0, 30], [0, 0, 0, 1]])
    image = Image(np.zeros((1, 4, 5, 6), np.float32), affine, (2.0, 4.0, 3.0))
    finer = image.resampled(np.zeros((1, 16, 20, 6), np.float32))
    block = finer.affine @ np.array([[0, 0, 0, 1], [3, 3, 0, 1], [12, 16, 5, 1], [15, 19, 5, 1]]).T
    coarse = affine @ np.array([[0, 0, 0, 1], [3, 4, 5, 1]]).T
    assert np.allclose((block[:, 0] + block[:, 1]) / 2, coarse[:, 0])
    assert np.allclose((block[:, 2] + block[:, 3]) / 2, coarse[:, 1])
    assert finer.spacing == (0.5, 1.0, 3.0)


def test_warp_identity_shift_and_affine():
    """Zero field: the moving image; integer shift: a roll inside; (1,0,0,0, 0,1,0,0, 0,0,1,0): no displacement."""
    from adversaria.networks.warp import affine_flow, warp

    moving = torch.randn(2, 1, 7, 6, 5, generator=torch.Generator().manual_seed(0))
    still = torch.zeros(2, 3, 7, 6, 5)
    torch.testing.assert_close(warp(moving, still), moving, atol=1e-6, rtol=0)
    flow = still.clone()
    flow[:, 0], flow[:, 2] = 2.0, -1.5
    spacing = torch.tensor([[1.0, 1.0, 1.5]] * 2)
    rolled = moving.roll((-2, 1), (2, 4))
    torch.testing.assert_close(warp(moving, flow, spacing)[..., :5, :, 1:], rolled[..., :5, :, 1:], atol=1e-5, rtol=0)
    identity = torch.tensor([[1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]])
    assert float(affine_flow(identity, (4, 5, 6)).abs().max()) == pytest.approx(0, abs=1e-6)
    scaled = affine_flow(torch.tensor([[1.5, 0, 2.0, 0, 1, 0]]), (5, 4))
    assert torch.allclose(scaled[0, 0, :, 0], torch.tensor([-1.0, -0.5, 0, 0.5, 1.0]) + 2) and (scaled[0, 1] == 0).all()


def test_registration_smoothness_and_gradient():
    """Constant field 0; slope a: a squared; the generator is reached through the warp alone."""
    from adversaria.networks.warp import roughness

    assert float(roughness(torch.full((1, 2, 8, 8), 3.0))) == 0
    ramp = torch.zeros(1, 2, 8, 8)
    ramp[:, 1] = 0.3 * torch.arange(8.0)[:, None]
    assert float(roughness(ramp)) == pytest.approx(0.09, abs=1e-6)
    assert float(roughness(ramp, torch.tensor([[2.0, 1.0]]))) == pytest.approx(0.0225, abs=1e-6)
    game, words = build("RegistrationGAN"), batch()
    words["moving"], words["fixed"] = words["source"], words["target"]
    play = game.play(words)
    next(play)
    _, losses = play.send({})
    assert float(gradient(losses["adversarial"], game.generator).abs().sum()) > 0


def test_registration_with_a_known_field():
    game, words = build("RegistrationGAN"), batch()
    words |= {"moving": words["source"], "fixed": words["target"]}
    game.field, game.adversarial_weight, game.smoothness = 2.0, 0.0, 0.0
    words["flow"] = game.generator(words["moving"], words["fixed"]).detach() + 0.5
    assert dict(turns(game, words))["generator"]["field"] == pytest.approx(0.5, abs=1e-6)


def test_coupled_worked_example_and_shared_layers():
    """At indifference D 2 x 2 log 2 = 2.772589; shared layers get the sum of both gradients, and exist once."""
    game = build("CoupledGAN")
    for parameter in game.discriminator_trunk.parameters():
        nn.init.zeros_(parameter)
    found = dict(turns(game))
    assert sum(found["discriminators"].values()) == pytest.approx(2.772589, abs=1e-5)
    assert sum(found["generators"].values()) == pytest.approx(2 * LOG2, abs=1e-5)
    game = build("CoupledGAN")
    play = game.play(batch())
    next(play)
    _, losses = play.send({})
    both = gradient(sum(losses.values()), game.generator_trunk)
    parts = [gradient(loss, game.generator_trunk) for loss in losses.values()]
    torch.testing.assert_close(both, parts[0] + parts[1])
    assert sum(n.startswith("generator_trunk") for n in game.parameters_of("generators")) == 4


def test_coupled_images_are_a_function_of_one_latent():
    game = build("CoupledGAN").eval()
    game.target_generator = game.source_generator
    with torch.no_grad():
        same = game(batch())
        latent = game.normal(batch(), "latent", (5,))
        assert torch.equal(same["output"], same["source"])
        one, other = game.images(latent), game.images(latent.flip(0))
    assert torch.equal(one["target"], other["target"].flip(0)) and not torch.equal(one["target"], other["target"])


def test_lapgan_pyramid_is_exact():
    """I_k = u(I_{k+1}) + h_k; [[1,2],[3,4]]: coarse 2.5, residual [[-1.5,-0.5],[0.5,1.5]]."""
    from adversaria.games import lapgan

    small = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
    images = lapgan.pyramid(small, 1)
    assert images[1].item() == 2.5
    assert torch.equal(lapgan.residuals(images)[0][0, 0], torch.tensor([[-1.5, -0.5], [0.5, 1.5]]))
    for shape in ((2, 1, 32, 16), (1, 2, 16, 16, 8)):
        image = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        images = lapgan.pyramid(image, 3)
        again = lapgan.rebuilt(images[-1], lapgan.residuals(images))
        assert float((again - image).abs().max()) < 1e-6


def test_lapgan_levels_are_apart_and_zero_residuals_repeat_the_coarse_image():
    from adversaria.games.lapgan import up

    game = build("LAPGAN")
    play = game.play(batch())
    _, judged = next(play)
    fine, coarse = game.discriminators.fine, game.discriminators.coarse
    assert not gradient(judged["level_0"], coarse).any() and not gradient(judged["level_1"], fine).any()
    _, made = play.send({})
    assert not gradient(made["level_0"], game.generators.coarse).any()
    assert not gradient(made["level_1"], game.generators.fine).any()
    for parameter in game.generators.fine.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        image = game(batch())["output"]
        assert torch.equal(image, up(game.generators.coarsest(game.normal(batch(), "latent", (5,)))))


def test_x2ct_worked_example():
    """D = 0.5, a volume wrong by 0.1 everywhere: 0.1 x 0.25 + 10 x 0.01 + 10 x 0.1 = 1.125."""
    from adversaria.games import x2ct

    words = batch(3)

    class Near(Shift):
        def forward(self, views, condition=None):
            return words["target"] + self.by

    game = games.X2CT(Near(0.1), Half(3, 3))
    assert sum(dict(turns(game, words))["generator"].values()) == pytest.approx(1.125, abs=1e-5)
    exact = dict(turns(games.X2CT(Near(0.0), Half(3, 3)), words))["generator"]
    assert exact == {"adversarial": pytest.approx(0.025), "reconstruction": 0.0, "projection": 0.0}
    draws = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 2, 1, 4, 5, 6, generator=draws)
    once = x2ct.projected(first, second)
    again = x2ct.projected(first.permute(0, 1, 4, 2, 3), second.permute(0, 1, 4, 2, 3))
    torch.testing.assert_close(once, again)
    cancelling = first.clone()
    cancelling[:, :, 0] += 1
    cancelling[:, :, 1] -= 1
    assert float((cancelling.mean(2) - first.mean(2)).abs().max()) < 1e-6
    assert float(x2ct.projected(cancelling, first)) > 0 and float((cancelling - first).square().mean()) > 0.1


def test_biplanar_back_projection_lies_along_the_rays():
    from adversaria.physics import Biplanar

    volume = torch.randn(1, 1, 4, 4, 3, generator=torch.Generator().manual_seed(0))
    frontal, lateral = Biplanar().back(Biplanar().A(volume))[0]
    assert torch.equal(frontal[0], frontal[3]) and torch.equal(lateral[:, 0], lateral[:, 3])
    torch.testing.assert_close(frontal[0], volume[0, 0].mean(0))
    torch.testing.assert_close(lateral[:, 0], volume[0, 0].mean(1))


class Layers(Discriminator):
    """Four layers at each of three scales, each a multiple of the image."""

    def features(self, image, condition=None):
        return [image * 1.0 for _ in range(12)]


def test_feature_matching_worked_example():
    """0.1 in each of 4 layers at 3 scales: 0.4, weighted 4; equal images 0; scales are pooled by 2."""
    from adversaria.losses import FeatureMatching
    from adversaria.networks import CoarseToFine, MultiScale

    image = torch.zeros(2, 1, 8, 8)
    assert float(FeatureMatching()(image + 0.1, image, discriminator=Layers(2))) == pytest.approx(0.4, abs=1e-6)
    judge = MultiScale(width=4)
    large = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    assert float(FeatureMatching()(large, large, discriminator=judge).detach()) == 0
    levels = judge.pyramid(large, None)
    assert torch.equal(levels[1], nn.functional.avg_pool2d(large, 2)) and levels[2].shape[-1] == 24
    assert len(judge.features(large)) == 12 and len(judge(large)) == 3
    network = CoarseToFine(halvings=2, blocks=1, local_blocks=1, width=4)
    assert network(large).shape == large.shape


def test_feature_matching_gives_the_real_side_no_gradient():
    from adversaria.losses import FeatureMatching

    judge, image = Discriminator(2), batch()["source"]
    target = image.clone().requires_grad_(True)
    loss = FeatureMatching()(image + 0.1, target, discriminator=judge)
    assert torch.autograd.grad(loss, target, allow_unused=True)[0] is None


def test_total_variation_and_sketch():
    """A checkerboard of 0 and 1: 1 an axis; a constant: 0; edges are drawn on a border and strokes carry its values."""
    import numpy as np

    from adversaria.losses import TotalVariation
    from adversaria.physics import Sketch

    board = (torch.arange(6)[:, None] + torch.arange(8)).remainder(2).float()[None, None]
    assert float(TotalVariation()(board)) == 2 and float(TotalVariation()(board * 0 + 3)) == 0
    half = torch.zeros(1, 1, 32, 32)
    half[..., 16:] = 1
    drawing = Sketch(edges=0.2).drawing(half)
    assert (drawing[..., 15:17] == -1).all() and (drawing[..., :8] == 1).all() and (drawing[..., 24:] == 1).all()
    assert (Sketch().drawing(half * 0) == 1).all()
    made = Sketch().measure(half, 1.0, np.random.default_rng(0))
    assert made.shape == (1, 2, 32, 32) and set(made.unique().tolist()) == {0.0, 1.0}
    painted = made[0, 1] == 1
    assert painted.any() and painted.float().mean() < 0.4


def test_without_adversary_a_sketch_pays_for_pixels_alone():
    """Weight 0 of the adversary: no gradient through the discriminator's score; equal images cost nothing."""
    from adversaria.losses import Pixel, Terms, TotalVariation, Weighted

    terms = Terms({"pixel": Weighted(Pixel(power=2), 1.0), "smooth": Weighted(TotalVariation(), 1.0)})
    game = games.Pix2Pix(Shift(), Discriminator(2), conditional=False, adversarial_weight=0.0, terms=terms)
    flat = torch.full((4, 1, 8, 8), 0.3)
    words = {**batch(), "source": flat, "target": flat}
    play = game.play(words)
    next(play)
    _, losses = play.send({})
    assert not gradient(losses["adversarial"], game.generator).any()
    assert values(losses) == {"adversarial": 0.0, "pixel": 0.0, "smooth": 0.0}


def test_pictures_and_scores_repeat_the_voxels_of_small_images():
    import numpy as np

    from adversaria.commands.observing import _alike
    from adversaria.commands.scoring import _enlarged
    from adversaria.data.image import Image

    small, large = np.arange(4, dtype=np.float32).reshape(1, 2, 2), np.zeros((1, 4, 6), np.float32)
    first, second = _alike([small, large])
    assert first.shape == second.shape and first[0, 0].tolist() == [0, 0, 0, 1, 1, 1]
    made = _enlarged(Image(small, np.diag([2.0, 3, 1, 1]), (2.0, 3.0)), large)
    assert np.array_equal(made.array, first) and made.spacing == (1.0, 1.0)
    assert _enlarged(made, large) is made
