"""A network that tells what an image shows, and one that judges whether it does."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from adversaria.networks.text import RegionEncoder


def gumbel_softmax(logits: Tensor, draws: Tensor, temperature: float) -> Tensor:
    """Draw one category each from logits (..., K) by `draws` (..., K), uniform (Jang et al. 2017, eq. 2).

    Straight through: the value is one-hot, the gradient that of softmax((logits + Gumbel noise) / temperature).
    """
    soft = torch.softmax((logits - torch.log(-torch.log(draws.to(logits)))) / temperature, -1)
    with torch.no_grad():
        step = one_hot(soft.argmax(-1), logits.shape[-1]).to(soft.dtype) - soft
    return soft + step


class Captioner(nn.Module):
    """Caption generator (as Shetty et al. 2017, section 3.1): an LSTM that starts from the image's features.

    Sentences are (B, vocabulary, L), one-hot over words; token 0 fills up. `length` is the longest sentence.
    """

    key = "captioner"

    def __init__(
        self,
        in_channels: int = 1,
        vocabulary: int = 128,
        length: int = 16,
        width: int = 64,
        layers: int = 4,
        dims: int = 2,
    ):
        super().__init__()
        self.vocabulary, self.length = vocabulary, length
        self.look = RegionEncoder(in_channels, width, layers, dims)
        self.embedding = nn.Linear(vocabulary, width, bias=False)
        self.cell, self.word = nn.LSTMCell(2 * width, width), nn.Linear(width, vocabulary)

    def following(self, image: Tensor, tokens: Tensor) -> Tensor:
        """Give logits (B, vocabulary, L) of each word given those before it."""
        before = one_hot(tokens, self.vocabulary).to(image.dtype).roll(1, 1)
        before[:, 0] = 0
        seen, state, found = self.look(image), None, []
        for word in before.unbind(1):
            state = self.cell(torch.cat([seen, self.embedding(word)], 1), state)
            found.append(self.word(state[0]))
        return torch.stack(found, 2)

    def forward(self, image: Tensor, draws: Tensor | None, temperature: float = 1.0) -> Tensor:
        """Tell a sentence: words gumbel_softmax by `draws` (B, L, vocabulary), or the likeliest without."""
        seen, state, said = self.look(image), None, []
        word = seen.new_zeros(len(seen), self.vocabulary)
        for place in range(self.length if draws is None else draws.shape[1]):
            state = self.cell(torch.cat([seen, self.embedding(word)], 1), state)
            logits = self.word(state[0])
            if draws is None:
                word = one_hot(logits.argmax(1), self.vocabulary).to(logits.dtype)
            else:
                word = gumbel_softmax(logits, draws[:, place], temperature)
            said.append(word)
        return torch.stack(said, 2)


class CaptionDiscriminator(nn.Module):
    """Judge of a sentence about an image (as Shetty et al. 2017, section 3.2): features of both, multiplied and scored.

    Sentences are (B, vocabulary, L), one-hot or shares.
    """

    key = "caption-discriminator"

    def __init__(self, in_channels: int = 1, vocabulary: int = 128, width: int = 64, layers: int = 4, dims: int = 2):
        super().__init__()
        self.look = RegionEncoder(in_channels, width, layers, dims)
        self.embedding = nn.Linear(vocabulary, width, bias=False)
        self.recurrent = nn.GRU(width, width, batch_first=True)
        self.score = nn.Sequential(nn.Linear(3 * width, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        """Score (B, 1)."""
        seen = self.look(image)
        read = self.recurrent(self.embedding(condition.mT))[1][0]
        return self.score(torch.cat([seen, read, seen * read], 1))
