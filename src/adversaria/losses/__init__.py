"""Loss terms L1-L19, adversarial objectives and penalties."""

from adversaria.losses.augmentation import AdaptiveAugmentation, Augmentation, DiffAugment, NoAugmentation
from adversaria.losses.bright import BrightBalanced
from adversaria.losses.classification import Classification
from adversaria.losses.cycle import Cycle
from adversaria.losses.deep_supervision import DeepSupervision
from adversaria.losses.edge_weighted import EdgesKept, EdgeWeighted
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
from adversaria.losses.generalised_dice import GeneralisedDice
from adversaria.losses.gradient_consistency import GradientConsistency
from adversaria.losses.gradient_difference import GradientDifference
from adversaria.losses.hinge import Hinge
from adversaria.losses.k_space import KSpace, KSpaceConsistency
from adversaria.losses.k_space_magnitude import KSpaceMagnitude
from adversaria.losses.latent_kl import LatentKL
from adversaria.losses.least_squares import LeastSquares
from adversaria.losses.local_correlation import LocalCorrelation
from adversaria.losses.mean_regulation import MeanRegulation
from adversaria.losses.minimax import Minimax, NonSaturating
from adversaria.losses.multi_scale_similarity import MultiScaleSimilarity
from adversaria.losses.neighbourhood import Neighbourhood
from adversaria.losses.normalised_error import NormalisedError
from adversaria.losses.objective import Objective, Score
from adversaria.losses.penalty import R1, GradientPenalty, NoPenalty, Penalty
from adversaria.losses.perceptual import Perceptual
from adversaria.losses.physical import MeasurementConsistency, Physical
from adversaria.losses.pixel import Pixel
from adversaria.losses.saliency import Saliency, SaliencyWeighted
from adversaria.losses.segmentation import LabelCrossEntropy, SoftDice
from adversaria.losses.self_regularisation import GreySelfRegularisation, SelfRegularisation
from adversaria.losses.shape import ShapeConsistency
from adversaria.losses.sharpness import Sharpness
from adversaria.losses.steerable import SteerableFilters
from adversaria.losses.structural_similarity import StructuralSimilarity
from adversaria.losses.style_content import StyleContent
from adversaria.losses.terms import Terms, Weighted
from adversaria.losses.total_variation import TotalVariation
from adversaria.losses.wasserstein import Wasserstein

__all__ = [
    "R1",
    "AdaptiveAugmentation",
    "Augmentation",
    "BrightBalanced",
    "Classification",
    "Cycle",
    "DeepSupervision",
    "DiffAugment",
    "EdgeWeighted",
    "EdgesKept",
    "FDivergence",
    "FeatureMatching",
    "GANDivergence",
    "GeneralisedDice",
    "GradientConsistency",
    "GradientDifference",
    "GradientPenalty",
    "GreySelfRegularisation",
    "Hinge",
    "JensenShannon",
    "KSpace",
    "KSpaceConsistency",
    "KSpaceMagnitude",
    "KullbackLeibler",
    "LabelCrossEntropy",
    "LatentKL",
    "LeastSquares",
    "LocalCorrelation",
    "MeanRegulation",
    "MeasurementConsistency",
    "Minimax",
    "MultiScaleSimilarity",
    "Neighbourhood",
    "NoAugmentation",
    "NoPenalty",
    "NonSaturating",
    "NormalisedError",
    "Objective",
    "PearsonChiSquared",
    "Penalty",
    "Perceptual",
    "Physical",
    "Pixel",
    "ReverseKullbackLeibler",
    "Saliency",
    "SaliencyWeighted",
    "Score",
    "SelfRegularisation",
    "ShapeConsistency",
    "Sharpness",
    "SoftDice",
    "SquaredHellinger",
    "SteerableFilters",
    "StructuralSimilarity",
    "StyleContent",
    "Terms",
    "TotalVariation",
    "TotalVariationDistance",
    "Wasserstein",
    "Weighted",
]
