import re
import subprocess
import sys

import pytest

from fer_tutorial.cli import main as cli
from fer_tutorial.cli.course import STEPS
from fer_tutorial.methods import METHODS

HEAVY = ("torch", "pandas", "matplotlib", "PIL", "accelerate", "torchmetrics", "scipy")
HELP = [
    *(["--help"], [], ["train"], ["train", "--help"], ["evaluate", "--help"], ["datasets", "--help"]),
    *(["pack", "--help"], ["faces", "-h"], ["explore", "--help"], ["course"], ["course", "--help"]),
    *(["course", step, "--help"] for step in STEPS),
    *(["train", name, "--help"] for name in METHODS),
]


def helped(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("arguments", HELP)
def test_help_is_for_people(arguments, capsys):
    said = helped(arguments, capsys)
    assert said.startswith("usage: fer-tutorial")
    assert "``" not in said
    assert not re.search(r":[a-z]+:`|__\w+__|Attributes:", said)


@pytest.mark.parametrize("arguments", HELP)
def test_help_imports_nothing_that_takes_seconds(arguments):
    code = (
        "import sys\nfrom fer_tutorial.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == "[]\n"


def test_who_has_read_enough_gets_no_traceback():
    words = [sys.executable, "-m", "fer_tutorial.cli", "train", "dacl", "--help"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_help_lists_what_there_is(capsys):
    assert all(command in helped(["--help"], capsys) for command in cli.COMMANDS)
    assert all(step in helped(["course", "--help"], capsys) for step in STEPS)
    said = helped(["train", "--help"], capsys)
    assert all(f"{name} " in said and entry.summary in said for name, entry in METHODS.items())


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["trian"], "there is no command 'trian' (did you mean 'train'?)"),
    ([""], "there is no command ''"),
    (["--version"], "there is no option '--version'"),
    (["train", "dakl"], "there is no method 'dakl' (did you mean 'dacl'?)"),
    (["train", ""], "there is no method ''"),
    (["train", "--epochs", "3"], "there is no option '--epochs'"),
    (["train", "dacl", "extra"], "there is no argument 'extra'"),
    (["train", "dacl", "--epoch", "3"], "there is no option '--epoch' (did you mean '--epochs'?)"),
    (["train", "dacl", "--epochs"], "--epochs has no value"),
    (["train", "dacl", "--epochs", "many"], "--epochs cannot be read"),
    (["train", "dacl", "--epochs", "1e3"], "--epochs cannot be read"),
    (["train", "dacl", "--device", "tpu"], "--device is 'tpu' (did you mean 'cpu'?); expected one of auto, cpu, cuda"),
    (["evaluate"], "run is missing"),
    (["evaluate", "run", "--weights", "lst"], "--weights is 'lst' (did you mean 'last'?)"),
    (["pack"], "name and --out is missing"),
    (["course", "colect"], "there is no step 'colect' (did you mean 'collect'?)"),
    (["course", "grade"], "assignment"),
])  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(arguments, sentence, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(*arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("the disk"), KeyError("x"), TypeError("y")])
def test_only_a_user_error_is_the_users_fault(error, monkeypatch):
    class Broken:
        def execute(self):
            raise error

    monkeypatch.setattr(cli, "read_command", lambda words: Broken())
    with pytest.raises(type(error)):
        cli.main(["datasets"])


def test_an_interrupted_command_says_how_to_go_on(monkeypatch, capsys):
    class Interrupted:
        def execute(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(cli, "read_command", lambda words: Interrupted())
    with pytest.raises(SystemExit) as stop:
        cli.main(["datasets"])
    assert stop.value.code == 130
    assert "--resume" in capsys.readouterr().err


def test_the_installed_command():
    done = subprocess.run([sys.executable, "-m", "fer_tutorial.cli", "evaluate"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
