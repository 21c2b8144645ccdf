"""The REST service. Never imports tensorflow, keras or train: it answers from ONNX files alone."""
