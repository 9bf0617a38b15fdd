# Set-up, the same in every notebook.  It installs the package where it is missing, as on Colab, and leaves torch alone.
import importlib.util
import os
import subprocess
import sys
from importlib.metadata import distributions

if importlib.util.find_spec("fer_tutorial") is None:
    if not os.path.isdir("fer-tutorial"):
        subprocess.run(
            [
                "git",
                "clone",
                "--quiet",
                "--depth=1",
                "REPOSITORY_URL",
                "fer-tutorial",
            ],
            check=True,
        )
    with open("fer-tutorial/installed.txt", "w") as file:
        file.writelines(
            f"{d.name}=={d.version}\n"
            for d in distributions()
            if d.name in ("torch", "torchvision")
        )
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--constraint",
        "fer-tutorial/installed.txt",
    ]
    subprocess.run([*pip, "./fer-tutorial[train]"], check=True)
    importlib.invalidate_caches()
if os.path.isdir("fer-tutorial/book"):
    os.chdir(
        "fer-tutorial/book"
    )  # where the notebooks live: the data they read is beside it

import torch

import fer_tutorial

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(
    f"fer_tutorial {fer_tutorial.__version__}, torch {torch.__version__}, Python {sys.version.split()[0]}, {device}"
)
