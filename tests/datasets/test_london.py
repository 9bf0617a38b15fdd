import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageFilter

from fer_tutorial.datasets import load_data, london_landmarks
from fer_tutorial.datasets.london import find_shift, read_tem
from fer_tutorial.errors import UserError
from tests.helpers.refusals import refused


def drawn_head(size: int, center: tuple[float, float], distance: float, smiling: bool) -> Image.Image:
    """Two eyes, a nose and a mouth, the pupils ``distance`` apart around ``center``."""
    image = Image.new("RGB", (size, size), (190, 200, 210))
    draw = ImageDraw.Draw(image)
    x, y = center

    def ellipse(dx: float, dy: float, width: float, height: float, color: tuple[int, int, int]) -> None:
        left, top = x + (dx - width) * distance, y + (dy - height) * distance
        draw.ellipse((left, top, x + (dx + width) * distance, y + (dy + height) * distance), fill=color)

    ellipse(0, 0.6, 1.2, 1.6, (220, 180, 150))
    for side in (-0.5, 0.5):
        ellipse(side, 0, 0.25, 0.12, (250, 250, 250))
        ellipse(side, 0, 0.1, 0.1, (60, 40, 20))
        ellipse(side, -0.3, 0.3, 0.05, (80, 50, 30))
    ellipse(0, 0.65, 0.15, 0.1, (200, 150, 130))
    ellipse(0, 1.25, 0.6 if smiling else 0.4, 0.2 if smiling else 0.05, (180, 80, 80))
    return image.filter(ImageFilter.GaussianBlur(distance / 30))


def points_for(center: tuple[float, float], distance: float) -> np.ndarray:
    points = np.tile(np.array(center, float), (189, 1))
    points[0, 0] -= distance / 2
    points[1, 0] += distance / 2
    return points


def write_tem(file, points):
    lines = ["# made for a test", str(len(points)), *(f"{x}\t{y}" for x, y in points), "0"]
    file.write_text("\n".join(lines) + "\n")


@pytest.fixture
def official(tmp_path):
    """The owners' layout at a third of its 1350 pixels, with templates, and profile views in a folder of their own."""
    root = tmp_path / "london"
    for folder, code, smiling in (
        ("neutral_front", "03", False),
        ("smiling_front", "08", True),
        ("neutral_left", "04", 0),
    ):
        (root / folder).mkdir(parents=True)
        for person in (1, 17):
            center = (225 + person, 200 + 20 * bool(smiling))
            drawn_head(450, center, 66, bool(smiling)).save(root / folder / f"{person:03d}_{code}.jpg")
            write_tem(root / folder / f"{person:03d}_{code}.tem", points_for(center, 66))
    return root


@pytest.fixture
def small(tmp_path):
    """The small layout: 384 pixels and landmarks of the neutral pictures alone; smiling, the heads have moved."""
    root = tmp_path / "small"
    rows = []
    for word, smiling in (("neutral", False), ("smiling", True)):
        (root / word).mkdir(parents=True)
        for person in (1, 17):
            center = (192.0 + person / 5 - 9 * smiling, 170.0 + 17 * smiling)
            drawn_head(384, center, 57, smiling).save(root / word / f"{person:03d}.jpg", quality=95)
            if not smiling:
                for point, (x, y) in enumerate(points_for(center, 57)):
                    rows.append((f"{person:03d}", point, x, y))
    pd.DataFrame(rows, columns=["face_id", "point", "x", "y"]).to_csv(root / "landmarks_neutral.csv", index=False)
    return root


@pytest.mark.parametrize("layout", ["official", "small"])
def test_labels_people_and_keys(layout, request):
    data = load_data("london", request.getfixturevalue(layout), "test")
    assert data.class_names == ("neutral", "happiness")
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.subjects.tolist() == [1, 17, 1, 17]
    assert data.keys.tolist() == ["neutral/001", "neutral/017", "smiling/001", "smiling/017"]
    assert data.index.tolist() == [0, 1, 2, 3]
    assert data.landmarks is None


@pytest.mark.parametrize("layout", ["official", "small"])
def test_eyes_lie_at_the_same_place_in_every_crop(layout, request):
    data = load_data("london", request.getfixturevalue(layout), "test", size=96, channels=1)
    # The pupils, the darkest spots, belong at 0.5 ± 1 / (2 · 3.2) of the width and 1.28 / 3.2 of the height.
    for picture in data.images[..., 0]:
        for half, expected in ((slice(0, 48), 96 * (0.5 - 0.5 / 3.2)), (slice(48, 96), 96 * (0.5 + 0.5 / 3.2))):
            eyes = picture[30:48, half].astype(float)
            row, column = np.unravel_index(eyes.argmin(), eyes.shape)
            assert abs(column + half.start + 0.5 - expected) < 2.5
            assert abs(row + 30.5 - 96 * 0.4) < 2.5


