"""``fer-tutorial explore RUN``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from fer_tutorial.cli.options import RunChoice


@dataclass
class ExploreCommand(RunChoice):
    """Write a page in which the network of a run can be questioned: hide a part of a face, and see what it answers.

    The page holds faces and network, and needs neither Python nor a connection.  Mind that it shows the faces: of real
    people's, their data set says who may see them.
    """

    n: Annotated[int, tyro.conf.arg(help="how many faces, half of them mistaken where there are so many")] = 12
    out: Annotated[Path, tyro.conf.arg(help="the page")] = Path("explore.html")

    def execute(self) -> None:
        """Do it, and say what came of it."""
        from fer_tutorial.records.files import write_atomically
        from fer_tutorial.training.explore import explore
        from fer_tutorial.training.setup import choose_device
        from fer_tutorial.training.splits import load_split

        device = choose_device(self.device)
        data = load_split(self.faces(), self.split, any_classes=True)
        page = explore(self.run, data, self.n, self.weights, device).page(f"{self.run.name}, questioned").encode()
        write_atomically(self.out, page)
        print(f"{self.out}: {len(page) / 1e6:.1f} MB, open it in a browser")
