"""Weighted sums of loss terms, bound to the words of a batch by the names of their parameters."""

import inspect
from collections.abc import Mapping, Set
from typing import Any, NamedTuple

from torch import Tensor, nn

from adversaria.vocabulary import Batch, UserError


class Weighted(NamedTuple):
    """A term and its weight."""

    term: nn.Module
    weight: float = 1.0


class Terms(nn.Module):
    """Named terms with weights. A term's forward takes words of the batch by name; defaults are optional.

    `words` are those that a game must be able to feed. Called with a batch, further words and a prefix,
    it gives {prefix + name: weight * value}. UserError: a word that is missing, a name that cannot be one.
    """

    def __init__(self, terms: Mapping[str, Weighted]):
        super().__init__()
        wrong = [name for name in terms if not name.isidentifier() or hasattr(nn.ModuleDict, name)]
        if wrong:
            raise UserError(f"a term cannot be called '{wrong[0]}'.", "Use letters, digits and underscores.")
        self.parts = nn.ModuleDict({name: part.term for name, part in terms.items()})
        self.weights = {name: float(part.weight) for name, part in terms.items()}
        self.needs = {name: _parameters(part.term) for name, part in terms.items()}

    @property
    def words(self) -> set[str]:
        """The words that no term can do without."""
        return {word for needs in self.needs.values() for word, needed in needs.items() if needed}

    def feedable(self, words: Set[str]) -> "Terms":
        """Those terms that need no other words than these."""
        needed = {name: {word for word, must in needs.items() if must} for name, needs in self.needs.items()}
        kept = {name: term for name, term in self.parts.items() if needed[name] <= words}
        return Terms({name: Weighted(term, self.weights[name]) for name, term in kept.items()})

    def forward(self, batch: Batch, prefix: str = "", **words: Any) -> dict[str, Tensor]:
        """Give each weighted term by name, from `words` first and then from the batch."""
        known = {**batch, **words}
        losses = {}
        for name, term in self.parts.items():
            given = {word: known[word] for word in self.needs[name] if word in known}
            missing = [word for word, needed in self.needs[name].items() if needed and word not in given]
            if missing:
                raise UserError(
                    f"the term '{name}' needs '{missing[0]}', which this game cannot feed.",
                    f"It can feed: {', '.join(sorted(known))}. Remove the term or bind the word.",
                )
            value = term(**given)
            if not isinstance(value, Tensor) or value.ndim:
                shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                raise TypeError(f"the term '{name}' returned {shape}, not a scalar")
            losses[prefix + name] = self.weights[name] * value
        return losses


def _parameters(term: nn.Module) -> dict[str, bool]:
    found = inspect.signature(term.forward).parameters
    return {name: p.default is inspect.Parameter.empty for name, p in found.items()}
