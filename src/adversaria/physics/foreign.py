"""Operators of other libraries."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from adversaria.physics.operator import Operator
from adversaria.vocabulary import Batch


class DeepinvPhysics(Operator):
    """Any linear `Physics` of deepinv (Tachella et al. 2025) as an operator; noise models of theirs are left out.

    `A` and `adjoint` are its `A` and `A_adjoint`, `inverse` its `A_dagger`. `words` says which parameter of the physics
    a word of the batch is, for example {"sampling": "mask"}; what is bound is given with each call, as
    deepinv does. Complex images there are pairs of real channels: `channels` and `complex_of` of this room change
    between the two. Their `A_adjoint` takes `y` alone, so nothing of deepinv is imported here.
    """

    key = "deepinv"

    def __init__(self, physics: Any, words: Mapping[str, str] | None = None):
        super().__init__()
        lacking = [name for name in ("A", "A_adjoint") if not callable(getattr(physics, name, None))]
        if lacking:
            raise ValueError(f"{type(physics).__name__} has no {lacking[0]}: it is no linear physics of deepinv")
        self.physics, self.words = physics, dict(words or {})
        self.given: dict[str, Any] = {}

    def of(self, batch: Batch) -> "DeepinvPhysics":
        """Bind the words of the batch that are parameters of the physics."""
        found = self.bound()
        found.given = {name: batch[word] for word, name in self.words.items() if word in batch}
        return found

    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        """Measure by the foreign operator."""
        seen: Tensor = self.physics.A(x, **self.given)
        return seen

    def adjoint(self, y: Tensor) -> Tensor:
        """Apply its transpose."""
        back: Tensor = self.physics.A_adjoint(y, **self.given)
        return back

    def inverse(self, y: Tensor) -> Tensor:
        """Apply its pseudo-inverse."""
        image: Tensor = self.physics.A_dagger(y, **self.given)
        return image
