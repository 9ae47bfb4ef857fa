"""What tissues are made of: relaxation, CT numbers, uptake. Values of the literature, rounded."""

from typing import NamedTuple


class Tissue(NamedTuple):
    """T1, T2, T2* in ms and proton density, CT number in HU, uptake of FDG relative to grey matter's 9 SUV."""

    t1: float
    t2: float
    t2star: float
    density: float
    hu: float
    uptake: float


# at 3 T: Stanisz 2005, de Bazelaire 2004, Wright 2008 and BrainWeb's table where they have the tissue
TISSUES = {
    "air": Tissue(1.0, 1.0, 1.0, 0.0, -1000.0, 0.0),
    "skin": Tissue(1000, 35, 15, 0.70, 40.0, 0.5),
    "fat": Tissue(382, 68, 45, 0.85, -95.0, 0.3),
    "muscle": Tissue(1412, 50, 28, 0.80, 55.0, 0.7),
    "bone": Tissue(300, 0.4, 0.3, 0.10, 1100.0, 0.3),
    "marrow": Tissue(586, 49, 20, 0.60, 500.0, 1.2),
    "csf": Tissue(4200, 1900, 900, 1.00, 8.0, 0.4),
    "grey": Tissue(1400, 92, 60, 0.82, 37.0, 9.0),
    "white": Tissue(850, 69, 50, 0.70, 30.0, 2.4),
    "deep grey": Tissue(1300, 78, 45, 0.80, 33.0, 10.0),
    "pallidum": Tissue(1050, 58, 28, 0.78, 33.0, 8.0),
    "cerebellum": Tissue(1350, 90, 60, 0.81, 36.0, 8.0),
    "stem": Tissue(1000, 72, 50, 0.74, 31.0, 5.0),
    "vitreous": Tissue(4200, 1100, 500, 1.00, 6.0, 0.4),
    "blood": Tissue(1584, 66, 20, 0.95, 50.0, 1.6),
    "oedema": Tissue(1450, 125, 70, 0.86, 22.0, 2.0),
    "tumour": Tissue(1700, 145, 80, 0.90, 34.0, 11.0),
    "necrosis": Tissue(2400, 250, 120, 0.95, 15.0, 0.6),
    "plaque": Tissue(1350, 140, 80, 0.86, 24.0, 1.8),
    "hole": Tissue(2200, 160, 90, 0.92, 20.0, 1.4),
    "spongy bone": Tissue(586, 49, 20, 0.60, 230.0, 1.2),
    "red marrow": Tissue(900, 55, 20, 0.65, 200.0, 1.2),
    "lung": Tissue(1200, 30, 2, 0.18, -850.0, 0.6),
    "liver": Tissue(809, 34, 20, 0.90, 58.0, 2.3),
    "spleen": Tissue(1328, 61, 30, 0.90, 48.0, 1.9),
    "kidney": Tissue(1142, 76, 40, 0.90, 33.0, 4.0),
    "kidney medulla": Tissue(1545, 81, 40, 0.90, 30.0, 6.0),
    "pancreas": Tissue(725, 43, 25, 0.85, 42.0, 1.5),
    "bowel wall": Tissue(1514, 79, 40, 0.90, 38.0, 1.5),
    "bowel content": Tissue(1500, 90, 15, 0.85, 18.0, 0.8),
    "urine": Tissue(4000, 1200, 500, 1.00, 6.0, 12.0),
    "artery": Tissue(1932, 275, 45, 0.95, 48.0, 1.6),
    "flowing blood": Tissue(1600, 100, 20, 0.12, 48.0, 1.6),
    "myocardium": Tissue(1471, 47, 28, 0.85, 50.0, 4.0),
    "prostate periphery": Tissue(1597, 130, 60, 0.92, 38.0, 1.5),
    "prostate transition": Tissue(1450, 82, 60, 0.88, 42.0, 1.5),
    "cartilage": Tissue(1168, 38, 20, 0.75, 90.0, 0.5),
    "meniscus": Tissue(600, 14, 6, 0.60, 95.0, 0.5),
    "synovial fluid": Tissue(3600, 900, 400, 1.00, 10.0, 0.5),
    "cord": Tissue(993, 78, 45, 0.75, 36.0, 2.0),
    "disc nucleus": Tissue(1350, 95, 55, 0.95, 80.0, 0.5),
    "disc annulus": Tissue(1000, 40, 25, 0.75, 95.0, 0.5),
    "seminal vesicle": Tissue(2200, 220, 120, 0.95, 20.0, 1.0),
    "metastasis": Tissue(1100, 60, 12, 0.70, 620.0, 5.0),
    "carcinoma": Tissue(1500, 70, 45, 0.88, 45.0, 7.0),
}

# how much longer or shorter T1 and T2 are at 1.5 T
AT_1_5_TESLA = {
    "grey": (0.71, 1.03), "white": (0.73, 1.09), "deep grey": (0.71, 1.09), "pallidum": (0.76, 1.2),
    "fat": (0.90, 0.85), "muscle": (0.71, 0.88), "oedema": (0.86, 0.96), "tumour": (0.85, 0.90),
    "necrosis": (0.88, 0.92), "plaque": (0.78, 0.93), "liver": (0.72, 1.35), "spleen": (0.80, 1.30),
    "kidney": (0.85, 1.14), "kidney medulla": (0.91, 1.05), "pancreas": (0.81, 1.07), "artery": (0.75, 1.05),
    "myocardium": (0.70, 0.85), "cartilage": (0.88, 1.11), "cord": (0.75, 0.95),
}  # fmt: skip


def at_field(name: str, tesla: float) -> Tissue:
    """A tissue at 3 T, or with the times of 1.5 T where they differ."""
    tissue = TISSUES[name]
    if tesla == 3.0:
        return tissue
    first, second = AT_1_5_TESLA.get(name, (0.85, 1.0))
    return tissue._replace(t1=tissue.t1 * first, t2=tissue.t2 * second, t2star=tissue.t2star * 1.3)
