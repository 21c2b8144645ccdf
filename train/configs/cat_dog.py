"""The shipped model, models/cat_dog: every setting of it. docs/model.md says why.

    python -m train config cat_dog

About 110 minutes on two cores, with 9 GB of memory. It needs the photos of the folder `--shared`;
the weights it starts from are installed with the training packages.
"""

from pathlib import Path

from train.configs import Config


def config(shared: Path) -> Config:
    photos = shared / "data"
    tutorials = photos / "kaggle_cat_dog"
    # Choices (temperature, thresholds) are made on photos of two origins.
    validation = [f"{photos / 'kaggle_more_native'}:0.3324", f"{photos / 'other_source'}:0.5"]
    # A fifth of the kinds of other things is left to be measured on.
    others = [f"{photos / 'neither'}:0.8", f"{photos / 'neither_more'}:0.8"]
    test = str(tutorials / "validation")
    return Config(
        recipe="robust",
        train={
            # photos
            "data": tutorials,
            "labels": "cat,dog",
            "extra": [
                photos / "kaggle_more_native",
                photos / "kaggle_more_200px",
                photos / "other_source",
            ],
            "held": validation,
            "others": others,
            "held_share": 0.25,  # of the other things, for choices
            # network
            "backbone": "EfficientNetLite2",
            "weights": "imagenet",
            "familiar": "151-268,281-285",  # ImageNet's dogs and domestic cats
            # learning
            "views": 98304,
            "deeper_views": 32768,
            "epochs": 1,
            # the model folder
            "no_photos": True,
            "version": "9",
            "overwrite": True,
        },
        quantise={"data": tutorials, "held": validation},
        evaluate=[([test], {"record": "DATA/validation"})],
    )
