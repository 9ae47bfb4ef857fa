"""Networks: plain modules for 2D and 3D."""

from adversaria.networks.adaptable import DomainCritic, EarlyLayers, LateLayers
from adversaria.networks.adaptive_fusion import AdaptiveFusion
from adversaria.networks.attngan import AttnGenerator, StageDiscriminators
from adversaria.networks.automap import Automap
from adversaria.networks.began import BEGANAutoencoder, BEGANGenerator
from adversaria.networks.biggan import BigGANDiscriminator, BigGANGenerator
from adversaria.networks.butterfly import ButterflyNet
from adversaria.networks.caption import CaptionDiscriminator, Captioner
from adversaria.networks.circle import CircleGenerator
from adversaria.networks.class_patch_gan import ClassPatchGAN
from adversaria.networks.coarse_to_fine import CoarseToFine
from adversaria.networks.collagan import CollaGenerator, ContrastDiscriminator
from adversaria.networks.context_encoder import ContextNetwork
from adversaria.networks.context_fcn import ContextFCN
from adversaria.networks.coupled import CoupledFront, CoupledHead, CoupledJudge, CoupledTrunk
from adversaria.networks.cpce import CPCE
from adversaria.networks.cycle_denoiser import CycleDenoiser
from adversaria.networks.dagan import DAGANDiscriminator, DAGANGenerator
from adversaria.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from adversaria.networks.dcgan_autoencoder import DCGANAutoencoder
from adversaria.networks.dcgan_encoder import DCGANEncoder
from adversaria.networks.deep_unet import DeepUNet
from adversaria.networks.dense_blocks import MultiLevelDense
from adversaria.networks.dilated_net import DilatedNet
from adversaria.networks.energy_net import EnergyAutoencoder
from adversaria.networks.fcn import FCN
from adversaria.networks.feature_net import FeatureDiscriminator, FeatureSegmenter
from adversaria.networks.feature_pyramid import FeaturePyramid
from adversaria.networks.gancs import GANCSDiscriminator, GANCSGenerator
from adversaria.networks.global_conv import GlobalConvNet
from adversaria.networks.headed_dcgan import HeadedDCGAN
from adversaria.networks.image_to_image import ImageToImageNet
from adversaria.networks.joint_discriminator import JointDiscriminator
from adversaria.networks.label_dcgan import LabelDCGANDiscriminator, LabelDCGANGenerator
from adversaria.networks.landmark_net import LandmarkUNet
from adversaria.networks.lapgan import LaplacianDiscriminators, LaplacianGenerators
from adversaria.networks.latent_discriminator import LatentDiscriminator
from adversaria.networks.local_lstm import LocalLSTMNet
from adversaria.networks.location import LocationGenerator
from adversaria.networks.medgan import CasNet, MedGANDiscriminator
from adversaria.networks.multi_scale import MultiScale
from adversaria.networks.of_magnitude import OfMagnitude
from adversaria.networks.patch_gan import PatchGAN
from adversaria.networks.pggan import PGGANDiscriminator, PGGANGenerator
from adversaria.networks.plain_cnn import PlainCNN
from adversaria.networks.projection_discriminator import ProjectionDiscriminator
from adversaria.networks.quantifying_net import QuantifyingNet, RelationDiscriminator
from adversaria.networks.recurrent_unet import RecurrentDiscriminator, RecurrentUNet
from adversaria.networks.red_wgan import DenseCritic, ResidualEncoderDecoder
from adversaria.networks.refine_gan import RefineCritic, RefineGenerator
from adversaria.networks.refinement import RefinementDiscriminator, RefinementUNet
from adversaria.networks.refiner import Refiner
from adversaria.networks.registration import AffineNetwork, FlowUNet
from adversaria.networks.residual_gan import ResidualDiscriminator, ResidualGenerator
from adversaria.networks.residual_skip import ResidualSkipNet
from adversaria.networks.residual_unet import ResidualUNet
from adversaria.networks.resnet import ResNetGenerator
from adversaria.networks.sagan_unet import SAGANUNet
from adversaria.networks.segmentation_unet import SegmentationUNet
from adversaria.networks.slab_cnn import SlabCNN, SlabCritic
from adversaria.networks.spade import SPADEGenerator
from adversaria.networks.spade_discriminator import SPADEDiscriminator
from adversaria.networks.srgan import SRDiscriminator, SRResNet
from adversaria.networks.stacked import StackDiscriminator, StackEncoder, StackImage, StackTop
from adversaria.networks.strided_discriminator import StridedDiscriminator
from adversaria.networks.structured_net import StructuredNet
from adversaria.networks.stylegan import StyleGANDiscriminator, StyleGANGenerator
from adversaria.networks.text import ConditioningAugmentation, RegionEncoder, TextDiscriminator, TextEncoder
from adversaria.networks.text_gan import StageOne, StageTwo
from adversaria.networks.tomo_gan import TomoDiscriminator, TomoUNet
from adversaria.networks.two_stem import TwoStemPatchGAN
from adversaria.networks.unet import UNet
from adversaria.networks.unit import SharedBlocks, UNITDecoder, UNITEncoder
from adversaria.networks.vaegan import ConvDecoder, ConvEncoder, VAEGANDiscriminator
from adversaria.networks.wavelet import HaarDomain, OfHaar
from adversaria.networks.wgan_vgg_critic import WGANVGGCritic
from adversaria.networks.x2ct import X2CTGenerator

