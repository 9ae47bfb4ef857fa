"""Networks: plain modules for 2D and 3D."""

from adversaria.networks.began import BEGANAutoencoder, BEGANGenerator
from adversaria.networks.cycle_denoiser import CycleDenoiser
from adversaria.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from adversaria.networks.dcgan_autoencoder import DCGANAutoencoder
from adversaria.networks.dcgan_encoder import DCGANEncoder
from adversaria.networks.headed_dcgan import HeadedDCGAN
from adversaria.networks.joint_discriminator import JointDiscriminator
from adversaria.networks.label_dcgan import LabelDCGANDiscriminator, LabelDCGANGenerator
from adversaria.networks.latent_discriminator import LatentDiscriminator
from adversaria.networks.patch_gan import PatchGAN
from adversaria.networks.plain_cnn import PlainCNN
from adversaria.networks.resnet import ResNetGenerator
from adversaria.networks.strided_discriminator import StridedDiscriminator
from adversaria.networks.unet import UNet
from adversaria.networks.vaegan import ConvDecoder, ConvEncoder, VAEGANDiscriminator
from adversaria.networks.wgan_vgg_critic import WGANVGGCritic

__all__ = [
    "BEGANAutoencoder",
    "BEGANGenerator",
    "ConvDecoder",
    "ConvEncoder",
    "CycleDenoiser",
    "DCGANAutoencoder",
    "DCGANDiscriminator",
    "DCGANEncoder",
    "DCGANGenerator",
    "HeadedDCGAN",
    "JointDiscriminator",
    "LabelDCGANDiscriminator",
    "LabelDCGANGenerator",
    "LatentDiscriminator",
    "PatchGAN",
    "PlainCNN",
    "ResNetGenerator",
    "StridedDiscriminator",
    "UNet",
    "VAEGANDiscriminator",
    "WGANVGGCritic",
]
