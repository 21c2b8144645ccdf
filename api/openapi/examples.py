"""The examples of the OpenAPI document: what is sent, what is answered, what may go wrong."""

from typing import Any

REQUEST_ID = "5f3b1c07a9e24d68"

DOG: dict[str, Any] = {
    "verdict": "dog",
    "present": ["dog"],
    "predictions": [{"label": "dog", "score": 0.9987}, {"label": "cat", "score": 0.0013}],
    "familiarity": 0.94,
    "model": {"name": "cat_dog", "version": "1"},
    "image": {"format": "JPEG", "width": 640, "height": 480, "bytes": 53211},
    "timing_ms": {"fetch": 0.0, "decode": 2.1, "inference": 3.0},
}
LINK = DOG | {
    "timing_ms": {"fetch": 182.4, "decode": 2.1, "inference": 3.0},
    "source": {
        "url": "https://example.org/pictures/dog.jpg",
        "page": "https://example.org/a-page-about-dogs",
    },
}
NEITHER = DOG | {
    "verdict": "neither",
    "present": [],
    "predictions": [{"label": "dog", "score": 0.7214}, {"label": "cat", "score": 0.2786}],
    "familiarity": 0.12,
}
SEVERAL = DOG | {
    "verdict": "several",
    "present": ["dog", "cat"],
    "predictions": [{"label": "dog", "score": 0.6011}, {"label": "cat", "score": 0.3989}],
    "heatmap": [[0.0, 0.1, 0.2], [0.1, 0.7, 1.0], [0.0, 0.2, 0.4]],
    "heatmaps": {
        "dog": [[0.0, 0.1, 0.2], [0.1, 0.7, 1.0], [0.0, 0.2, 0.4]],
        "cat": [[0.9, 1.0, 0.1], [0.6, 0.2, 0.0], [0.1, 0.0, 0.0]],
    },
    "preview": "data:image/jpeg;base64,/9j/4AAQSkZJRg==",
}
SCREENSHOT = DOG | {"look": {"turned": 0, "region": [0.0, 0.3, 1.0, 0.4]}}
PROBLEM: dict[str, Any] = {
    "type": "urn:dogorcat:problem:image_unreadable",
    "title": "The picture cannot be read",
    "status": 422,
    "detail": "The picture is damaged and cannot be read.",
    "code": "image_unreadable",
    "request_id": REQUEST_ID,
}
PHOTO: dict[str, Any] = {
    "source": "flickr",
    "id": "49514824541",
    "title": "A cat on a wall",
    "author": "Marine Explorer",
    "licence": "CC BY 2.0",
    "licence_url": "https://creativecommons.org/licenses/by/2.0/",
    "page_url": "https://www.flickr.com/photos/71925535@N03/49514824541",
    "image_url": "https://live.staticflickr.com/65535/49514824541_35d1b4f8db_c.jpg",
    "subject": "cat",
}
MODEL: dict[str, Any] = {
    "name": "cat_dog",
    "version": "1",
    "created": "2026-01-31T12:00:00Z",
    "labels": ["cat", "dog"],
    "description": "Cats and dogs.",
    "input": {"name": "pictures", "height": 224, "width": 224, "fit": "stretch"},
    "outputs": {"scores": "scores", "familiarity": "familiarity", "maps": "maps"},
    "recipe": "fine-tune",
    "settings": {"backbone": "MobileNetV2", "epochs": 3},
    "data": {"counts": {"cat": 1024, "dog": 1024}, "sha256": "0" * 64},
    "metrics": [
        {
            "name": "accuracy",
            "value": 0.99,
            "data": "DATA/validation, 832 photos",
            "command": "python -m train evaluate models/cat_dog DATA/validation",
        }
    ],
    "temperature": 1.0,
    "neither_threshold": 0.5,
    "search_words": {},
    "pretrained": {"name": "MobileNetV2, ImageNet", "licence": "Apache-2.0", "source": "Keras"},
    "files": {"model.onnx": {"sha256": "0" * 64, "tolerance": 0.001}},
    "default": True,
}
# One grey pixel, so that whoever tries it out gets an answer.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg=="
)

# model of `api.schemas` -> name of the example -> (summary, value)
_EXAMPLES: dict[str, dict[str, tuple[str, Any]]] = {
    "UrlBody": {
        "link": ("A picture", {"url": "https://example.org/photo.jpg"}),
        "page": ("A page that names one", {"url": "https://example.org/a-page-about-dogs"}),
    },
    "ImageBody": {
        "base64": ("A picture in base64", {"image": PIXEL}),
        "data": ("A data: address", {"image": f"data:image/png;base64,{PIXEL}"}),
    },
    "UrlsBody": {
        "links": (
            "Two links",
            {"urls": ["https://example.org/cat.jpg", "https://example.org/dog.jpg"]},
        )
    },
    "Result": {
        "dog": ("A dog", DOG),
        "link": ("A dog, on the picture that a page names", LINK),
        "neither": ("Neither a cat nor a dog", NEITHER),
        "several": ("A cat and a dog, with explain=true and preview=true", SEVERAL),
    },
    "BatchAnswer": {
        "mixed": ("A dog, and a file that is damaged", {"results": [DOG, {"error": PROBLEM}]})
    },
    "RandomAnswer": {
        "classified": ("A photo and its result", {"photo": PHOTO, "result": DOG}),
        "photo": ("With classify=false", {"photo": PHOTO, "result": None}),
    },
    "ModelList": {"models": ("One model", {"models": [MODEL], "random": True, "feedback": False})},
    "FeedbackAnswer": {
        "kept": ("The picture is kept", {"kept": True}),
        "words": ("No picture was sent", {"kept": False}),
    },
    "ModelEntry": {"model": ("The shipped model", MODEL)},
    "SampleList": {
        "samples": (
            "One photo",
            {
                "samples": [
                    {
                        "id": "6a0f4c2b9d1e8f70",
                        "title": "a cat on a wall",
                        "image": "/api/v1/samples/6a0f4c2b9d1e8f70",
                    }
                ]
            },
        ),
        "none": ("Without PHOTO_FOLDER", {"samples": []}),
    },
    "DogProbability": {"dog": ("A dog", {"prob": 0.9987, "url": "https://example.org/photo.jpg"})},
}

# code -> what its `detail` may say
DETAILS = {
    "invalid_request": "The parameter 'explian' is not known. Did you mean `explain`?",
    "url_not_allowed": "This address does not exist or is not open to the public.",
    "unauthorized": "This API key is not known here.",
    "not_found": "There is no such photo.",
    "model_not_found": "There is no model of that name; there is cat_dog.",
    "image_too_large": "The upload is larger than the 10 MB that are accepted.",
    "unsupported_media_type": "This is a PDF document, not a picture.",
    "image_unreadable": "The picture is damaged and cannot be read.",
    "rate_limited": "At most 60 per 1 minute are answered to one client.",
    "fetch_failed": "The other server does not have this picture for us.",
    "overloaded": "Too many pictures are on their way. Try again soon.",
    "photo_source_unavailable": "No photo now: Flickr does not answer.",
    "fetch_timeout": "The other server took too long.",
    "deadline_exceeded": "The request took longer than 30 seconds.",
}


def named(model: str) -> dict[str, Any]:
    """The examples of a model as OpenAPI has them: name -> summary and value."""
    return {
        name: {"summary": summary, "value": value}
        for name, (summary, value) in _EXAMPLES.get(model, {}).items()
    }
