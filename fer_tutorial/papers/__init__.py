"""One file a paper.  Each imports torch (and torchvision) alone, so it can be lifted into another project."""
