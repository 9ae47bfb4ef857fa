"""What each work of Table 1 is judged by: its classical baseline, and which of its images is the input."""

from benchmarks.works_plan import Plan

# named before anything was run: one a family (dose, few views, undersampling, resolution, motion, counts)
LONG = (
    "yang-2017b", "thaler-2018", "yang-2018a-dagan", "mahapatra-2017", "armanious-2018a", "armanious-2018c-pet",
)  # fmt: skip

_NOISE = {"classical": "denoised"}

PLANS = {
    "yang-2017b": Plan("restoring", (), _NOISE),
    "wolterink-2017b": Plan("restoring", (), _NOISE),
    "kang-2018": Plan("restoring", (), {**_NOISE, "pairs": False}),
    "yi-2018-sagan": Plan("restoring", (), _NOISE),
    "you-2018a": Plan("restoring", (), _NOISE),
    "tang-2018": Plan("restoring", (), {"classical": "enlarged", "small": True}),
    "liu-2019": Plan("restoring", (), {**_NOISE, "measure": "ssim"}),
    "liao-2018": Plan("restoring", (), {"classical": "iterated 60"}),
    "wang-2018a": Plan("restoring", (), {"classical": "bridged", "shown": "after"}),
    "you-2018b": Plan("restoring", (), {"classical": "unblocked"}),
    "thaler-2018": Plan("restoring", (), {"classical": "iterated 30"}),
    "sanchez-2018": Plan("restoring", (), {"classical": "kept", "small": True}),
    "chen-2018b": Plan("restoring", (), _NOISE),
    "ran-2018": Plan("restoring", (), _NOISE),
    "abramian-2018": Plan(
        "restoring",
        (),
        {"pairs": False, "people": True, "measure": "ssim", "purpose": "faces rebuilt, who is found"},
    ),
    "oksuz-2018": Plan("restoring", (), {**_NOISE, "shown": "k-space"}),
    "armanious-2018a": Plan("restoring", (), _NOISE),
    "armanious-2018c-pet": Plan("restoring", (), {"classical": "smoothed"}),
    "mahapatra-2017": Plan("restoring", (), {"classical": "enlarged", "small": True}),
    "armanious-2018b-ct": Plan("restoring", (), {"classical": "inpainted"}),
    "armanious-2018b-mr": Plan("restoring", (), {"classical": "inpainted"}),
    "kim-2018": Plan("restoring", (), {**_NOISE, "shown": "low"}),
    "shan-2018": Plan("restoring", (), _NOISE),
    "wang-2018b": Plan("restoring", (), {"classical": "smoothed"}),
    "ravi-2018": Plan("restoring", (), {**_NOISE, "pairs": False}),
    "zhang-2018a": Plan("restoring", (), {"classical": "CG-SENSE"}),
    **{
        key: Plan("restoring", (), {"classical": "total variation"})
        for key in (
            "quan-2018",
            "mardani-2017",
            "yu-2017",
            "yang-2018a-dagan",
            "dar-2018b",
            "shitrit-2017",
            "seitzer-2018",
        )
    },
}
