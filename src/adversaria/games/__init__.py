"""Frameworks, one file each: who plays, whose turn it is, and what that player minimises."""

from adversaria.games.acgan import ACGAN
from adversaria.games.adversarial_autoencoder import AdversarialAutoencoder
from adversaria.games.adversarial_examples import AdversarialExamples
from adversaria.games.adversarial_segmentation import AdversarialSegmentation
from adversaria.games.ali import ALI
from adversaria.games.anogan import AnoGAN
from adversaria.games.attngan import AttnGAN
from adversaria.games.began import BEGAN
from adversaria.games.bigan import BiGAN
from adversaria.games.biggan import BigGAN
from adversaria.games.butterfly_gan import ButterflyGAN
from adversaria.games.caption import CaptionGAN
from adversaria.games.cascade import CascadeCGAN
from adversaria.games.cascade_segmentation import CascadeSegmentation
from adversaria.games.cat_wgan import CatWGAN
from adversaria.games.catgan import CatGAN
from adversaria.games.centre_pixel import CentrePixelGAN
from adversaria.games.cgan import CGAN
from adversaria.games.chained_synthesis import ChainedSynthesis
from adversaria.games.class_aware_segmentation import ClassAwareSegmentation
from adversaria.games.coarse_refined import CoarseRefinedGAN
from adversaria.games.collagan import CollaGAN
from adversaria.games.context_encoder import ContextEncoder
from adversaria.games.coupled import CoupledGAN
from adversaria.games.cyclegan import CycleGAN
from adversaria.games.discogan import DiscoGAN
from adversaria.games.domain_adversarial import DomainAdversarial
from adversaria.games.ebgan import EBGAN
from adversaria.games.essnet import EssNet
from adversaria.games.f_gan import FGAN
from adversaria.games.feature_adaptation import FeatureAdaptation
from adversaria.games.focused import FocusedGAN
from adversaria.games.game import Game
from adversaria.games.gan import GAN
from adversaria.games.hard_examples import HardExampleGAN
from adversaria.games.infogan import InfoGAN
from adversaria.games.inpainting import InpaintingGAN
from adversaria.games.landmark_segmentation import LandmarkSegmentation
from adversaria.games.lapgan import LAPGAN
from adversaria.games.location import LocationGAN
from adversaria.games.medgan import MedGAN
from adversaria.games.mixed_pairs import MixedPairsGAN
from adversaria.games.optimisers import SGD, Adam, RMSprop
from adversaria.games.pggan import PGGAN
from adversaria.games.pix2pix import Pix2Pix
from adversaria.games.quantified_segmentation import QuantifiedSegmentation
from adversaria.games.refine_gan import RefineGAN
from adversaria.games.refined_segmentation import RefinedSegmentation
from adversaria.games.refinement import Refinement
from adversaria.games.registration import RegistrationGAN
from adversaria.games.segan import SegAN
from adversaria.games.semantic_aware import SemanticAwareGAN
from adversaria.games.semi_coupled import SemiCoupledGAN
from adversaria.games.semi_supervised_gan import SemiSupervisedGAN
from adversaria.games.semi_supervised_segmentation import SemiSupervisedSegmentation
from adversaria.games.shape_consistent import ShapeConsistentGAN
from adversaria.games.simgan import SimGAN
from adversaria.games.sketcher_refiner import SketcherRefiner
from adversaria.games.srgan import SRGAN
from adversaria.games.stacked import StackedGAN
from adversaria.games.stackgan import StackGAN
from adversaria.games.stain_code import StainCodeGAN
from adversaria.games.stain_task import StainTaskGAN
from adversaria.games.stylegan import StyleGAN
from adversaria.games.supervised import Supervised
from adversaria.games.synthesis_segmentation import SynthesisSegmentation
from adversaria.games.task_driven import TaskDrivenGAN
from adversaria.games.tumour_aware import TumourAwareGAN
from adversaria.games.unannotated_adversarial import UnannotatedAdversarial
from adversaria.games.unit import UNIT
from adversaria.games.vaegan import VAEGAN
from adversaria.games.wgan import WGAN
from adversaria.games.wgan_gp import WGANGP
from adversaria.games.x2ct import X2CT

__all__ = [
    "ACGAN",
    "ALI",
    "BEGAN",
    "CGAN",
    "EBGAN",
    "FGAN",
    "GAN",
    "LAPGAN",
    "PGGAN",
    "SGD",
    "SRGAN",
    "UNIT",
    "VAEGAN",
    "WGAN",
    "WGANGP",
    "X2CT",
    "Adam",
    "AdversarialAutoencoder",
    "AdversarialExamples",
    "AdversarialSegmentation",
    "AnoGAN",
    "AttnGAN",
    "BiGAN",
    "BigGAN",
    "ButterflyGAN",
    "CaptionGAN",
    "CascadeCGAN",
    "CascadeSegmentation",
    "CatGAN",
    "CatWGAN",
    "CentrePixelGAN",
    "ChainedSynthesis",
    "ClassAwareSegmentation",
    "CoarseRefinedGAN",
    "CollaGAN",
    "ContextEncoder",
    "CoupledGAN",
    "CycleGAN",
    "DiscoGAN",
    "DomainAdversarial",
    "EssNet",
    "FeatureAdaptation",
    "FocusedGAN",
    "Game",
    "HardExampleGAN",
    "InfoGAN",
    "InpaintingGAN",
    "LandmarkSegmentation",
    "LocationGAN",
    "MedGAN",
    "MixedPairsGAN",
    "Pix2Pix",
    "QuantifiedSegmentation",
    "RMSprop",
    "RefineGAN",
    "RefinedSegmentation",
    "Refinement",
    "RegistrationGAN",
    "SegAN",
    "SemanticAwareGAN",
    "SemiCoupledGAN",
    "SemiSupervisedGAN",
    "SemiSupervisedSegmentation",
    "ShapeConsistentGAN",
    "SimGAN",
    "SketcherRefiner",
    "StackGAN",
    "StackedGAN",
    "StainCodeGAN",
    "StainTaskGAN",
    "StyleGAN",
    "Supervised",
    "SynthesisSegmentation",
    "TaskDrivenGAN",
    "TumourAwareGAN",
    "UnannotatedAdversarial",
]
