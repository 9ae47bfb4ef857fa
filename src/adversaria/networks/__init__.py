"""Networks: plain modules for 2D and 3D."""

from adversaria.networks.biggan import BigGANDiscriminator, BigGANGenerator
from adversaria.networks.cycle_denoiser import CycleDenoiser
from adversaria.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from adversaria.networks.patch_gan import PatchGAN
from adversaria.networks.pggan import PGGANDiscriminator, PGGANGenerator
from adversaria.networks.plain_cnn import PlainCNN
from adversaria.networks.projection_discriminator import ProjectionDiscriminator
from adversaria.networks.residual_gan import ResidualDiscriminator, ResidualGenerator
from adversaria.networks.resnet import ResNetGenerator
from adversaria.networks.spade import SPADEGenerator
from adversaria.networks.spade_discriminator import SPADEDiscriminator
from adversaria.networks.strided_discriminator import StridedDiscriminator
from adversaria.networks.stylegan import StyleGANDiscriminator, StyleGANGenerator
from adversaria.networks.unet import UNet
from adversaria.networks.vaegan import ConvDecoder, ConvEncoder, VAEGANDiscriminator
from adversaria.networks.wgan_vgg_critic import WGANVGGCritic

__all__ = [
    "BigGANDiscriminator",
    "BigGANGenerator",
    "ConvDecoder",
    "ConvEncoder",
    "CycleDenoiser",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "PGGANDiscriminator",
    "PGGANGenerator",
    "PatchGAN",
    "PlainCNN",
    "ProjectionDiscriminator",
    "ResNetGenerator",
    "ResidualDiscriminator",
    "ResidualGenerator",
    "SPADEDiscriminator",
    "SPADEGenerator",
    "StridedDiscriminator",
    "StyleGANDiscriminator",
    "StyleGANGenerator",
    "UNet",
    "VAEGANDiscriminator",
    "WGANVGGCritic",
]
