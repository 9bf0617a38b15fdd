"""The hyper-parameters of every paper, and the values that papers and official codes use: a section a paper.

They stand apart from the networks so that reading them, as the command line does for its help, does not import torch.
Every value is checked where it is written down, and a wrong one is a ValueError that says what was expected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args


def check_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise a ValueError that lists allowed if value is none of them."""
    if value not in allowed:
        raise ValueError(
            f"{name} is {value!r}; expected one of {', '.join(map(repr, allowed))}"
        )


# --- softmax ------------------------------------------------------------------


@dataclass(frozen=True)
class SoftmaxConfig:
    """Hyper-parameters of the baseline.

    Attributes:
        dropout: probability with which each pooled feature is dropped in training.
        label_smoothing: share of the target that is spread evenly over all classes.

    Raises:
        ValueError: a value that is not from 0 to below 1.
    """

    dropout: float = 0.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dropout", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; expected from 0 to below 1"
                )


SOFTMAX_PRESETS: dict[str, SoftmaxConfig] = {"plain": SoftmaxConfig()}


# --- center loss --------------------------------------------------------------

CenterUpdateRule = Literal["paper", "autograd", "autograd_without_lambda"]
CenterReduction = Literal["sum", "mean", "mean_without_half"]
CenterStart = Literal["zero", "xavier"]


@dataclass(frozen=True)
class CenterLossConfig:
    """Hyper-parameters of training with center loss.

    Attributes:
        lambda_: weight λ of the center loss; 0 gives plain softmax training.
        alpha: step size α of the centers.  Under "autograd" it is the learning rate of their parameter group, meant for
            SGD: Adam's steps do not shrink with the gradient, so take an α of the size of a learning rate with it.
        update_rule: "paper" moves the centers by the paper's own step.  "autograd" makes them parameters of the
            optimizer, so that λ and the reduction scale their step as well.  "autograd_without_lambda" moves them by
            the same gradient with λ taken out again, as the training script of KaiyangZhou/pytorch-center-loss does.
        reduction: how the distances of a batch become one number: "sum" is half their sum (the paper), "mean" half
            their mean, "mean_without_half" their mean.  The cross-entropy is a mean over the batch here, so the default
            is a mean too; with "sum" the same λ weighs m times as much.
        center_start: "zero", or "xavier" as the authors' code has it: uniform with variance 1/d.
        center_momentum: momentum of the centers' step.  Under "autograd" it is SGD's; Adam has its own.
        center_weight_decay: weight decay of the centers, which draws them to zero.
        embedding_dim: puts a linear layer of this width between the pooled features and the classifier, and center
            loss on its output; 2 gives embeddings that can be drawn.  None: center loss on the pooled features.

    Raises:
        ValueError: a negative λ or weight decay, α outside 0 to 1, a momentum that is not from 0 to below 1, an unknown
            rule, reduction or start, or an embedding of no dimension.
    """

    lambda_: float = 0.003
    alpha: float = 0.5
    update_rule: CenterUpdateRule = "paper"
    reduction: CenterReduction = "mean"
    center_start: CenterStart = "zero"
    center_momentum: float = 0.0
    center_weight_decay: float = 0.0
    embedding_dim: int | None = None

    def __post_init__(self) -> None:
        if not self.lambda_ >= 0:
            raise ValueError(
                f"lambda_ is {self.lambda_}; expected 0 or more (the paper uses 0.003)"
            )
        if not 0 <= self.alpha <= 1:
            raise ValueError(
                f"alpha is {self.alpha}; expected 0 to 1 (the paper uses 0.5)"
            )
        check_one_of(
            "update_rule", self.update_rule, get_args(CenterUpdateRule)
        )
        check_one_of("reduction", self.reduction, get_args(CenterReduction))
        check_one_of("center_start", self.center_start, get_args(CenterStart))
        if not 0 <= self.center_momentum < 1:
            raise ValueError(
                f"center_momentum is {self.center_momentum}; expected from 0 to below 1, such as 0.9"
            )
        if not self.center_weight_decay >= 0:
            raise ValueError(
                f"center_weight_decay is {self.center_weight_decay}; expected 0 or more, such as 0.001"
            )
        if self.embedding_dim is not None and self.embedding_dim < 1:
            raise ValueError(
                f"embedding_dim is {self.embedding_dim}; expected 1 or more, or None for no embedding"
            )


