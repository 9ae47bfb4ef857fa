"""Networks: plain modules for 2D and 3D."""

from adversaria.networks.attngan import AttnGenerator, StageDiscriminators
from adversaria.networks.caption import CaptionDiscriminator, Captioner
from adversaria.networks.coarse_to_fine import CoarseToFine
from adversaria.networks.collagan import CollaGenerator, ContrastDiscriminator
from adversaria.networks.context_encoder import ContextNetwork
from adversaria.networks.coupled import CoupledFront, CoupledHead, CoupledJudge, CoupledTrunk
from adversaria.networks.cycle_denoiser import CycleDenoiser
from adversaria.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from adversaria.networks.feature_net import FeatureDiscriminator, FeatureSegmenter
from adversaria.networks.lapgan import LaplacianDiscriminators, LaplacianGenerators
from adversaria.networks.location import LocationGenerator
from adversaria.networks.multi_scale import MultiScale
from adversaria.networks.patch_gan import PatchGAN
from adversaria.networks.plain_cnn import PlainCNN
from adversaria.networks.refiner import Refiner
from adversaria.networks.registration import AffineNetwork, FlowUNet
from adversaria.networks.resnet import ResNetGenerator
from adversaria.networks.srgan import SRDiscriminator, SRResNet
from adversaria.networks.stacked import StackDiscriminator, StackEncoder, StackImage, StackTop
from adversaria.networks.strided_discriminator import StridedDiscriminator
from adversaria.networks.text import ConditioningAugmentation, RegionEncoder, TextDiscriminator, TextEncoder
from adversaria.networks.text_gan import StageOne, StageTwo
from adversaria.networks.unet import UNet
from adversaria.networks.unit import SharedBlocks, UNITDecoder, UNITEncoder
from adversaria.networks.vaegan import ConvDecoder, ConvEncoder, VAEGANDiscriminator
from adversaria.networks.wgan_vgg_critic import WGANVGGCritic
from adversaria.networks.x2ct import X2CTGenerator

__all__ = [
    "AffineNetwork",
    "AttnGenerator",
    "CaptionDiscriminator",
    "Captioner",
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
    "DCGANDiscriminator",
    "DCGANGenerator",
    "FeatureDiscriminator",
    "FeatureSegmenter",
    "FlowUNet",
    "LaplacianDiscriminators",
    "LaplacianGenerators",
    "LocationGenerator",
    "MultiScale",
    "PatchGAN",
    "PlainCNN",
    "Refiner",
    "RegionEncoder",
    "ResNetGenerator",
    "SRDiscriminator",
    "SRResNet",
    "SharedBlocks",
    "StackDiscriminator",
    "StackEncoder",
    "StackImage",
    "StackTop",
    "StageDiscriminators",
    "StageOne",
    "StageTwo",
    "StridedDiscriminator",
    "TextDiscriminator",
    "TextEncoder",
    "UNITDecoder",
    "UNITEncoder",
    "UNet",
    "VAEGANDiscriminator",
    "WGANVGGCritic",
    "X2CTGenerator",
]
