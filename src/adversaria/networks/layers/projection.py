"""A score that asks whether an image belongs to its class."""

from torch import Tensor, nn


class Projection(nn.Module):
    """Projection onto the class (Miyato and Koyama 2018, eq. 3): y^T V phi + psi(phi).

    phi (B, `width`) are the summed features of an image, y the one-hot class, V a row for each of `classes`, and psi
    linear. Networks normalise both spectrally.
    """

    key = "projection"

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.embedding, self.score = nn.Embedding(classes, width), nn.Linear(width, 1)

    def forward(self, phi: Tensor, label: Tensor) -> Tensor:
        """Give the score (B, 1) of features (B, C) under the class (B,)."""
        row: Tensor = self.embedding(label.long())
        return self.score(phi) + (row * phi).sum(1, keepdim=True)