CENTER_LOSS_PRESETS: dict[str, CenterLossConfig] = {
    # λ and α are the paper's.  It writes both terms of the loss as sums over the batch; the authors' code takes the
    # mean of both, and so do we, which leaves λ what it was.  That the centers start at zero is our reading.
    "paper": CenterLossConfig(lambda_=0.003, alpha=0.5),
    # face_train_test.prototxt and face_solver.prototxt of ydwen/caffe-face: the solver learns the centers as it learns
    # the network, with the paper's Δc for a gradient.  There the rate 0.1 falls with the network's; here α stays.
    "official": CenterLossConfig(
        lambda_=0.008,
        alpha=0.1,
        center_start="xavier",
        center_momentum=0.9,
        center_weight_decay=2 * 5e-4,
    ),
}


# --- DACL ---------------------------------------------------------------------

SparseCenterUpdateRule = Literal["paper", "autograd"]
AttentionKind = Literal["learned", "one"]
AttentionStart = Literal["kaiming", "torch"]


@dataclass(frozen=True)
class DACLConfig:
    """Hyper-parameters of DACL.  The defaults are the official code's.

    Attributes:
        lambda_: weight λ of the sparse center loss; 0 gives plain softmax training.
        alpha: step size α of the centers.  Under the rule "paper" that of the official code's step; under "autograd"
            the learning rate of their parameter group, meant for SGD (λ and 1/m scale that step as well).  Adam's steps
            do not shrink with the gradient: with Adam take an α of the size of a learning rate.
        update_rule: "paper" moves the centers as the official code does; "autograd" makes them parameters of the
            optimizer.
        attention: "learned" by the attention network, or "one" everywhere, without such a network.  That is a control:
            center loss whose centers start and move as DACL's do.
        attention_start: how the linear layers of the attention network start.  "kaiming" is the official code's: normal
            with variance 2 / inputs, biases 0; "torch" leaves them as torch starts them.  The attention of a face first
            spreads over the dimensions with a standard deviation of 0.24 and 0.12, respectively.
        encoder_sizes: widths of the three layers of the CE-unit.
        mean_one: divide the attention of each sample by its mean.  Ours, not the paper's.

    Raises:
        ValueError: a negative λ, α outside 0 to 1, an unknown rule, attention or start, or not three positive widths.
    """

    lambda_: float = 0.01
    alpha: float = 0.5
    update_rule: SparseCenterUpdateRule = "paper"
    attention: AttentionKind = "learned"
    attention_start: AttentionStart = "kaiming"
    encoder_sizes: tuple[int, int, int] = (3584, 512, 64)
    mean_one: bool = False

    def __post_init__(self) -> None:
        if not self.lambda_ >= 0:
            raise ValueError(
                f"lambda_ is {self.lambda_}; expected 0 or more (the official code uses 0.01)"
            )
        if not 0 <= self.alpha <= 1:
            raise ValueError(
                f"alpha is {self.alpha}; expected 0 to 1 (the official code uses 0.5)"
            )
        check_one_of(
            "update_rule", self.update_rule, get_args(SparseCenterUpdateRule)
        )
        check_one_of("attention", self.attention, get_args(AttentionKind))
        check_one_of(
            "attention_start", self.attention_start, get_args(AttentionStart)
        )
        if len(self.encoder_sizes) != 3 or min(self.encoder_sizes) < 1:
            raise ValueError(
                f"encoder_sizes are {self.encoder_sizes}; expected three positive widths such as (3584, 512, 64)"
            )


# "official": the defaults of the authors' code, whose training runs 60 epochs of batches of 64 with SGD (learning rate
# 0.01, times 0.1 every 20 epochs, momentum 0.9, weight decay 5e-4) from a ResNet-18 trained on MS-Celeb-1M.
# "small": ours, for 48-pixel faces and a small backbone on a CPU; the CE-unit is narrower, and the attention network
# starts as torch starts it.
DACL_PRESETS: dict[str, DACLConfig] = {
    "official": DACLConfig(
        lambda_=0.01,
        alpha=0.5,
        attention_start="kaiming",
        encoder_sizes=(3584, 512, 64),
    ),
    "small": DACLConfig(
        lambda_=0.01,
        alpha=0.5,
        attention_start="torch",
        encoder_sizes=(256, 128, 64),
    ),
}


