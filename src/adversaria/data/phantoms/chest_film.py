"""Frontal chest film, with soft-tissue and bone images, from path lengths in closed form."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.chest_anatomy import FACTORS, FINDINGS, Chest
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sentences import tokens
from adversaria.data.phantoms.sheet import Sheet
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"right lung": 1, "left lung": 2, "heart": 3}
# attenuation of soft tissue and of bone at a film's energy, in 1/mm
_SOFT, _BONE = 0.0185, 0.045
# photons, exponent of the grey scale, share of scatter, unsharp mask, darkening of the lungs
_SITES = {"a": (9000.0, 1.0, 0.35, 0.0, 0.0), "b": (2500.0, 0.75, 0.5, 0.6, 0.04)}
_SAID = {
    "normal": "normal heart and clear lungs", "cardiomegaly": "the heart is enlarged", "oedema": "oedema in both lungs",
    "pneumothorax": "pneumothorax", "effusion": "effusion", "consolidation": "consolidation", "nodule": "a nodule",
}  # fmt: skip


class ChestFilm(Phantom):
    """Frontal chest film (0 to 1, bone bright; the image's left is the patient's right), 350 mm wide.

    A film is exp(-attenuation x soft path - attenuation x bone path) with scatter, photon noise and a grey scale.
    `findings` are the classes besides normal, drawn by `shares` (equal if none) among the share `prevalence` of
    subjects. `domain` is the hospital: a, or b with fewer photons, another grey scale, an edge mask, a collimation
    border and a burned-in marker, whose corner follows the class in the share `confounder` of the films. `exposure`
    is times the site's photons (0: no noise). Words: `film`, `soft` and `bone` (dual energy, free of noise, in optical
    density), `mask` (LABELS), `ribs` (instances, 21 and 22 clavicles), `lesion`, `lesions`, `factors`, `label`, `site`,
    `ratio` (cardiothoracic), `text`, `sentence`.
    """

    words = (
        "film", "soft", "bone", "mask", "ribs", "lesion", "lesions", "factors", "label", "site", "ratio", "text",
        "sentence",
    )  # fmt: skip
    units = {
        "film": "arbitrary", "soft": "density", "bone": "density", "mask": "labels", "ribs": "labels",
        "lesion": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes: tuple[str, ...] = ("normal", *FINDINGS)

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        prevalence: float = 0.5,
        findings: Sequence[str] = FINDINGS,
        shares: Sequence[float] | None = None,
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        confounder: float = 0.0,
        exposure: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, 350.0 / size, seed, prevalence, healthy)
        unknown = [finding for finding in findings if finding not in FINDINGS]
        if unknown or not findings:
            raise ValueError(f"there is no finding '{''.join(unknown[:1])}'; there are {', '.join(FINDINGS)}")
        if shares is not None and len(shares) != len(findings):
            raise ValueError(f"{len(findings)} findings need as many shares, not {len(shares)}")
        if domain not in _SITES:
            raise ValueError(f"there is no hospital '{domain}'; there are {', '.join(_SITES)}")
        self.findings, self.shares = tuple(findings), tuple(shares or [1.0] * len(findings))
        self.contrast, self.domain, self.confounder, self.exposure = contrast, domain, confounder, exposure
        self.classes = ("normal", *self.findings)

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Films only."""
        return (2,)

    def affine(self) -> NDArray[np.float64]:
        """Pixel indices to RAS millimetres: rows run down, columns to the patient's left."""
        affine = np.zeros((4, 4))
        affine[2, 0], affine[0, 1], affine[1, 2], affine[3, 3] = -self.spacing, -self.spacing, self.spacing, 1
        return affine

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its twin without the finding."""
        name = self.named(subject)
        sheet = Sheet(name, self.size, self.spacing, 260.0)
        kind = int(np.searchsorted(np.cumsum(self.shares) / sum(self.shares), sheet.between("finding", 0, 1)))
        finding = self.findings[kind] if self.sick(subject, healthy) else "normal"
        chest = Chest(sheet, finding, self.contrast)
        soft, bone = (mu * path for mu, path in zip((_SOFT, _BONE), chest.paths(), strict=True))
        label = 0 if finding == "normal" else 1 + kind
        sentence = _SAID[finding] + (f" on the {chest.side_word}" if finding in chest.SIDED else "")
        mask = np.zeros(soft.shape, np.int16)
        for part, value in LABELS.items():
            mask[chest.areas[part] > 0.5] = value
        lesion = (chest.lesion > 0.5).astype(np.int16)
        table = [self._row(finding, chest, lesion)] if finding != "normal" else []
        return {
            "film": self.exposed(name, soft, bone, label, chest.f["thickness"])[None],
            "soft": soft[None].astype(np.float32),
            "bone": bone[None].astype(np.float32),
            "mask": mask[None],
            "ribs": chest.ribs[None],
            "lesion": lesion[None],
            "lesions": table,
            "factors": np.array([chest.f[k] for k in FACTORS], np.float32),
            "label": label,
            "site": self.domain,
            "ratio": chest.ratio(),
            "text": tokens(sentence),
            "sentence": sentence,
        }

    def _row(self, finding: str, chest: Chest, lesion: NDArray[np.int16]) -> dict[str, Any]:
        """Describe a finding: a nodule's diameter is its own, others have that of a disc as large as they."""
        place = np.argwhere(lesion).mean(0) if lesion.any() else np.full(2, (self.size - 1) / 2)
        x, y = (float(c) for c in (place[::-1] - (self.size - 1) / 2) * self.spacing)
        size = chest.diameter if finding == "nodule" else float(2 * np.sqrt(lesion.sum() / np.pi) * self.spacing)
        return {"id": 1, "type": finding, "diameter_mm": size, "centre_mm": [-x, 0.0, -y]}

    def exposed(self, name: tuple[int | str, ...], soft: Array, bone: Array, label: int, thickness: float) -> Array:
        """Expose what both materials attenuate, add scatter and photon noise, and bring to the site's grey scale."""
        from scipy.ndimage import gaussian_filter

        photons, gamma, scatter, sharp, dark = _SITES[self.domain]
        through = np.exp(-(soft + bone))
        width = 40 / 2.355 / self.spacing
        through = (1 - scatter) * through + scatter * gaussian_filter(through, width, mode="nearest")
        if self.exposure:
            # a pixel catches photons by its area: those stated are for pixels of 350 / 128 mm
            caught = photons * self.exposure * (self.spacing / (350 / 128)) ** 2
            through = through + np.sqrt(through / caught) * stream(*name, "photons").standard_normal(
                soft.shape, np.float32
            )
        density = -np.log(np.maximum(through, 2e-4))
        if sharp:
            density = density + sharp * (density - gaussian_filter(density, 6 / self.spacing))
        # the grey scale follows the body's thickness, never the finding
        low, high = 0.55, 0.45 + 0.0176 * thickness
        grey = np.clip((density - low) / (high - low), 0, 1)
        grey = grey * grey * (3 - 2 * grey) * 0.5 + 0.5 * grey
        film = np.clip(grey - dark, 0, 1) ** gamma
        return self._marked(film, name, label).astype(np.float32) if self.domain == "b" else film.astype(np.float32)

    def _marked(self, film: Array, name: tuple[int | str, ...], label: int) -> Array:
        """Site b: a collimation border and a bright square in a corner."""
        u = stream(*name, "marker").uniform(size=6)
        edge = [int(self.size * 0.05 * v) for v in u[:2]]
        film[: edge[0]], film[:, self.size - edge[1] :] = 0.0, 0.0
        side = max(2, self.size // 14)
        corner = int(4 * u[2]) if u[3] >= self.confounder else label % 4
        row, column = (self.size // 20 if corner < 2 else self.size - self.size // 20 - side for _ in range(2))
        column = self.size // 20 if corner % 2 == 0 else self.size - self.size // 20 - side
        film[row : row + side, column : column + side] = 0.97
        return film
