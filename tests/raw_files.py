"""Raw data written as their own programs write them, for the tests of reading."""

import json

import h5py
import numpy as np
import torch

from adversaria.physics import MultiCoil, ParallelBeam

HEADER = """<?xml version="1.0"?>{doctype}
<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><encoding><encodedSpace>
<matrixSize><x>48</x><y>40</y><z>1</z></matrixSize>
<fieldOfView_mm><x>240.0</x><y>220</y><z>{z}</z></fieldOfView_mm></encodedSpace></encoding></ismrmrdHeader>"""


def cfl(path, array):
    """BART's pair of files; the array's axes are BART's first ones."""
    shape = array.shape + (1,) * (16 - array.ndim)
    path.with_suffix(".hdr").write_text(f"# Dimensions\n{' '.join(map(str, shape))} \n# Creator\nBART v0.8\n")
    path.write_bytes(array.astype("<c8").tobytes(order="F"))
    return path


def scene(shape=(48, 40), coils=4):
    """An object, maps, and their k-space (coils, rows, columns), fully sampled in the middle 16 lines."""
    at = [torch.linspace(-1, 1, side) for side in shape]
    radius = (at[0][:, None] ** 2 + at[1] ** 2).sqrt()
    x = (radius < 0.7).float()[None, None] * (1 + 0.3 * at[1])
    turn = torch.arange(coils) * (2 * torch.pi / coils)
    apart = (at[0][:, None, None] - turn.sin()) ** 2 + (at[1][:, None] - turn.cos()) ** 2
    maps = torch.polar((1 + apart) ** -1, turn + 0 * apart).movedim(-1, 0)[None]
    mask = torch.zeros(1, 1, *shape)
    mask[..., ::2] = 1
    middle = tuple(slice(side // 2 - 8, side // 2 + 8) for side in shape)
    mask[:, :, middle[0], middle[1]] = 1
    mask[..., middle[1]] = 1
    k = MultiCoil().of({"coils": maps, "sampling": mask}).A(x)
    return x[0, 0].numpy(), maps[0].numpy(), k[0].numpy(), mask[0, 0].numpy()


def fastmri(path, k, header=HEADER.format(doctype="", z=5), **more):
    """A volume of fastMRI: kspace (slices, coils, rows, columns) and what else is given."""
    with h5py.File(path, "w") as file:
        file["kspace"] = k.astype(np.complex64)
        if header:
            file["ismrmrd_header"] = header
        for name, value in more.items():
            file[name] = value
    return path


def bodies(size=48):
    """Two discs of attenuation in 1/cm, off the middle."""
    at = torch.arange(size) - (size - 1) / 2
    near = [((at[:, None] - r) ** 2 + (at - c) ** 2).sqrt() for r, c in ((3, -4), (-5, 2))]
    return (0.2 * (near[0] < 11).float() + 0.2 * (near[1] < 4).float())[None, None]


def sinogram(views=40, detectors=71, shift=4.5, span=180.0):
    """A scan of the bodies."""
    beam = ParallelBeam(48, views, detectors, span=span, shift=shift)
    return beam.A(bodies())[0, 0].numpy(), np.rad2deg(beam.angles.numpy())


def exchange(path, lines, degrees, leave_out=(), **changed):
    """A tomography file of tomopy's: counts of two rows behind uneven light."""
    light = np.linspace(4000, 9000, lines.shape[1], dtype=np.float32)
    counts = 100 + light * np.exp(-np.stack([lines, 0.5 * lines], 1))
    frames = np.broadcast_to(light, (3, 2, len(light)))
    found = {"data": counts, "data_white": 100 + frames, "data_dark": np.full_like(frames, 100), "theta": degrees}
    with h5py.File(path, "w") as file:
        for name, value in {**found, **changed}.items():
            if name not in leave_out:
                file[f"exchange/{name}"] = np.asarray(value, np.float64 if name == "theta" else np.float32)
    return path


def with_geometry(path, **stated):
    """The geometry file of a sinogram."""
    place = path.parent / f"{path.name.split('.')[0]}.geometry.json"
    place.write_text(json.dumps(stated))
    return path
