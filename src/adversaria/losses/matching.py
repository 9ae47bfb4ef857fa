"""How well images and sentences of a batch find each other."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def attention(words: Tensor, regions: Tensor, known: Tensor, sharpness: float = 5.0) -> Tensor:
    """Region context of each word (Xu et al. 2018, eq. 7-9): words (B, N, L), regions (B, N, R), known (B, L).

    The similarity of words and regions is normalised over words, then over regions with `sharpness` (gamma 1).
    Gives attention (B, L, R) that sums to 1 over regions.
    """
    similarity = words.mT @ regions
    over_words = similarity.masked_fill(~known.bool()[:, :, None], -1e9).softmax(1)
    return (sharpness * over_words).softmax(2)


def word_scores(words: Tensor, regions: Tensor, known: Tensor, gamma: float = 5.0) -> Tensor:
    """Match of every image with every sentence by words (Xu et al. 2018, eq. 10): (images, sentences).

    The cosine of each word with its region context, joined over words by a log sum of exp with `gamma` (gamma 2).
    """
    columns = []
    for word, flags in zip(words, known, strict=True):
        each = word.expand(len(regions), -1, -1)
        context = regions @ attention(each, regions, flags.expand(len(regions), -1)).mT
        cosine = (normalize(each, dim=1) * normalize(context, dim=1)).sum(1)
        columns.append((gamma * cosine).masked_fill(~flags.bool(), -1e9).logsumexp(1) / gamma)
    return torch.stack(columns, 1)


def sentence_scores(images: Tensor, sentences: Tensor) -> Tensor:
    """Cosine of every image (B, N) with every sentence (B, N): (images, sentences)."""
    return normalize(images, dim=1) @ normalize(sentences, dim=1).mT


def matching(scores: Tensor, gamma: float = 10.0) -> Tensor:
    """Cross entropy of finding the own partner in both directions (Xu et al. 2018, eq. 11-13), summed, in nats."""
    own = torch.arange(len(scores), device=scores.device)
    return cross_entropy(gamma * scores, own) + cross_entropy(gamma * scores.mT, own)
