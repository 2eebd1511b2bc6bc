"""The network that looks twice: joints on whole radiographs, then fractures on joints."""

from __future__ import annotations

from dataclasses import dataclass, field

from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.looks import STEP
from fracture_widgets.training.plan import check_at_least


@dataclass(frozen=True)
class Round:
    """A part of a training: epochs at small and at large sizes, and the highest learning rate."""

    small: int
    large: int
    rate: float

    @property
    def epochs(self) -> int:
        """All of them."""
        return self.small + self.large


@dataclass(frozen=True)
class LooksRecipe:
    """How the network that looks twice is trained.

    Each of two rounds (Loshchilov and Hutter, SGDR, ICLR 2017) has a learning rate that rises and
    falls by half a cosine. Fractured joints are all shown twice in an epoch, and all fractures of
    legs and hips once, beside so many other views.
    """

    warm: int = field(default=1, metadata={"help": "epochs of the new layers alone"})
    small: int = field(default=5, metadata={"help": "epochs of all layers from conv3 on"})
    large: int = field(default=2, metadata={"help": "epochs at the larger sizes after them"})
    again_small: int = field(default=6, metadata={"help": "epochs of a second round"})
    again_large: int = field(default=2, metadata={"help": "its epochs at the larger sizes"})
    warm_rate: float = 1e-3  # of the new layers alone
    rate: float = field(default=1.2e-4, metadata={"help": "highest learning rate"})
    again_rate: float = 9e-5  # highest of the second round
    rise: int = 150  # steps until the highest is reached
    decay: float = 0.02
    clip: float = 8.0  # largest norm of all gradients
    kept: float = field(
        default=0.98,
        metadata={
            "help": "share of the weights' running average that stays at every second step; 0 for "
            "the last weights as they are"
        },
    )
    batch: int = 16  # views in a step
    joints: int = 700  # sound ones
    sound_patches: int = 110  # of legs and hips
    limbs: int = 400  # whole radiographs with joints
    others: int = 110  # and without
    several: int = 60  # those with several joints once more
    drawn: int = 60  # drawn joints
    drawn_limbs: int = 20  # and drawn radiographs, whole
    phantoms: int = 120  # that are drawn at all
    limb_sizes: tuple[int, int] = (256, 320)  # in pixels, of whole radiographs, small and large
    joint_sizes: tuple[int, int] = (192, 256)
    strong: bool = field(
        default=True, metadata={"help": "draw no implants, frames and writing into radiographs"}
    )
    legs: bool = field(default=True, metadata={"help": "learn of no leg or hip what is fractured"})
    outlines: bool = field(
        default=True,
        metadata={"help": "learn what is fractured from joints' labels, and from no outlines"},
    )
    tuned: bool = field(
        default=True, metadata={"help": "keep conv3 and conv4 as ImageNet taught them"}
    )
    seed: int = field(default=0, metadata={"help": "of the first weights and every epoch"})
    bfloat16: bool = field(
        default=False,
        metadata={"help": "compute in bfloat16: faster on processors with AMX or AVX512-BF16"},
    )

    def __post_init__(self) -> None:
        check_at_least(
            self, warm=0, small=0, large=0, again_small=0, again_large=0, seed=0, batch=1
        )
        if not 0 <= self.kept < 1:
            raise TrainingError(f"kept lies between 0 and 1. Received: {self.kept}")
        if not self.epochs:
            raise TrainingError("A training has an epoch at least. Received: none")
        sizes = (*self.limb_sizes, *self.joint_sizes)
        if any(size < STEP or size % STEP for size in sizes):
            raise TrainingError(f"Sizes are multiples of {STEP}. Received: {sizes}")

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The parts of the training, each with a learning rate that rises and falls."""
        return (
            Round(self.warm, 0, 0.0),
            Round(self.small, self.large, self.rate),
            Round(self.again_small, self.again_large, self.again_rate),
        )

    @property
    def epochs(self) -> int:
        """All epochs."""
        return sum(part.epochs for part in self.rounds)

    def place(self, epoch: int) -> tuple[int, int]:
        """Return in which round an epoch, from 0, is, and which of its epochs, from 0."""
        for number, part in enumerate(self.rounds):
            if epoch < part.epochs:
                return number, epoch
            epoch -= part.epochs
        return len(self.rounds), epoch

    def sizes(self, epoch: int) -> tuple[int, int]:
        """Return the sides of whole radiographs and of joints in an epoch, from 0."""
        number, within = self.place(epoch)
        large = int(number > 0 and within >= self.rounds[number].small)
        return self.limb_sizes[large], self.joint_sizes[large]

    def is_candidate(self, epoch: int) -> bool:
        """Say whether the weights after an epoch, from 0, may be those that are chosen."""
        number, within = self.place(epoch)
        tuned = number > 0 and within >= self.rounds[number].small - 1
        return tuned or epoch == self.epochs - 1
