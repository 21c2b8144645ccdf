"""What serving and training share: pictures in, predictions out. Never imports api or train."""
