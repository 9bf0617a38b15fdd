"""``fer-tutorial datasets``, ``pack`` and ``faces``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from fer_tutorial.cli.options import CLASSES, DATA_OPTIONS, OF_THEIR_OWN, SIZE, named_values
from fer_tutorial.errors import UserError
from fer_tutorial.names import DATASETS


@dataclass
class DatasetsCommand:
    """List the data sets, or show what is known of one: license, how to get it, layout, classes, citation.

    datasets check [NAME] --data-root DIR says which set and form lies there, and how its counts differ from those
    published. datasets download london --to DIR downloads a set that anybody may have; repeated, it goes on where it
    was interrupted.
    """

    name: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(help="of a data set, or check or download")] = None
    which: Annotated[
        tyro.conf.Positional[str | None],
        tyro.conf.arg(help="after download, the name of the data set; after check, too, if you know it"),
    ] = None
    to: Annotated[Path | None, tyro.conf.arg(help="after download, the folder to write")] = None
    data_root: Annotated[Path | None, tyro.conf.arg(help="after check, the folder that holds the data set")] = None
    data_options: Annotated[tuple[str, ...], tyro.conf.arg(help=f"after check, {DATA_OPTIONS}")] = ()

    def execute(self) -> None:
        """Print the table, the card or the report."""
        from fer_tutorial.datasets.check import check_folder
        from fer_tutorial.datasets.commands import dataset_card, datasets_table

        if self.name == "check":
            options = named_values(self.data_options, OF_THEIR_OWN)
            print(check_folder(self.which, self.data_root, **options))
            return
        if self.name == "download":
            self._download()
            return
        if self.which is not None or self.data_root is not None or self.to is not None:
            raise UserError(
                f"the card of {self.name} needs no more than its name; expected fer-tutorial datasets check [NAME] "
                "--data-root DIR, if you want files to be checked"
            )
        if self.name == "packed":
            raise UserError("packed is what fer-tutorial pack writes of any data set, so see the card of that data set")
        print(datasets_table() if self.name is None else dataset_card(self.name))

    def _download(self) -> None:
        from fer_tutorial.datasets.cards import CARDS
        from fer_tutorial.datasets.check import check_folder
        from fer_tutorial.datasets.obtain import OFFERS, download_data

        if self.which is None or self.to is None:
            raise UserError(
                f"download needs a name and a folder; expected fer-tutorial datasets download {next(iter(OFFERS))} "
                "--to DIR"
            )
        folder = download_data(self.which, self.to)
        print(check_folder(self.which, folder))
        print(f"license    {CARDS[self.which].license}")


@dataclass
class PackCommand:
    """Write a data set as a memory-mapped array, which trains faster because no image is decoded.

    Train on the result with --data packed --data-root OUT. Packing can be interrupted and repeated.
    """

    name: Annotated[
        tyro.conf.Positional[str],
        tyro.conf.arg(help=f"of the data set: {', '.join(name for name in DATASETS if name != 'packed')}"),
    ]
    out: Annotated[Path, tyro.conf.arg(help="folder to write")]
    data_root: Annotated[Path | None, tyro.conf.arg(help="the folder that holds the data set")] = None
    data_options: Annotated[tuple[str, ...], tyro.conf.arg(help=DATA_OPTIONS)] = ()
    splits: Annotated[tuple[str, ...], tyro.conf.arg(help="which splits; all unless given")] = ()
    size: Annotated[int, tyro.conf.arg(help=SIZE)] = 48
    channels: Annotated[int, tyro.conf.arg(help="1 (gray) or 3")] = 3
    classes: Annotated[int, tyro.conf.arg(help=CLASSES)] = 7

    def execute(self) -> None:
        """Write the folders."""
        from fer_tutorial.datasets.commands import pack_splits

        if self.name == "packed":
            raise UserError("packed is what this command writes; give the data set to pack, such as ferplus or folder")
        options = named_values(self.data_options, OF_THEIR_OWN | {"progress": "the progress bar"})
        folders = pack_splits(
            self.name,
            self.out,
            self.data_root,
            self.splits or None,
            self.size,
            self.channels,
            self.classes,
            **options,
        )
        print("written to " + ", ".join(map(str, folders)))


@dataclass
class FacesCommand:
    """Draw synthetic faces: a contact sheet, a folder of images, or an array."""

    out: Annotated[
        Path,
        tyro.conf.arg(
            help="a .png file for a contact sheet, an .npz file for images and labels as arrays, or a folder for one "
            "image a face in a sub-folder a class"
        ),
    ] = Path("faces.png")
    n: Annotated[int, tyro.conf.arg(help="how many")] = 100
    size: Annotated[int, tyro.conf.arg(help=SIZE)] = 64
    seed: Annotated[int, tyro.conf.arg(help="the same seed draws the same faces")] = 0
    classes: Annotated[int, tyro.conf.arg(help=CLASSES)] = 7
    options: Annotated[
        tuple[str, ...],
        tyro.conf.arg(help="what fer_tutorial.faces.sample_faces takes besides, as NAME=VALUE, such as nuisance=0"),
    ] = ()

    def execute(self) -> None:
        """Draw and write them."""
        import numpy as np
        from PIL import Image

        from fer_tutorial.datasets.load import check_options
        from fer_tutorial.faces import sample_faces
        from fer_tutorial.viz import contact_sheet

        if self.n < 1:
            raise UserError(f"n is {self.n}; expected 1 or more faces")
        if self.seed < 0:
            raise UserError(f"seed is {self.seed}; expected 0 or more")
        own = {"n": "--n", "size": "--size", "seed": "--seed", "num_classes": "--classes"}
        options = named_values(self.options, own)
        check_options("faces", sample_faces, options)
        data = sample_faces(self.n, seed=self.seed, size=self.size, num_classes=self.classes, **options).to_face_data()
        out = self.out
        try:
            if out.suffix == ".png":
                out.parent.mkdir(parents=True, exist_ok=True)
                sheet = contact_sheet(data.images)  # float, 0 to 1
                Image.fromarray(np.round(255 * sheet).astype(np.uint8)).save(out)
            elif out.suffix == ".npz":
                out.parent.mkdir(parents=True, exist_ok=True)
                arrays: dict[str, Any] = {"class_names": np.array(data.class_names), **data.arrays()}
                np.savez_compressed(out, **arrays)
            else:
                for number, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
                    folder = out / data.class_names[label]
                    folder.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(image).save(folder / f"{number:06}.png")
        except OSError as error:
            raise UserError(f"{out} cannot be written ({error.strerror}); choose another place") from error
        print(f"{len(data)} faces written to {out}")
