"""What serving and training share: pictures in, predictions out. Never imports api or train."""

import os

# ONNX Runtime's official builds report to their maker unless told not to before they are imported
# (its Privacy.md): nothing that is done here is anyone else's business.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
