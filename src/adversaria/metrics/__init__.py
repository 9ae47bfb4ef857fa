"""Measures, with facts: one value a case, or of `level` "set". `__all__` lists the measures themselves."""

from adversaria.metrics.agreement import BIAS, ICC
from adversaria.metrics.artefacts import CHECKERBOARD, SEAMS
from adversaria.metrics.calcium import AGATSTON, AGATSTON_ERROR
from adversaria.metrics.classification import ACCURACY, AUC, SENSITIVITY, SPECIFICITY
from adversaria.metrics.contrast import CBR, CBR_KEPT
from adversaria.metrics.contrast_factor import GCF
from adversaria.metrics.correlation import NCC
from adversaria.metrics.depth import DEPTH_LOG, DEPTH_RELATIVE, DEPTH_RMS
from adversaria.metrics.detection import AVERAGE_PRECISION, FROC
from adversaria.metrics.diversity import DIVERSITY
from adversaria.metrics.dose import DOSE_DIFFERENCE, GAMMA_2_2, GAMMA_3_3
from adversaria.metrics.errors import MAE, MSE, NMSE
from adversaria.metrics.feature_distance import LPIPS, PERCEPTUAL, TEXTURE
from adversaria.metrics.fsim import FSIM
from adversaria.metrics.fundus import QV
from adversaria.metrics.information_criterion import IFC
from adversaria.metrics.interpretability import SIS
from adversaria.metrics.lesion import LESION_CONTRAST
from adversaria.metrics.median_intensity import MEDIAN_INTENSITY
from adversaria.metrics.mutual_information import MUTUAL_INFORMATION, NORMALISED_MUTUAL_INFORMATION
from adversaria.metrics.noise import NOISE, NPS
from adversaria.metrics.overlap import ASSD, DICE, HAUSDORFF, HAUSDORFF95, JACCARD
from adversaria.metrics.profile import EDGE_SPREAD, EDGE_WIDTH, MTF50, PROFILE
from adversaria.metrics.psnr import PSNR, SNR
from adversaria.metrics.registration import FOLDED, TRE
from adversaria.metrics.similarity import MS_SSIM, SSIM, UQI, VIF
from adversaria.metrics.uptake import SUV_BIAS, SUV_MAX, SUV_MEAN

__all__ = [
    "ACCURACY",
    "AGATSTON",
    "AGATSTON_ERROR",
    "ASSD",
    "AUC",
    "AVERAGE_PRECISION",
    "BIAS",
    "CBR",
    "CBR_KEPT",
    "CHECKERBOARD",
    "DEPTH_LOG",
    "DEPTH_RELATIVE",
    "DEPTH_RMS",
    "DICE",
    "DIVERSITY",
    "DOSE_DIFFERENCE",
    "EDGE_SPREAD",
    "EDGE_WIDTH",
    "FOLDED",
    "FROC",
    "FSIM",
    "GAMMA_2_2",
    "GAMMA_3_3",
    "GCF",
    "HAUSDORFF",
    "HAUSDORFF95",
    "ICC",
    "IFC",
    "JACCARD",
    "LESION_CONTRAST",
    "LPIPS",
    "MAE",
    "MEDIAN_INTENSITY",
    "MSE",
    "MS_SSIM",
    "MTF50",
    "MUTUAL_INFORMATION",
    "NCC",
    "NMSE",
    "NOISE",
    "NORMALISED_MUTUAL_INFORMATION",
    "NPS",
    "PERCEPTUAL",
    "PROFILE",
    "PSNR",
    "QV",
    "SEAMS",
    "SENSITIVITY",
    "SIS",
    "SNR",
    "SPECIFICITY",
    "SSIM",
    "SUV_BIAS",
    "SUV_MAX",
    "SUV_MEAN",
    "TEXTURE",
    "TRE",
    "UQI",
    "VIF",
]
