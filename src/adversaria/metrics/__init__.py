"""Measures, with facts: one value a case, or of `level` "many". `__all__` lists the measures themselves."""

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
from adversaria.metrics.dose import DOSE_DIFFERENCE, GAMMA_2_2, GAMMA_3_3, GAMMA_LOCAL
from adversaria.metrics.errors import MAE, MSE, NMAE, NMSE, NMSE_RANGE, NMSE_VARIANCE
from adversaria.metrics.feature_distance import LPIPS, PERCEPTUAL, TEXTURE
from adversaria.metrics.fsim import FSIM
from adversaria.metrics.fundus import QV
from adversaria.metrics.information_criterion import IFC
from adversaria.metrics.interpretability import SEGMENTED_DICE, SIS, SIS_OF_SET
from adversaria.metrics.lesion import LESION_CONTRAST
from adversaria.metrics.median_intensity import MEDIAN_INTENSITY
from adversaria.metrics.mutual_information import MUTUAL_INFORMATION, NORMALISED_MUTUAL_INFORMATION
from adversaria.metrics.noise import NOISE, NPS, NPS_SHAPE, REGION_MEAN
from adversaria.metrics.observer import HUMAN
from adversaria.metrics.overlap import ASSD, DICE, HAUSDORFF, HAUSDORFF95, JACCARD
from adversaria.metrics.profile import EDGE_SPREAD, EDGE_WIDTH, MTF50, PROFILE
from adversaria.metrics.psnr import PSNR, PSNR_MAX, SNR
from adversaria.metrics.registration import FOLDED, LANDMARK_ERROR, TRE
from adversaria.metrics.similarity import MS_SSIM, SSIM, UQI, VIF
from adversaria.metrics.uptake import SUV_BIAS, SUV_MAX, SUV_MEAN, SUVR

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
    "GAMMA_LOCAL",
    "GCF",
    "HAUSDORFF",
    "HAUSDORFF95",
    "HUMAN",
    "ICC",
    "IFC",
    "JACCARD",
    "LANDMARK_ERROR",
    "LESION_CONTRAST",
    "LPIPS",
    "MAE",
    "MEDIAN_INTENSITY",
    "MSE",
    "MS_SSIM",
    "MTF50",
    "MUTUAL_INFORMATION",
    "NCC",
    "NMAE",
    "NMSE",
    "NMSE_RANGE",
    "NMSE_VARIANCE",
    "NOISE",
    "NORMALISED_MUTUAL_INFORMATION",
    "NPS",
    "NPS_SHAPE",
    "PERCEPTUAL",
    "PROFILE",
    "PSNR",
    "PSNR_MAX",
    "QV",
    "REGION_MEAN",
    "SEAMS",
    "SEGMENTED_DICE",
    "SENSITIVITY",
    "SIS",
    "SIS_OF_SET",
    "SNR",
    "SPECIFICITY",
    "SSIM",
    "SUVR",
    "SUV_BIAS",
    "SUV_MAX",
    "SUV_MEAN",
    "TEXTURE",
    "TRE",
    "UQI",
    "VIF",
]
