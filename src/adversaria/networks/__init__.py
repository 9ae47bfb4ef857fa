"""Networks: plain modules for 2D and 3D."""

from adversaria.networks.attngan import AttnGenerator, StageDiscriminators
from adversaria.networks.automap import Automap
from adversaria.networks.began import BEGANAutoencoder, BEGANGenerator
from adversaria.networks.biggan import BigGANDiscriminator, BigGANGenerator
from adversaria.networks.caption import CaptionDiscriminator, Captioner
from adversaria.networks.circle import CircleGenerator
from adversaria.networks.coarse_to_fine import CoarseToFine
from adversaria.networks.collagan import CollaGenerator, ContrastDiscriminator
from adversaria.networks.context_encoder import ContextNetwork
from adversaria.networks.coupled import CoupledFront, CoupledHead, CoupledJudge, CoupledTrunk
from adversaria.networks.cycle_denoiser import CycleDenoiser
from adversaria.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from adversaria.networks.dcgan_autoencoder import DCGANAutoencoder
from adversaria.networks.dcgan_encoder import DCGANEncoder
from adversaria.networks.dense_blocks import MultiLevelDense
from adversaria.networks.feature_net import FeatureDiscriminator, FeatureSegmenter
from adversaria.networks.feature_pyramid import FeaturePyramid
from adversaria.networks.headed_dcgan import HeadedDCGAN
from adversaria.networks.joint_discriminator import JointDiscriminator
from adversaria.networks.label_dcgan import LabelDCGANDiscriminator, LabelDCGANGenerator
from adversaria.networks.lapgan import LaplacianDiscriminators, LaplacianGenerators
from adversaria.networks.latent_discriminator import LatentDiscriminator
from adversaria.networks.location import LocationGenerator
from adversaria.networks.medgan import CasNet, MedGANDiscriminator
from adversaria.networks.multi_scale import MultiScale
from adversaria.networks.patch_gan import PatchGAN
from adversaria.networks.pggan import PGGANDiscriminator, PGGANGenerator
from adversaria.networks.plain_cnn import PlainCNN
from adversaria.networks.projection_discriminator import ProjectionDiscriminator
from adversaria.networks.red_wgan import DenseCritic, ResidualEncoderDecoder
from adversaria.networks.refiner import Refiner
from adversaria.networks.registration import AffineNetwork, FlowUNet
from adversaria.networks.residual_gan import ResidualDiscriminator, ResidualGenerator
from adversaria.networks.residual_unet import ResidualUNet
from adversaria.networks.resnet import ResNetGenerator
from adversaria.networks.slab_cnn import SlabCNN, SlabCritic
from adversaria.networks.spade import SPADEGenerator
from adversaria.networks.spade_discriminator import SPADEDiscriminator
from adversaria.networks.srgan import SRDiscriminator, SRResNet
from adversaria.networks.stacked import StackDiscriminator, StackEncoder, StackImage, StackTop
from adversaria.networks.strided_discriminator import StridedDiscriminator
from adversaria.networks.stylegan import StyleGANDiscriminator, StyleGANGenerator
from adversaria.networks.text import ConditioningAugmentation, RegionEncoder, TextDiscriminator, TextEncoder
from adversaria.networks.text_gan import StageOne, StageTwo
from adversaria.networks.tomo_gan import TomoDiscriminator, TomoUNet
from adversaria.networks.unet import UNet
from adversaria.networks.unit import SharedBlocks, UNITDecoder, UNITEncoder
from adversaria.networks.vaegan import ConvDecoder, ConvEncoder, VAEGANDiscriminator
from adversaria.networks.wgan_vgg_critic import WGANVGGCritic
from adversaria.networks.x2ct import X2CTGenerator

__all__ = [
    "AffineNetwork",
    "AttnGenerator",
    "Automap",
    "BEGANAutoencoder",
    "BEGANGenerator",
    "BigGANDiscriminator",
    "BigGANGenerator",
    "CaptionDiscriminator",
    "Captioner",
    "CasNet",
    "CircleGenerator",
    "CoarseToFine",
    "CollaGenerator",
    "ConditioningAugmentation",
    "ContextNetwork",
    "ContrastDiscriminator",
    "ConvDecoder",
    "ConvEncoder",
    "CoupledFront",
    "CoupledHead",
    "CoupledJudge",
    "CoupledTrunk",
    "CycleDenoiser",
    "DCGANAutoencoder",
    "DCGANDiscriminator",
    "DCGANEncoder",
    "DCGANGenerator",
    "DenseCritic",
    "FeatureDiscriminator",
    "FeaturePyramid",
    "FeatureSegmenter",
    "FlowUNet",
    "HeadedDCGAN",
    "JointDiscriminator",
    "LabelDCGANDiscriminator",
    "LabelDCGANGenerator",
    "LaplacianDiscriminators",
    "LaplacianGenerators",
    "LatentDiscriminator",
    "LocationGenerator",
    "MedGANDiscriminator",
    "MultiLevelDense",
    "MultiScale",
    "PGGANDiscriminator",
    "PGGANGenerator",
    "PatchGAN",
    "PlainCNN",
    "ProjectionDiscriminator",
    "Refiner",
    "RegionEncoder",
    "ResNetGenerator",
    "ResidualDiscriminator",
    "ResidualEncoderDecoder",
    "ResidualGenerator",
    "ResidualUNet",
    "SPADEDiscriminator",
    "SPADEGenerator",
    "SRDiscriminator",
    "SRResNet",
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
    "StyleGANDiscriminator",
    "StyleGANGenerator",
    "TextDiscriminator",
    "TextEncoder",
    "TomoDiscriminator",
    "TomoUNet",
    "UNITDecoder",
    "UNITEncoder",
    "UNet",
    "VAEGANDiscriminator",
    "WGANVGGCritic",
    "X2CTGenerator",
]
