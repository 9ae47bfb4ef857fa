"""Measures: one value a case, with facts. `__all__` lists the measures themselves."""

from adversaria.metrics.errors import MAE, MSE, NMSE
from adversaria.metrics.lesion import LESION_CONTRAST
from adversaria.metrics.noise import NOISE, NPS
from adversaria.metrics.profile import EDGE_WIDTH
from adversaria.metrics.psnr import PSNR, SNR
from adversaria.metrics.similarity import SSIM

__all__ = ["EDGE_WIDTH", "LESION_CONTRAST", "MAE", "MSE", "NMSE", "NOISE", "NPS", "PSNR", "SNR", "SSIM"]
