"""What serving and training share: pictures in, predictions out. Imports neither api nor train."""

import os

# The official builds of ONNX Runtime send telemetry unless this is set before their import (see its
# Privacy.md).
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
