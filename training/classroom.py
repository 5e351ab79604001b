"""A DINO that a class trains in minutes: the embedded DINO's algorithm, less of everything.

The pictures are ``training.shapes``, the views ``training.scenes``, and the algorithm
``training.dino``, as for the embedded DINO; only the network and the pictures are smaller. Every
experiment of the lesson is one of the `Settings`.
"""

import ctypes
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer

from bilingual import say
from helpers import encoding, maps
from topics.masks import mass_mask
from topics.measure import jaccard
from training import dino
from training.scenes import Scenes

SIZE, LOCAL_SIZE, PATCH = 40, 20, 5  # pixels: a global crop has 8 × 8 patches, a local one 4 × 4
WIDTH, DEPTH, HEADS = 96, 2, 4
GRID = (SIZE // PATCH, SIZE // PATCH)
HIDE = 0.5  # share of a global crop's patches that the student doesn't see
SWAP = 0.5  # share of pairs whose two views stand on different grounds
JITTER = 0.3  # of the colours, 1 as in the paper
SCALE = (0.4, 1.0)  # longer side of the shape, as a share of the scene's
HELD_OUT_SCALE = (0.3, 0.8)  # smaller, as whole pictures are looked at


@dataclass(frozen=True)
class Settings:
    """What a training can be told; the paper's experiments are the switches among them.

    Parameters
    ----------
    steps, batch, lr, warmup : numbers
        How long, on how many pictures at once, at what learning rate (rising for `warmup` steps,
        then falling to a hundredth).
    momentum : float
        Of the teacher; 0 makes the teacher a copy of the student (no EMA).
    centring, sharpening : bool
        DINO's two brakes, see ``dino.Loss``.
    local_crops : int
        Small crops a picture; 0 is no multi-crop.
    koleo : float
        Weight of the spreading term ``dino.koleo``, a third brake.
    norm, free_prototypes : bool
        See ``dino.Head``: two more brakes, which are on with ``norm=True`` and
        ``free_prototypes=False``.
    answers : int
        K, how many answers the head can give.
    seed : int
    """

    steps: int = 300
    batch: int = 32
    lr: float = 1e-3
    warmup: int = 20
    momentum: float = 0.98
    centring: bool = True
    sharpening: bool = True
    local_crops: int = 4
    koleo: float = 0.3
    norm: bool = True
    free_prototypes: bool = False
    answers: int = 128
    seed: int = 0


def build_backbone():
    """Return the untrained network: 40 px, patch 5, so 8 × 8 patches + CLS = 65 tokens."""
    backbone = VisionTransformer(
        img_size=SIZE,
        patch_size=PATCH,
        embed_dim=WIDTH,
        depth=DEPTH,
        num_heads=HEADS,
        num_classes=0,
        dynamic_img_size=True,
    )
    for block in backbone.blocks:
        block.attn.fused_attn = False  # its backward is slow on CPUs
    return backbone


def normalise(pictures):
    """Return pictures in 0..1 as the networks take them, about -2..2."""
    return (pictures - 0.5) / 0.25


def draw_views(scenes, count, local_crops=4):
    """Draw `count` scenes, each seen through two large windows and some small ones.

    Returns
    -------
    list of torch.Tensor
        Two global crops (count, 3, 40, 40) in 0..1, then the local ones (count, 3, 20, 20).
    """
    shape = scenes.place(count, SCALE)
    first, second = scenes.grounds_for(count), scenes.grounds_for(count)
    swap = torch.rand(count, generator=scenes.generator) < SWAP
    second = tuple(
        torch.where(swap.view(-1, *[1] * (a.ndim - 1)), b, a)
        for a, b in zip(first, second, strict=True)
    )
    crops = []
    for i in range(2 + local_crops):
        if i < 2:
            window, size = scenes.windows(count, (0.45, 1.0)), SIZE
        else:
            window, size = scenes.windows(count, (0.12, 0.45), around=shape.centre), LOCAL_SIZE
        picture, _ = scenes.render((first, second)[i % 2], [shape], window, size)
        crops.append(scenes.jitter(picture, JITTER))
    return crops


def held_out(pool, count=128, seed=1):
    """Return pictures (count, 3, 40, 40) in 0..1 and masks (count, 8, 8), never trained on."""
    scenes = Scenes(pool, held_out=True, seed=seed)
    ground, shape = scenes.grounds_for(count), scenes.place(count, HELD_OUT_SCALE)
    window = torch.eye(2, 3).expand(count, 2, 3)
    pictures, mask = scenes.render(ground, [shape], window, SIZE, oversample=2)
    masks = F.avg_pool2d(mask, PATCH)[:, 0]
    # A sliver that covers no patch by half still has its fullest patch: every shape can be found.
    fullest = masks.amax((1, 2), keepdim=True)
    return pictures, (masks >= fullest.clamp(max=0.5)) & (masks > 0)


def look(backbone, pictures):
    """Return the last block's CLS attention of pictures in 0..1, (B, heads, 8, 8)."""
    backbone.eval()
    # A few at a time: the class's laptops have less memory than time.
    rows = torch.cat([encoding.attention(backbone, some) for some in normalise(pictures).split(32)])
    backbone.train()
    return maps.cls_attention(rows, GRID, backbone.num_prefix_tokens)


def best_head(attention, masks, mass=0.6):
    """Pick for every picture the head that finds the shape best, **with the answer in hand**.

    The DINO paper's measure (section 4.2.2): a head's largest patches up to `mass` of its attention
    are its mask.

    Parameters
    ----------
    attention : torch.Tensor
        (B, heads, gh, gw).
    masks : torch.Tensor
        bool (B, gh, gw).

    Returns
    -------
    maps : torch.Tensor
        (B, gh, gw), the best head's attention.
    found : torch.Tensor
        (B,), its Jaccard, 0..1.
    """
    found, best = jaccard(mass_mask(attention, mass), masks[:, None]).max(dim=1)
    return attention[torch.arange(len(best)), best], found


@contextmanager
def one_thread():
    """Let PyTorch use one thread only, for a while.

    So small a network hardly gains by a second one, and on a machine with other work the threads
    keep waiting for each other: a step then took nine times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Training:
    """One training, and how far it has come.

    Parameters
    ----------
    pool : dict
        From ``shapes.draw_pool``.
    settings : keywords
        Of `Settings`.

    Attributes
    ----------
    student, teacher : dino.Network
    loss : dino.Loss
    optimizer : torch.optim.AdamW
    scenes : training.scenes.Scenes
    step : int
        Steps taken.
    curves : dict
        ``loss``, ``entropy`` and ``batch_entropy``: one number a step, see ``dino.Loss``.
    """

    def __init__(self, pool, **settings):
        self.settings = s = Settings(**settings)
        torch.manual_seed(s.seed)
        head = dino.Head(WIDTH, s.answers, 256, norm=s.norm, free_prototypes=s.free_prototypes)
        self.student = dino.Network(build_backbone(), head, HIDE)
        self.teacher = dino.make_teacher(self.student)
        self.loss = dino.Loss(s.answers, centring=s.centring, sharpening=s.sharpening)
        learnt = [p for p in self.student.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(learnt, weight_decay=0.04)
        self.scenes = Scenes(pool, seed=s.seed)
        self.step, self.curves = 0, {"loss": [], "entropy": [], "batch_entropy": []}

    @property
    def caption(self):
        """What a figure says of these weights."""
        made, steps = say("이 수업에서 학습", "trained in this lesson"), say("스텝", "steps")
        return f"{made} ({self.step} {steps})"

    def draw_crops(self):
        """Return the crops of one batch, as the networks take them."""
        s = self.settings
        return [normalise(c) for c in draw_views(self.scenes, s.batch, s.local_crops)]

    def set_rate(self):
        """Set the learning rate of this step."""
        s = self.settings
        for group in self.optimizer.param_groups:
            group["lr"] = dino.cosine(self.step, s.steps, s.lr, s.lr / 100, s.warmup)

    def advance(self):
        """Take one step: views, answers, loss, student by gradient, teacher by averaging."""
        self.set_rate()
        crops = self.draw_crops()
        with torch.no_grad():
            answers, *_ = self.teacher(crops[:2])
        guesses, places, *_ = self.student(crops)
        loss, watch = self.loss(guesses, answers)
        spread = sum(dino.koleo(place) for place in places[:2])
        self.optimizer.zero_grad()
        (loss + self.settings.koleo * spread).backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 3.0)
        self.optimizer.step()
        dino.update_teacher(self.teacher, self.student, self.settings.momentum)
        self.step += 1
        for name, curve in self.curves.items():
            curve.append(watch.get(name, loss.item()))

    @one_thread()
    def run(self, steps, show=None, every=20):
        """Take `steps` steps; call ``show(self)`` every so often and at the end."""
        for i in range(1, steps + 1):
            self.advance()
            if show and (i % every == 0 or i == steps):
                show(self)
        # Steps leave some 70 MB of freed scraps that the C library (glibc) keeps for later.
        with suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)

    def look(self, pictures):
        """Return where the teacher's CLS token looks, see `look`."""
        return look(self.teacher.backbone, pictures)

    def jaccard(self, pictures, masks):
        """Return the mean Jaccard of the teacher's best head, see `best_head`, 0..1."""
        return best_head(self.look(pictures), masks)[1].mean().item()