# --- SCN ----------------------------------------------------------------------

RelabelGroup = Literal["low", "all"]
LossRule = Literal["gamma_rank", "gamma_cross_entropy", "sum"]


def check_beta(beta: float) -> None:
    """Raise a ValueError unless β is a share that leaves both groups of a batch somebody."""
    if not 0 < beta < 1:
        raise ValueError(
            f"beta is {beta}; expected a share strictly between 0 and 1, such as the paper's 0.7"
        )


def check_delta_2(delta_2: float) -> None:
    """Raise a ValueError unless δ2 is a difference of probabilities that can be exceeded."""
    if not 0 <= delta_2 < 1:
        raise ValueError(
            f"delta_2 is {delta_2}; expected a difference of probabilities from 0 to below 1, such as 0.2"
        )


@dataclass(frozen=True)
class SCNConfig:
    """Hyper-parameters of SCN, named as in the paper.

    Attributes:
        beta: β, the share of a batch that forms the high-importance group, 0 < β < 1.
        delta_1: δ1 ≥ 0, by how much the mean importance of the high group should exceed that of the low group.
        learn_delta_1: make δ1 a parameter that starts at delta_1.
        delta_2: δ2, 0 ≤ δ2 < 1: a label changes where the largest probability exceeds the label's by more than this.
        gamma: γ, 0 ≤ γ ≤ 1, the balance of the two losses.
        loss_rule: which term γ multiplies.  Accounts of the paper disagree, so both are here: "gamma_rank" is
            γ L_RR + (1−γ) L_WCE and "gamma_cross_entropy" is (1−γ) L_RR + γ L_WCE, the same at γ = 1/2.
            "sum" is the official code's L_RR + L_WCE.
        relabel_epoch: the first epoch, counted from 1, in which labels change.
        relabel_group: "low", the paper's: only the low-importance group; "all", the official code's: the batch.
        bias: give the importance and the classifier a bias, as the official code does; there α scales it too.
        dropout: probability of dropping an entry of the embedding in training.

    Raises:
        ValueError: a value outside the range given above.

    >>> SCNConfig(beta=1.0)
    Traceback (most recent call last):
    ...
    ValueError: beta is 1.0; expected a share strictly between 0 and 1, such as the paper's 0.7
    """

    beta: float = 0.7
    delta_1: float = 0.15
    learn_delta_1: bool = False
    delta_2: float = 0.2
    gamma: float = 0.5
    loss_rule: LossRule = "gamma_rank"
    relabel_epoch: int = 10
    relabel_group: RelabelGroup = "low"
    bias: bool = False
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_beta(self.beta)
        check_delta_2(self.delta_2)
        check_one_of(
            "relabel_group", self.relabel_group, get_args(RelabelGroup)
        )
        check_one_of("loss_rule", self.loss_rule, get_args(LossRule))
        if not self.delta_1 >= 0:
            raise ValueError(
                f"delta_1 is {self.delta_1}; expected a margin of 0 or more, such as the paper's 0.15"
            )
        if not 0 <= self.gamma <= 1:
            raise ValueError(
                f"gamma is {self.gamma}; expected a balance from 0 to 1, such as the paper's 0.5"
            )
        if self.relabel_epoch < 1:
            raise ValueError(
                f"relabel_epoch is {self.relabel_epoch}; epochs are counted from 1, so give 1 or more"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(
                f"dropout is {self.dropout}; expected a probability from 0 to below 1"
            )


SCN_PRESETS: dict[str, SCNConfig] = {
    # The paper's equations with the values of its runs at batch 1024.
    "paper": SCNConfig(),
    # The same with the smaller margin the authors advise for a batch of 64.
    "paper_batch_64": SCNConfig(delta_1=0.07),
    # The official code as it runs by default: both losses at full weight, biases, the whole batch relabeled.
    "official": SCNConfig(loss_rule="sum", relabel_group="all", bias=True),
}


# --- TCL ----------------------------------------------------------------------

Strategy = Literal[
    "nearest", "fully_synthesized", "semi_synthesized", "prediction_based"
]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
CenterDistance = Literal["half_square", "euclidean"]
BatchReduction = Literal["mean", "sum"]


@dataclass(frozen=True)
class TCLConfig:
    """Hyper-parameters; the paper's own values are not known to us, so every default is our choice.

    Attributes:
        negatives: which center a sample is pushed from; the nearest wrong class's,
            one put together of several, or that of the class the network finds likeliest.
        lambda_: weight of the triplet-center loss beside the cross-entropy, 0 or more.
        distance: how far a sample is from a center: "half_square", half the squared distance, or "euclidean", the
            plain one, as in the code of He et al.
        margin: how much farther the negative must be than the own center, above 0.  A margin belongs to its distance.
            In half squares μ asks for μ/r of plain distance, r being the mean of the two distances: among faces 14 from
            their centers, half squares of 98, a margin of 1 asks for 0.07, which is next to none.
        reduction: "mean" over the batch, as in the code of He et al., or "sum", as we recall their formula.
        select_fraction: share of the dimensions that the attention selects in semi_synthesized, from 0 to 1.
        pixel_attention: pool the feature map by learned weights of its positions instead of their average.
        element_attention: weight the dimensions of the distances by learned coefficients instead of ones.
        normalize_attention: divide a sample's coefficients by their mean before they weight its distances.  Without
            that, all of them fading to zero brings the loss down to the margin, and nothing is learned any more.
        center_lr_scale: how many times the network's learning rate the centers have, above 0.

    Raises:
        ValueError: a value outside the range given above.

    >>> TCLConfig(reduction="none")
    Traceback (most recent call last):
    ...
    ValueError: reduction is 'none'; expected one of 'mean', 'sum'
    """

    negatives: Strategy = "fully_synthesized"
    lambda_: float = 0.1
    distance: CenterDistance = "half_square"
    margin: float = 1.0
    reduction: BatchReduction = "mean"
    select_fraction: float = 0.5
    pixel_attention: bool = True
    element_attention: bool = True
    normalize_attention: bool = True
    center_lr_scale: float = 10.0

    def __post_init__(self) -> None:
        check_one_of("negatives", self.negatives, STRATEGIES)
        if not self.lambda_ >= 0:
            raise ValueError(
                f"lambda_ is {self.lambda_}; expected a weight of 0 or more"
            )
        check_one_of("distance", self.distance, get_args(CenterDistance))
        if not self.margin > 0:
            raise ValueError(
                f"margin is {self.margin}; expected a distance above 0"
            )
        check_one_of("reduction", self.reduction, get_args(BatchReduction))
        if not 0 <= self.select_fraction <= 1:
            raise ValueError(
                f"select_fraction is {self.select_fraction}; expected a share from 0 to 1"
            )
        if not self.center_lr_scale > 0:
            raise ValueError(
                f"center_lr_scale is {self.center_lr_scale}; centers have to move, so give more than 0"
            )


# One preset a strategy, alike in all else, to be compared; their values are our choice.  "he2018" is the loss of He et
# al. as their partial code has it: plain distances and the mean over the batch.  (Their formula, a sum of half squares,
# we only recall.)  Its margin and λ are our choice too.
TCL_PRESETS: dict[str, TCLConfig] = {
    "fully_synthesized": TCLConfig("fully_synthesized"),
    "semi_synthesized": TCLConfig("semi_synthesized"),
    "prediction_based": TCLConfig("prediction_based"),
    "nearest": TCLConfig("nearest"),
    "he2018": TCLConfig(
        "nearest",
        distance="euclidean",
        pixel_attention=False,
        element_attention=False,
    ),
}


# --- MGLN ---------------------------------------------------------------------

Offset = Literal["channelwise", "official", "deform_conv"]
Frames = Literal["first_middle_apex", "apex"]
Crops = Literal["level", "box"]
TrunkNorm = Literal["own", "shared", "group"]
Initialization = Literal["fan_in", "fan_out"]


@dataclass(frozen=True)
class MGLNConfig:
    """Everything of MGLN that can be chosen.

    Attributes:
        fusion_weight: w in [0, 1]; the decision is w · global scores + (1 − w) · local scores.  The official code adds
            the two, which decides like w = 0.5.
        mixup: parameter of the Beta distribution that mixes the apex faces; 0 switches mixup off, the official code
            uses 1.
        offset: "channelwise", the paper's layer (an offset per channel and pixel); "official", the same as the authors'
            code has it, where a view applies the offsets at other pixels and channels than they were predicted for; or
            "deform_conv", the deformable convolution of Dai et al. 2017 (an offset per kernel tap and pixel).
        frames: "first_middle_apex", or "apex" to show the apex three times: a still face without movement.
        gfm_channels: channels after each convolution of the GFM: three 3x3, then two 1x1.
        lst_channels: channels of the 1x1 convolutions of an LST block; a last one to a single channel follows.
        lstm_hidden: units of the LSTM, a square number, since its last state is read as a square map.
        lstm_layers: layers of the LSTM.
        part_end_channels: channels of the 1x1 convolutions that follow the concatenated part maps.
        final_relu: also put a ReLU behind the last convolution of both modules, as the official code does.
        lst_relu: also put a ReLU behind the last convolution of an LST block, before its LSTM, as the official code
            does.
        crops: "level", our reading: parts are cut out in the face's own frame, turned upright; or "box", the official
            code's: an upright box around the part's landmarks, squeezed to the crop's size.
        part_widths: of level crops, width of the eyes, nose and mouth boxes, in distances between the eye centers.
        box_margin: of box crops, pixels of the picture around the landmarks; the official code's 5 are those of a
            picture several times as large as a face of 128 pixels.
        initialization: "fan_in" is He's (our choice), "fan_out" the official code's; see the network's convolutions.
        trunk_norm: where the trunk has batch normalization: "own", every kind of pictures (faces, eyes, noses, mouths)
            is evaluated with averages of its own; "shared", all with the same, which fit none of them; "group", group
            normalization in its place, which has no averages.  The paper's trunk has no normalization.

    Raises:
        ValueError: a value outside its range.
    """

    fusion_weight: float = 0.5
    mixup: float = 0.0
    offset: Offset = "channelwise"
    frames: Frames = "first_middle_apex"
    gfm_channels: tuple[int, int, int, int, int] = (256, 128, 64, 32, 16)
    lst_channels: tuple[int, int] = (256, 128)
    lstm_hidden: int = 256
    lstm_layers: int = 3
    part_end_channels: tuple[int, int] = (32, 16)
    final_relu: bool = False
    lst_relu: bool = False
    crops: Crops = "level"
    part_widths: tuple[float, float, float] = (2.4, 0.7, 1.5)
    box_margin: float = 5.0
    initialization: Initialization = "fan_in"
    trunk_norm: TrunkNorm = "own"

    def __post_init__(self) -> None:
        if not 0 <= self.fusion_weight <= 1:
            raise ValueError(
                f"fusion_weight is {self.fusion_weight}; expected a share of the decision, from 0 to 1"
            )
        if not self.mixup >= 0:
            raise ValueError(
                f"mixup is {self.mixup}; expected the parameter of a Beta distribution, or 0 for no mixup"
            )
        check_one_of("offset", self.offset, get_args(Offset))
        check_one_of("frames", self.frames, get_args(Frames))
        check_one_of("crops", self.crops, get_args(Crops))
        check_one_of(
            "initialization", self.initialization, get_args(Initialization)
        )
        check_one_of("trunk_norm", self.trunk_norm, get_args(TrunkNorm))
        if not self.box_margin >= 0:
            raise ValueError(
                f"box_margin is {self.box_margin}; expected pixels around the landmarks, 0 or more"
            )
        if (
            self.lstm_hidden < 1
            or math.isqrt(self.lstm_hidden) ** 2 != self.lstm_hidden
        ):
            raise ValueError(
                f"lstm_hidden is {self.lstm_hidden}; expected a square number such as 64 or 256"
            )
        if not min(self.part_widths) > 0:
            raise ValueError(
                f"part_widths are {self.part_widths}; expected three positive multiples of the eye distance"
            )


MGLN_PRESETS: dict[str, MGLNConfig] = {
    # The paper as we read it: two tasks weighted equally, scores free to be negative, no mixup.
    "paper": MGLNConfig(),
    # The authors' code: mixup Beta(1, 1) of the apex faces, a ReLU behind every last convolution too, its offset layer,
    # crops and initialization.
    "official": MGLNConfig(
        mixup=1.0,
        offset="official",
        final_relu=True,
        lst_relu=True,
        crops="box",
        initialization="fan_out",
    ),
    # Ours, for small images and a CPU: fewer channels, one LSTM layer.
    "small": MGLNConfig(
        gfm_channels=(48, 48, 48, 32, 32),
        lst_channels=(48, 32),
        lstm_hidden=64,
        lstm_layers=1,
        part_end_channels=(32, 32),
    ),
}


# --- G2RL ---------------------------------------------------------------------

Peak = Literal["intensity", "density"]
AdjacencyKind = Literal["gaussian", "inverse", "nearest"]


@dataclass(frozen=True)
class G2RLConfig:
    """Everything of G2RL that can be chosen.

    Attributes:
        lambda_: λ in [0, 1] of L = λ L_G + (1 − λ) L_S; 0 switches the geometry off.
        sigma: σ of the Gaussians, in pixels of the heatmap.
        peak: height of a target's peak: "intensity" (I itself) or "density" (I / (2πσ²), the paper's formula).
        deconv_channels: channels of the 4 × 4, stride 2 deconvolutions; each doubles the resolution.
        adjacency: how distances d become weights: "gaussian" is exp(−d²/(2s²)), "inverse" 1/(1 + d/s), and "nearest" 1
            between near nodes and 0 between others.
        adjacency_scale: the length s, in mean distances between the nodes.
        neighbors: how many neighbors "nearest" joins to a node.
        gcn_channels: channels of the three graph convolutions.
        node_channels: channels after the 1 × 1 convolution over the nodes.
        fc_sizes: sizes of the first two fully connected layers.
        geometry_dim: length of G, the last fully connected layer's size.
        standardize: give every dimension of G mean 0 and variance 1 over the batch.  L_G alone is smallest when G is
            the same for every face, and nothing in the loss as we read it forbids that; this does.  Our remedy.
        geometry_epochs: in so many epochs geometry learns to say the intensities from the landmarks and guides nothing;
            from then on it is held and only guides.  0: it learns from L_G, together with the features.  Our reading.
        emphasis: weight of a map is 1 + emphasis · I, against the many absent and few strong AUs; 0 weighs all alike.

    Raises:
        ValueError: a value outside its range.
    """

    lambda_: float = 0.5
    sigma: float = 2.0
    peak: Peak = "intensity"
    deconv_channels: tuple[int, ...] = (256, 128, 64)
    adjacency: AdjacencyKind = "gaussian"
    adjacency_scale: float = 0.5
    neighbors: int = 6
    gcn_channels: tuple[int, int, int] = (64, 64, 64)
    node_channels: int = 16
    fc_sizes: tuple[int, int] = (512, 256)
    geometry_dim: int = 128
    standardize: bool = False
    geometry_epochs: int = 0
    emphasis: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.lambda_ <= 1:
            raise ValueError(
                f"lambda_ is {self.lambda_}; expected a share from 0 (heatmaps alone) to 1"
            )
        for name in (
            "sigma",
            "adjacency_scale",
            "neighbors",
            "node_channels",
            "geometry_dim",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; expected a positive number"
                )
        check_one_of("peak", self.peak, get_args(Peak))
        check_one_of("adjacency", self.adjacency, get_args(AdjacencyKind))
        for name in ("geometry_epochs", "emphasis"):
            if not getattr(self, name) >= 0:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; expected 0 or more"
                )


G2RL_PRESETS: dict[str, G2RLConfig] = {
    # Nearest evidence: the deconvolutions, σ and peak of the first author's AAAI 2020 code; all else is our reading.
    "paper": G2RLConfig(),
    # Ours, for small images and a CPU: 48 pixels become maps of 12 x 12.  Sub-pixel reading makes up for the
    # coarseness, and on a small map a Gaussian covers enough pixels for the all-zero prediction not to be a trap.
    "small": G2RLConfig(
        sigma=1.5,
        deconv_channels=(64,),
        gcn_channels=(16, 16, 16),
        node_channels=4,
        fc_sizes=(128, 64),
        geometry_dim=32,
    ),
}
