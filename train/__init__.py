"""Offline: class folders in, a model folder out. Keras 3. Never imports api."""

import os

# TensorFlow greets every start with lines about CPU features and missing GPUs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TF_ENABLE_ONEDNN_OPTS is left alone. TensorFlow reads it once, when it is imported: set here, it
# would count only where `train` comes first, and a resumed run would round otherwise elsewhere.
# As in common/__init__.py, which may be imported later than ONNX Runtime.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