def test_points_of_both_layouts(official, small):
    points = london_landmarks(official)
    assert set(points) == {(word, person) for word in ("neutral", "smiling") for person in ("001", "017")}
    np.testing.assert_allclose(points["smiling", "017"][:2], [[209, 220], [275, 220]])
    points = london_landmarks(small)
    assert set(points) == {("neutral", "001"), ("neutral", "017")}
    np.testing.assert_allclose(points["neutral", "001"], points_for((192.2, 170), 57))


@pytest.mark.parametrize("shift", [(0, 0), (13, -21), (-30, 36)])
def test_a_moved_head_is_found(shift):
    pupils = np.array([[170.0, 180.0], [227.0, 180.0]])
    neutral = drawn_head(384, (198.5, 180), 57, smiling=False)
    moved = drawn_head(384, (198.5 + shift[0], 180 + shift[1]), 57, smiling=True)
    np.testing.assert_allclose(find_shift(neutral, moved, pupils), shift, atol=1.6)


def test_read_tem_by_hand(tmp_path):
    points = np.arange(378.0).reshape(189, 2)
    write_tem(tmp_path / "a.tem", points)
    np.testing.assert_array_equal(read_tem(tmp_path / "a.tem"), points)


# What a wrong input says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no template"),
        ("face\n1 2\n", "is no template"),
        ("3\n1 2\n3 4\n5 six\n", "is no template"),
        ("2\n1 2\n3 4\n0\n", r"points of shape \(2, 2\); expected 189"),
        ("189\n1 2\n3 4\n", r"points of shape \(2, 2\); expected 189"),
    ],
)
def test_templates_that_are_none(tmp_path, text, says):
    (tmp_path / "a.tem").write_text(text)
    with pytest.raises(UserError, match=says):
        read_tem(tmp_path / "a.tem")


def test_it_is_for_testing_only(small):
    with pytest.raises(UserError, match="too small to have a split 'train'; expected split='test'"):
        load_data("london", small)


def test_no_smiling_folder(small):
    shutil.rmtree(small / "smiling")
    with pytest.raises(
        UserError, match=r"no folder of smiling pictures; expected .*; found landmarks_neutral.csv, neutral"
    ):
        load_data("london", small, "test")


def test_a_smile_without_a_neutral_picture(small):
    (small / "neutral/017.jpg").unlink()
    with pytest.raises(UserError, match="a smiling picture of 017 but no neutral one"):
        load_data("london", small, "test")


def test_no_landmarks(small):
    (small / "landmarks_neutral.csv").unlink()
    with pytest.raises(UserError, match="no landmarks for the neutral picture of 001"):
        load_data("london", small, "test")


def test_a_table_with_missing_columns_or_points(small):
    table = pd.read_csv(small / "landmarks_neutral.csv", dtype={"face_id": str})
    table.iloc[:-1].to_csv(small / "landmarks_neutral.csv", index=False)
    with pytest.raises(UserError, match="188 points for 017; expected points 0 to 188"):
        load_data("london", small, "test")
    table.drop(columns="y").to_csv(small / "landmarks_neutral.csv", index=False)
    with pytest.raises(UserError, match=r"landmarks_neutral.csv lacks the columns y; it has face_id, point, x"):
        load_data("london", small, "test")


def test_pictures_that_were_made_smaller_without_their_templates(official):
    for file in official.glob("*/*.jpg"):
        Image.open(file).resize((128, 128)).save(file)
    with pytest.raises(
        UserError, match=r"reaches beyond the picture \(128×128\); expected landmarks in pixels of this"
    ):
        load_data("london", official, "test")


def test_names_that_begin_with_no_number(small):
    (small / "neutral/001.jpg").rename(small / "neutral/alice.jpg")
    with pytest.raises(UserError, match="begins with no person's number"):
        load_data("london", small, "test")


def edit_points(change):
    def spoil(root):
        table = pd.read_csv(root / "landmarks_neutral.csv", dtype=str)
        change(table)
        table.to_csv(root / "landmarks_neutral.csv", index=False)

    return spoil


def one_place(table):
    table.loc[table["point"] == "1", ["x", "y"]] = table.loc[table["point"] == "0", ["x", "y"]].to_numpy()


def other_size(root):
    image = Image.open(root / "smiling/017.jpg").resize((200, 200))
    image.save(root / "smiling/017.jpg")