__all__ = [
    "CPCE",
    "FCN",
    "AdaptiveFusion",
    "AffineNetwork",
    "AttnGenerator",
    "Automap",
    "BEGANAutoencoder",
    "BEGANGenerator",
    "BigGANDiscriminator",
    "BigGANGenerator",
    "ButterflyNet",
    "CaptionDiscriminator",
    "Captioner",
    "CasNet",
    "CircleGenerator",
    "ClassPatchGAN",
    "CoarseToFine",
    "CollaGenerator",
    "ConditioningAugmentation",
    "ContextFCN",
    "ContextNetwork",
    "ContrastDiscriminator",
    "ConvDecoder",
    "ConvEncoder",
    "CoupledFront",
    "CoupledHead",
    "CoupledJudge",
    "CoupledTrunk",
    "CycleDenoiser",
    "DAGANDiscriminator",
    "DAGANGenerator",
    "DCGANAutoencoder",
    "DCGANDiscriminator",
    "DCGANEncoder",
    "DCGANGenerator",
    "DeepUNet",
    "DenseCritic",
    "DilatedNet",
    "DomainCritic",
    "EarlyLayers",
    "EnergyAutoencoder",
    "FeatureDiscriminator",
    "FeaturePyramid",
    "FeatureSegmenter",
    "FlowUNet",
    "GANCSDiscriminator",
    "GANCSGenerator",
    "GlobalConvNet",
    "HaarDomain",
    "HeadedDCGAN",
    "ImageToImageNet",
    "JointDiscriminator",
    "LabelDCGANDiscriminator",
    "LabelDCGANGenerator",
    "LandmarkUNet",
    "LaplacianDiscriminators",
    "LaplacianGenerators",
    "LateLayers",
    "LatentDiscriminator",
    "LocalLSTMNet",
    "LocationGenerator",
    "MedGANDiscriminator",
    "MultiLevelDense",
    "MultiScale",
    "OfHaar",
    "OfMagnitude",
    "PGGANDiscriminator",
    "PGGANGenerator",
    "PatchGAN",
    "PlainCNN",
    "ProjectionDiscriminator",
    "QuantifyingNet",
    "RecurrentDiscriminator",
    "RecurrentUNet",
    "RefineCritic",
    "RefineGenerator",
    "RefinementDiscriminator",
    "RefinementUNet",
    "Refiner",
    "RegionEncoder",
    "RelationDiscriminator",
    "ResNetGenerator",
    "ResidualDiscriminator",
    "ResidualEncoderDecoder",
    "ResidualGenerator",
    "ResidualSkipNet",
    "ResidualUNet",
    "SAGANUNet",
    "SPADEDiscriminator",
    "SPADEGenerator",
    "SRDiscriminator",
    "SRResNet",
    "SegmentationUNet",
    "SharedBlocks",
    "SlabCNN",
    "SlabCritic",
    "StackDiscriminator",
    "StackEncoder",
    "StackImage",
    "StackTop",
    "StageDiscriminators",
    "StageOne",
    "StageTwo",
    "StridedDiscriminator",
    "StructuredNet",
    "StyleGANDiscriminator",
    "StyleGANGenerator",
    "TextDiscriminator",
    "TextEncoder",
    "TomoDiscriminator",
    "TomoUNet",
    "TwoStemPatchGAN",
    "UNITDecoder",
    "UNITEncoder",
    "UNet",
    "VAEGANDiscriminator",
    "WGANVGGCritic",
    "X2CTGenerator",
]
