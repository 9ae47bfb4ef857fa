"""A segmenter's early layers are learned again for another modality, without its labels."""

import torch
from torch import nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam, RMSprop
from adversaria.losses import LabelCrossEntropy, Objective, SoftDice, Terms, Wasserstein, Weighted
from adversaria.vocabulary import Batch


class FeatureAdaptation(Game):
    """Cross-modality adaptation by a replaced first part (Dou et al. 2018, eq. 1 to 3).

    segmenter: L_seg(late(early(x)), y)                                           for `first_plays` plays, then frozen
    critic:    - E C(late(early(x))) + E C(late(adaptor(u))),   weights clipped   for `critic_plays` alone
    adaptor:   - E C(late(adaptor(u)))                                            then every `critic_steps`-th play

    x are images of the modality that has labels (`source`, `mask`), u of the other (`unlabelled`). The adaptor is
    a copy of the early layers until they are frozen; the late ones are shared. C sees what `late` lists: activations of
    several depths and logits. Published: 20 critic steps, one more every 300 plays, which is left out; clipping to
    0.03; weight 0.002.
    """

    key = "feature-adaptation"
    segments = True
    players = {"segmenter": ("early", "late"), "critic": ("critic",), "adaptor": ("adaptor",)}
    optimisers = {"segmenter": Adam(1e-3), "critic": RMSprop(3e-4, 0.9), "adaptor": RMSprop(3e-4, 0.9)}

    def __init__(
        self,
        early: nn.Module,
        late: nn.Module,
        adaptor: nn.Module,
        critic: nn.Module,
        classes: int = 2,
        first_plays: int = 20_000,
        critic_plays: int = 20_000,
        critic_steps: int = 20,
        clip: float = 0.03,
        weight: float = 0.002,
        adversarial: Objective = Wasserstein(),
        terms: Terms = Terms({
            "cross_entropy": Weighted(LabelCrossEntropy(), 1.0), "dice": Weighted(SoftDice(), 1.0),
        }),
    ):  # fmt: skip
        super().__init__()
        self.early, self.late, self.adaptor, self.critic = early, late, adaptor, critic
        self.classes, self.first_plays, self.critic_plays = classes, first_plays, critic_plays
        self.critic_steps, self.clip, self.weight = critic_steps, clip, weight
        self.adversarial, self.terms = adversarial, terms

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """Both first parts give the same features; the last part gives a map for each class."""
        return {
            "early": {"in_channels": "source"},
            "adaptor": {"in_channels": "unlabelled"},
            "late": {"out_channels": classes},
            "critic": {},
        }

    def play(self, batch: Batch) -> Play:
        """The segmenter alone; then the critic, and the adaptor where it is due."""
        self.early.train(self.training and self.plays < self.first_plays)
        self.late.train(self.training and self.plays < self.first_plays)
        if self.plays <= self.first_plays:
            self.copy_early()
        if self.plays < self.first_plays:
            yield "segmenter", self.terms(batch, output=self.late(self.early(batch["source"]))[-1])
            return
        since = self.plays - self.first_plays - self.critic_plays
        due = since >= 0 and since % self.critic_steps == self.critic_steps - 1
        with torch.no_grad():
            known = self.late(self.early(batch["source"]))
        with torch.set_grad_enabled(due):
            other = self.late(self.adaptor(batch["unlabelled"]))
        score = self.adversarial.discriminator(self.critic(known), self.critic(other))
        yield "critic", {"domain": self.weight * score}
        for parameter in self.critic.parameters():
            # without raising the version: micro-batches in lockstep each clip, and the later ones change nothing
            parameter.data.clamp_(-self.clip, self.clip)
        if due:
            yield "adaptor", {"domain": self.weight * self.adversarial.generator(self.critic(other))}

    def copy_early(self) -> None:
        """Copy the early layers to the adaptor where shapes agree: all, unless the modalities differ in channels."""
        theirs = self.early.state_dict()
        for name, mine in self.adaptor.state_dict().items():
            if theirs[name].shape == mine.shape:
                # without raising the version: micro-batches in lockstep each copy the same
                mine.data.copy_(theirs[name])

    def forward(self, batch: Batch) -> Batch:
        """Segment `unlabelled` through the adaptor, else `source`: probabilities (B, classes, *S), likeliest label."""
        features = self.adaptor(batch["unlabelled"]) if "unlabelled" in batch else self.early(batch["source"])
        found = torch.softmax(self.late(features)[-1], 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