HOSTILE = {
    "points: empty": (lambda r: (r / "landmarks_neutral.csv").write_text(""), "cannot be read as a table"),
    "points: bytes": (lambda r: (r / "landmarks_neutral.csv").write_bytes(bytes(range(256))), "landmarks_neutral.csv"),
    "points: words": (edit_points(lambda t: t.__setitem__("x", "left")), "has points that are no numbers"),
    "points: missing": (edit_points(lambda t: t.__setitem__("y", "")), "has points that are no numbers"),
    "points: infinite": (edit_points(lambda t: t.__setitem__("y", "inf")), "has points that are no numbers"),
    "points: pupils at one place": (edit_points(one_place), "both pupils at one place"),
    "points: outside the picture": (
        edit_points(lambda t: t.__setitem__("x", t["x"].astype(float) - 1000)),
        "reaches beyond the picture",
    ),
    "two pictures of a person": (
        lambda r: shutil.copy(r / "neutral/001.jpg", r / "neutral/001_03.jpg"),
        "001_03.jpg and 001.jpg are both of person 001",
    ),
    "two folders of a kind": (
        lambda r: shutil.copytree(r / "neutral", r / "neutral_front"),
        "has neutral and neutral_front, both of neutral pictures",
    ),
    "damaged picture": (lambda r: (r / "neutral/001.jpg").write_bytes(b""), "neutral/001.jpg is not an image"),
    "link to nowhere": (
        lambda r: [(r / "neutral/001.jpg").unlink(), (r / "neutral/001.jpg").symlink_to("gone")],
        "neutral/001.jpg cannot be opened",
    ),
    "folder named like a picture": (
        lambda r: [(r / "neutral/001.jpg").unlink(), (r / "neutral/001.jpg").mkdir()],
        "neutral/001.jpg cannot be opened",
    ),
    "pictures of two sizes": (other_size, "017.jpg is 200×200 pixels and the neutral picture of 017 is 384×384"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_sets(case, small):
    spoil, says = HOSTILE[case]
    spoil(small)
    with refused(says):
        load_data("london", small, "test")


def test_what_systems_leave_behind_is_no_picture(small):
    (small / "neutral/._001.jpg").write_bytes(b"AppleDouble")
    (small / "neutral/.DS_Store").write_bytes(b"")
    assert len(load_data("london", small, "test")) == 4


@pytest.mark.parametrize(
    ("file", "header"),
    [("people.csv", "face_id,age,gender,ethnicity"), ("london_faces_info.csv", "face_id,face_age,face_sex,face_eth")],
)
def test_who_the_people_are(file, header, small):
    assert load_data("london", small, "test").groups is None
    (small / file).write_text(f"\ufeff{header}\nX001, 38 ,female,west_asian\r\n017,NA,male,\n", encoding="utf-8")
    data = load_data("london", small, "test")
    assert data.group_names == ("age", "gender", "ethnicity")
    assert data.groups.tolist() == 2 * [["30 to 39", "female", "west asian"], ["", "male", ""]]


def test_people_of_whom_the_table_says_nothing(small):
    (small / "people.csv").write_text("face_id,gender\n001,female\n")
    assert load_data("london", small, "test").groups.tolist() == 2 * [["", "female", ""], ["", "", ""]]
    (small / "people.csv").write_text("face_id,gender\nsomebody,female\n")
    with refused("expected a person's number, such as 001"):
        load_data("london", small, "test")
    (small / "people.csv").write_text("person,gender\n001,female\n")
    with refused("lacks the columns face_id; it has person, gender"):
        load_data("london", small, "test")


def test_a_template_that_is_a_folder(tmp_path):
    with refused("cannot be read (Is a directory)"):
        read_tem(tmp_path)


# The real files


def test_the_real_set(real_data_root):
    root = real_data_root / "london"
    data = load_data("london", root, "test", size=48, channels=1)
    people = pd.read_csv(root / "people.csv", dtype={"face_id": str})["face_id"].astype(int)
    assert len(data) == 102
    assert np.bincount(data.labels).tolist() == [51, 51]
    assert dict(zip(*np.unique(data.groups[:51, 1], return_counts=True), strict=True)) == {"female": 26, "male": 25}
    assert data.subjects[:51].tolist() == data.subjects[51:].tolist() == sorted(people)
    # Eyes come to lie where the eyes of neutral faces lie: the mean faces agree in their upper half.
    neutral, smiling = (data.images[data.labels == label, 10:30, 8:40, 0].mean(axis=0).ravel() for label in (0, 1))
    assert np.corrcoef(neutral, smiling)[0, 1] > 0.9
