"""One file a paper.  Each needs checks.py, configs.py and torch (torchvision) alone, so it can be lifted out."""
