"""Loss terms L1-L19, adversarial objectives and penalties."""

from adversaria.losses.augmentation import AdaptiveAugmentation, Augmentation, DiffAugment, NoAugmentation
from adversaria.losses.cycle import Cycle
from adversaria.losses.f_divergence import (
    FDivergence,
    GANDivergence,
    JensenShannon,
    KullbackLeibler,
    PearsonChiSquared,
    ReverseKullbackLeibler,
    SquaredHellinger,
    TotalVariationDistance,
)
from adversaria.losses.feature_matching import FeatureMatching
from adversaria.losses.hinge import Hinge
from adversaria.losses.least_squares import LeastSquares
from adversaria.losses.minimax import Minimax, NonSaturating
from adversaria.losses.objective import Objective, Score
from adversaria.losses.penalty import R1, GradientPenalty, NoPenalty, Penalty
from adversaria.losses.perceptual import Perceptual
from adversaria.losses.pixel import Pixel
from adversaria.losses.segmentation import LabelCrossEntropy, SoftDice
from adversaria.losses.self_regularisation import SelfRegularisation
from adversaria.losses.structural_similarity import StructuralSimilarity
from adversaria.losses.terms import Terms, Weighted
from adversaria.losses.total_variation import TotalVariation
from adversaria.losses.wasserstein import Wasserstein

__all__ = [
    "R1",
    "AdaptiveAugmentation",
    "Augmentation",
    "Cycle",
    "DiffAugment",
    "FDivergence",
    "FeatureMatching",
    "GANDivergence",
    "GradientPenalty",
    "Hinge",
    "JensenShannon",
    "KullbackLeibler",
    "LabelCrossEntropy",
    "LeastSquares",
    "Minimax",
    "NoAugmentation",
    "NoPenalty",
    "NonSaturating",
    "Objective",
    "PearsonChiSquared",
    "Penalty",
    "Perceptual",
    "Pixel",
    "ReverseKullbackLeibler",
    "Score",
    "SelfRegularisation",
    "SoftDice",
    "SquaredHellinger",
    "StructuralSimilarity",
    "Terms",
    "TotalVariation",
    "TotalVariationDistance",
    "Wasserstein",
    "Weighted",
]
