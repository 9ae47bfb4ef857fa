"""Frameworks, one file each: who plays, whose turn it is, and what that player minimises."""

from adversaria.games.acgan import ACGAN
from adversaria.games.adversarial_autoencoder import AdversarialAutoencoder
from adversaria.games.ali import ALI
from adversaria.games.anogan import AnoGAN
from adversaria.games.began import BEGAN
from adversaria.games.bigan import BiGAN
from adversaria.games.catgan import CatGAN
from adversaria.games.cgan import CGAN
from adversaria.games.cyclegan import CycleGAN
from adversaria.games.ebgan import EBGAN
from adversaria.games.f_gan import FGAN
from adversaria.games.game import Game
from adversaria.games.gan import GAN
from adversaria.games.infogan import InfoGAN
from adversaria.games.optimisers import SGD, Adam, RMSprop
from adversaria.games.pix2pix import Pix2Pix
from adversaria.games.semi_supervised_gan import SemiSupervisedGAN
from adversaria.games.supervised import Supervised
from adversaria.games.vaegan import VAEGAN
from adversaria.games.wgan import WGAN
from adversaria.games.wgan_gp import WGANGP

__all__ = [
    "ACGAN",
    "ALI",
    "Adam",
    "AdversarialAutoencoder",
    "AnoGAN",
    "BEGAN",
    "BiGAN",
    "CGAN",
    "CatGAN",
    "CycleGAN",
    "EBGAN",
    "FGAN",
    "GAN",
    "Game",
    "InfoGAN",
    "Pix2Pix",
    "RMSprop",
    "SGD",
    "SemiSupervisedGAN",
    "Supervised",
    "VAEGAN",
    "WGAN",
    "WGANGP",
]
