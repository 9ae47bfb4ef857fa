"""The command line: thin, and quick to start. Every command is a function in `adversaria.commands`.

Exit codes: 0 success; 2 something the user can mend, told in plain words; 3 stopped by a signal after
saving (the same command continues); 130 interrupted without saving; 1 a fault of ours.
"""

import errno
import sys

from cyclopts import App

from adversaria import __version__
from adversaria.vocabulary import UserError

COMMANDS = {
    "demo": ("demo:demo", "The main job on phantoms, in minutes, on a CPU."),
    "list": ("listing:list_members", "List works, games, losses, metrics, networks and more."),
    "show": ("listing:show", "Show what a member is, its paper, and how to run it."),
    "plan": ("plan:plan", "Look at a folder and write a recipe that trains on it, with reasons."),
    "train": ("train:train", "Train a recipe on your data or on its phantom; continues by itself."),
    "apply": ("apply:apply", "Apply a trained run to images; geometry and units are kept."),
    "sample": ("sample:sample", "Draw images from a synthesis run."),
    "evaluate": ("evaluate:evaluate", "Score a run case by case, with intervals."),
    "measure": ("measure:measure", "Score any two folders of images; no model needed."),
    "downstream": ("downstream:downstream", "Are synthetic images good for a task? Train on them, test on real ones."),
    "compare": ("compare:compare", "Put runs side by side on the same cases: paired tests, one page, tables."),
    "ablate": ("ablate:ablate", "Train a recipe without each of its terms in turn: what each is worth."),
    "report": ("report:report", "Write one self-contained HTML page of a run."),
    "cite": ("listing:cite", "Print BibTeX for a published work."),
    "weights": ("weights:weights", "Fetch published weights of feature networks, checked by hash."),
    "doctor": ("doctor:doctor", "Say what is installed, what is missing and why it matters."),
}
DATA_COMMANDS = {
    "check": ("data:check", "List all bad images of a folder, with reason and remedy."),
    "show": ("data:show", "Draw the first images of every word, and print their facts."),
    "split": ("data:split", "Say how the subjects of a folder would be split."),
    "phantom": ("data:phantom", "Write a phantom data set: images, label maps, truth."),
}

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG)


def application() -> App:
    """Build the command-line application."""
    app = App(
        name="adversaria",
        version=__version__,
        help="Adversarial learning for medical images, by name and by one honest protocol. Any command takes "
        "--debug for a traceback.",
        result_action="return_value",
    )
    for name, (place, said) in COMMANDS.items():
        app.command(f"adversaria.commands.{place}", name=name, help=said)
    data = App(name="data", help="Look at data before training on them, or make a phantom data set.")
    for name, (place, said) in DATA_COMMANDS.items():
        data.command(f"adversaria.commands.{place}", name=name, help=said)
    app.command(data)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        application()(words, exit_on_error=True, print_error=True)
    except UserError as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if debug or error.errno not in _DISK:
            raise
        print(f"error: cannot write {error.filename or 'to disk'}: {error.strerror}", file=sys.stderr)
        print("Free some space or choose a folder that can be written.", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted; nothing was saved since the last checkpoint", file=sys.stderr)
        sys.exit(130)
    except SystemExit as leaving:
        sys.exit(2 if leaving.code == 1 else leaving.code)
    except Exception as error:
        if debug or type(error).__name__ != "Stopped":
            raise
        print(f"{error}\nRun the same command again to continue.", file=sys.stderr)
        sys.exit(3)
