"""What can be chosen by name, for those who must list it before torch and pandas are imported.

The registries themselves are :data:`fer_tutorial.backbones.BACKBONES` and :data:`fer_tutorial.datasets.load.READERS`.
"""

BACKBONES = (
    *("small_cnn", "small_resnet", "edge_resnet", "vgg16_trunk", "vgg16_trunk_small"),
    *("resnet18", "resnet34", "resnet50", "efficientnet_lite0"),
)
DATASETS = (
    *("synthetic", "synthetic_sequences", "ferplus", "fer2013", "london", "rafdb", "affectnet", "expw"),
    *("emotionet", "genki", "jaffe", "kdef", "akdef", "rafd", "ckplus", "oulu_casia", "disfa", "bp4d"),
    *("folder", "list", "packed"),
)
