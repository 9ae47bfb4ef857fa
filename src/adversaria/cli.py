"""The command line: thin, and quick to start. Every command is a function in `adversaria.commands`.

Exit codes: 0 success; 2 something the user can mend, told in plain words; 3 stopped by a signal after
saving (the same command continues); 130 interrupted without saving; 1 a fault of ours.
"""

import sys

from cyclopts import App

from adversaria import __version__
from adversaria.vocabulary import UserError

COMMANDS = {
    "demo": "demo:demo",
    "list": "listing:list_members",
    "show": "listing:show",
    "train": "train:train",
    "apply": "apply:apply",
    "sample": "sample:sample",
    "evaluate": "evaluate:evaluate",
    "measure": "measure:measure",
    "report": "report:report",
    "cite": "listing:cite",
    "doctor": "doctor:doctor",
}
DATA_COMMANDS = {
    "check": "data:check",
    "show": "data:show",
    "split": "data:split",
    "phantom": "data:phantom",
}


def application() -> App:
    """Build the command-line application."""
    app = App(
        name="adversaria",
        version=__version__,
        help="Adversarial learning for medical images, by name and by one honest protocol. Any command takes "
        "--debug for a traceback.",
        result_action="return_value",
    )
    for name, place in COMMANDS.items():
        app.command(f"adversaria.commands.{place}", name=name)
    data = App(name="data", help="Look at data before training on them, or make a phantom data set.")
    for name, place in DATA_COMMANDS.items():
        data.command(f"adversaria.commands.{place}", name=name)
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
