"""The shipped model, models/cat_dog: every setting of it. docs/model.md says why.

    python -m train config cat_dog

Half an hour on two cores. It needs the photos and the weights of the folder `--shared`.
"""

from pathlib import Path

from train.configs import Config


def config(shared: Path) -> Config:
    photos = shared / "data"
    tutorials = photos / "kaggle_cat_dog"
    # Choices (the epoch, temperature, the line of neither) are made on photos of two origins.
    validation = [f"{photos / 'kaggle_more_native'}:0.3324", f"{photos / 'other_source'}:0.5"]
    others = {"others": photos / "neither"}
    test, another_origin = str(tutorials / "validation"), f"{photos / 'other_source'}:0.5"
    return Config(
        recipe="fine-tune",
        train={
            # photos
            "data": tutorials,
            "labels": "cat,dog",
            "extra": [photos / "kaggle_more_native", photos / "kaggle_more_200px"],
            "held": validation,
            # network
            "weights": shared / "weights" / "mobilenet_v2_imagenet_notop.weights.h5",
            "imagenet_head": shared / "weights" / "mobilenet_v2_imagenet_head.npz",
            "familiar": "151-268,281-285",  # ImageNet's dogs and domestic cats
            # learning
            "learning_rate": 5e-5,
            "distill": 0.1,
            "refit": True,
            # the model folder
            "no_photos": True,
            "version": "3",
            "overwrite": True,
        },
        quantise={"data": tutorials, "held": validation},
        evaluate=[
            ([test], others | {"record": "DATA/validation"}),
            ([another_origin], others | {"record": "half of other_source"}),
            ([test, another_origin], {"record": "both together"}),
        ],
    )
