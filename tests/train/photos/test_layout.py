"""Which folder of a download is the class, and which a split: the ways people lay photos out."""

import pytest

from train.photos.layout import Place, places


def found(*paths: str) -> dict[str, tuple[str, str | None] | None]:
    where = places(tuple(path.split("/")) for path in paths)
    return {"/".join(p): (own.label, own.side) if own else None for p, own in where.items()}


def labels(*paths: str) -> set[str | None]:
    return {own[0] if own else None for own in found(*paths).values()}


CAT_DOG = ("cat/1.jpg", "cat/2.jpg", "dog/1.jpg", "dog/2.jpg")


@pytest.mark.parametrize("around", ["", "PetImages/", "a/b/c/", "images/", "dataset/photos/"])
def test_the_first_level_that_tells_photos_apart_is_the_class(around: str) -> None:
    assert labels(*(around + path for path in CAT_DOG)) == {"cat", "dog"}


@pytest.mark.parametrize(
    "paths",
    [
        ("cat/2019/1.jpg", "cat/2020/2.jpg", "dog/2019/1.jpg", "dog/2020/2.jpg"),
        ("cat/a/b/c/1.jpg", "cat/2.jpg", "dog/d/1.jpg"),
        ("my/cat/2019/1.jpg", "my/dog/2019/12/24/1.jpg"),
        ("cat/train/1.jpg", "cat/2.jpg", "dog/test/1.jpg"),
        ("cat/images/1.jpg", "dog/images/1.jpg"),
    ],
)
def test_deeper_folders_are_no_classes(paths: tuple[str, ...]) -> None:
    assert labels(*paths) == {"cat", "dog"}
    assert {own[1] for own in found(*paths).values() if own} == {None}


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ("train", "validation"), ("train", "val"), ("train", "valid"), ("train", "test"),
        ("Train", "Test"), ("TRAIN", "VAL"), ("training", "testing"), ("training", "validation"),
        ("train", "dev"), ("train", "eval"), ("training_set", "test_set"), ("trainset", "testset"),
        ("train_set", "val_set"), ("train_data", "test_data"), ("train-images", "test-images"),
        ("train_images", "val_images"), ("images_train", "images_test"), ("train2017", "val2017"),
        ("seg_train/seg_train", "seg_test/seg_test"), ("training set", "test set"),
        ("training_set/training_set", "test_set/test_set"), ("train/images", "valid/images"),
        ("dataset/train", "dataset/test"), ("images/train", "images/val"), ("train", "holdout"),
    ],
)  # fmt: skip
def test_splits_under_all_their_names(train: str, validation: str) -> None:
    paths = [f"{train}/{path}" for path in CAT_DOG] + [f"{validation}/{path}" for path in CAT_DOG]
    assert labels(*paths) == {"cat", "dog"}
    for path, own in found(*paths).items():
        assert own is not None
        assert own[1] == ("train" if path.startswith(f"{train}/") else "validation")


def test_three_splits() -> None:
    paths = [f"{split}/{path}" for split in ("train", "val", "test") for path in CAT_DOG]
    assert {own[1] for own in found(*paths).values() if own} == {"train", "validation"}


def test_splits_inside_every_class() -> None:
    paths = ["cat/train/1.jpg", "cat/test/2.jpg", "dog/train/1.jpg", "dog/test/2.jpg"]
    assert found(*paths) == {
        "cat/train/1.jpg": ("cat", "train"), "cat/test/2.jpg": ("cat", "validation"),
        "dog/train/1.jpg": ("dog", "train"), "dog/test/2.jpg": ("dog", "validation"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["train", "test", "images", "photos", "data", "val", "dev"])
def test_a_class_may_have_the_name_of_a_split_or_container(name: str) -> None:
    paths = ["car/IMG_0001.jpg", "car/IMG_0002.jpg", f"{name}/IMG_0001.jpg", f"{name}/b.jpg"]
    assert labels(*paths) == {"car", name}
    deep = ["car/2019/1.jpg", "car/2020/2.jpg", f"{name}/2019/1.jpg", f"{name}/2020/2.jpg"]
    assert labels(*deep) == {"car", name}
    split = [f"train/{path}" for path in paths] + [f"test/{path}" for path in paths]
    assert labels(*split) == {"car", name}


@pytest.mark.parametrize(
    "paths",
    [
        ("train/cat.0.jpg", "train/dog.0.jpg"),
        ("cat.0.jpg", "dog.0.jpg"),
        ("cat_1.jpg", "dog_1.jpg"),
        ("cat-1.jpg", "dog-1.jpg"),
        ("cat (1).jpg", "dog (1).jpg"),
        ("cat1.jpg", "dog1.jpg"),
        ("images/cat_1.jpg", "images/dog_1.jpg"),
        ("dogs-vs-cats/train/train/cat.0.jpg", "dogs-vs-cats/train/train/dog.0.jpg"),
    ],
)
def test_classes_in_the_files_names(paths: tuple[str, ...]) -> None:
    assert labels(*paths) == {"cat", "dog"}


@pytest.mark.parametrize(
    ("paths", "without"),
    [
        (("train/cat.0.jpg", "train/dog.0.jpg"), ("test1/1.jpg", "test1/2.jpg")),
        (("train/cat/1.jpg", "train/dog/1.jpg"), ("test/1.jpg", "test/2.jpg")),
        (CAT_DOG, ("cover.jpg",)),
        (("images/cat/1.jpg", "images/dog/1.jpg"), ("annotations/trimaps/cat_1.png",)),
        (
            ("training_set/cats/1.jpg", "training_set/dogs/1.jpg", "test_set/cats/1.jpg",
             "test_set/dogs/1.jpg"),
            ("single_prediction/cat_or_dog_1.jpg",),
        ),
        (
            ("seg_train/sea/1.jpg", "seg_train/ice/1.jpg", "seg_test/sea/1.jpg",
             "seg_test/ice/1.jpg"),
            ("seg_pred/24.jpg",),
        ),
        ((), ("1.jpg", "2.jpg", "IMG_0001.jpg", "DSC_0001.jpg")),
        ((), ("train/1.jpg", "test/2.jpg")),
    ],
)  # fmt: skip
def test_photos_of_no_class(paths: tuple[str, ...], without: tuple[str, ...]) -> None:
    own = found(*paths, *without)
    assert [path for path, place in own.items() if place is None] == list(without)


def test_one_class_alone_is_itself_and_not_its_years() -> None:
    assert labels("cat/2019/1.jpg", "cat/2020/2.jpg") == {"cat"}
    assert labels("photos/digits/0/1.jpg", "photos/digits/1/1.jpg") == {"0", "1"}


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("cat.17.jpg", 17), ("17.jpg", 17), ("IMG_0017.jpg", 17), ("a17b.jpg", 17),
        ("cat.jpg", None), ("17", 17), ("a.mp4.jpg", 4), ("x2 (3).jpg", 3),
    ],
)  # fmt: skip
def test_numbers(name: str, index: int | None) -> None:
    where = places([("cat", name), ("dog", name)])
    assert where["cat", name] == Place("cat", None, index)
