"""Phantoms: simulators with known truth, one file a modality."""

from adversaria.data.phantoms.brain import Brain
from adversaria.data.phantoms.brain_scans import BrainScans
from adversaria.data.phantoms.chest_film import ChestFilm
from adversaria.data.phantoms.chest_film_pair import ChestFilmPair
from adversaria.data.phantoms.contrasts import BrainContrasts
from adversaria.data.phantoms.dermoscopy import Dermoscopy
from adversaria.data.phantoms.em import EM
from adversaria.data.phantoms.endomicroscopy import Endomicroscopy
from adversaria.data.phantoms.endoscopy import Endoscopy
from adversaria.data.phantoms.fetal import Fetal
from adversaria.data.phantoms.foam import Foam
from adversaria.data.phantoms.fundus import Fundus
from adversaria.data.phantoms.fundus_angiography import FundusAngiography
from adversaria.data.phantoms.head_face import HeadFace
from adversaria.data.phantoms.heart import Heart
from adversaria.data.phantoms.heart_cine import HeartCine
from adversaria.data.phantoms.hep2 import HEp2
from adversaria.data.phantoms.histology import Histology
from adversaria.data.phantoms.hyperspectral import Hyperspectral
from adversaria.data.phantoms.ihc import IHC
from adversaria.data.phantoms.ivus import IVUS
from adversaria.data.phantoms.joint import BrainFluidMap, BrainLesionMap, BrainTumourMap, FundusVesselMap
from adversaria.data.phantoms.knee import Knee
from adversaria.data.phantoms.label_maps import LiverMap, MassRegion, ProstateZones
from adversaria.data.phantoms.liver_lesion import LiverLesion
from adversaria.data.phantoms.lung_nodule import LungNodule
from adversaria.data.phantoms.mammogram import Mammogram
from adversaria.data.phantoms.marrow_cells import MarrowCells
from adversaria.data.phantoms.oct import OCT
from adversaria.data.phantoms.oropharynx import Oropharynx
from adversaria.data.phantoms.pelvis import Pelvis
from adversaria.data.phantoms.pelvis_film import PelvisFilm
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.prostate import Prostate
from adversaria.data.phantoms.spine import Spine
from adversaria.data.phantoms.spine_film import SpineFilm
from adversaria.data.phantoms.temporal_bone import TemporalBone
from adversaria.data.phantoms.torso import TorsoCT
from adversaria.data.phantoms.torso_films import TorsoFilms
from adversaria.data.phantoms.torso_mr import TorsoMR
from adversaria.data.phantoms.trabecula import Trabecula
from adversaria.data.phantoms.trus import TRUS
from adversaria.data.phantoms.whole_heart import WholeHeart

__all__ = [
    "EM",
    "IHC",
    "IVUS",
    "OCT",
    "TRUS",
    "Brain",
    "BrainContrasts",
    "BrainFluidMap",
    "BrainLesionMap",
    "BrainScans",
    "BrainTumourMap",
    "ChestFilm",
    "ChestFilmPair",
    "Dermoscopy",
    "Endomicroscopy",
    "Endoscopy",
    "Fetal",
    "Foam",
    "Fundus",
    "FundusAngiography",
    "FundusVesselMap",
    "HEp2",
    "HeadFace",
    "Heart",
    "HeartCine",
    "Histology",
    "Hyperspectral",
    "Knee",
    "LiverLesion",
    "LiverMap",
    "LungNodule",
    "Mammogram",
    "MarrowCells",
    "MassRegion",
    "Oropharynx",
    "Pelvis",
    "PelvisFilm",
    "Phantom",
    "Prostate",
    "ProstateZones",
    "Spine",
    "SpineFilm",
    "TemporalBone",
    "TorsoCT",
    "TorsoFilms",
    "TorsoMR",
    "Trabecula",
    "WholeHeart",
]
