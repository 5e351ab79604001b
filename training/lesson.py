"""A DINO that a class trains in minutes: the embedded DINO's algorithm, less of everything.

The pictures and their crops are ``training.shapes``; the algorithm is ``training.dino``, on which
the embedded DINO was trained, too, with more terms. Every experiment of the lesson is one of the
`Settings`, and the reader's own loss and average may take the place of ours.
"""

from contextlib import contextmanager
from dataclasses import dataclass

import torch
from timm.models.vision_transformer import VisionTransformer

from bilingual import say
from helpers import encoding, maps
from topics.masks import mass_mask
from topics.measure import centre_map, jaccard
from training import dino
from training.scenes import Scenes
from training.shapes import GRID, PATCH, SIZE, draw_views, normalise

WIDTH, DEPTH, HEADS = 96, 2, 4
HIDE = 0.5  # share of a global crop's patches that the student doesn't see


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
    (B, heads, gh, gw) are its mask. Returns the best heads' maps (B, gh, gw) and their Jaccard with
    `masks`, bool (B, gh, gw): (B,) in 0..1.
    """
    found, best = jaccard(mass_mask(attention, mass), masks[:, None]).max(dim=1)
    return attention[torch.arange(len(best)), best], found


def baselines(pictures, masks, seeds=3):
    """What `best_head` comes to without learning: a map of the middle, and untrained networks.

    Returns
    -------
    dict
        Name → mean Jaccard, 0..1. The seeds are others than that of a training.
    """
    middle = jaccard(mass_mask(centre_map(GRID)), masks).mean().item()
    found = {say("가운데", "centre"): middle}
    with torch.random.fork_rng([]):
        for seed in range(1, seeds + 1):
            torch.manual_seed(seed)
            attention = look(build_backbone(), pictures)
            name = f"{say('학습 전', 'untrained')} {seed}"
            found[name] = best_head(attention, masks)[1].mean().item()
    return found


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
    loss, average : function, optional
        The reader's: ``loss(student, teacher, centre)`` of two crops' scores (B, K), and
        ``average(old, new, momentum)`` of one of the teacher's weights. Whatever is no function is
        not there, and ours is used.
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

    def __init__(self, pool, loss=None, average=None, **settings):
        self.settings = s = Settings(**settings)
        self.own_loss, self.own_average = (f if callable(f) else None for f in (loss, average))
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

    @property
    def parts(self):
        """Whose loss and average these are, in a line."""
        ours, yours = say("우리 것", "ours"), say("여러분 것", "yours")
        loss, average = (yours if f else ours for f in (self.own_loss, self.own_average))
        return f"{say('손실', 'loss')}: {loss} | EMA: {average}"

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
        centre = self.loss.centre.clone()  # as it is before this batch moves it
        loss, watch = self.loss(guesses, answers)
        if self.own_loss:
            loss = torch.stack(
                [
                    self.own_loss(guess, answer, centre)
                    for i, answer in enumerate(answers)
                    for j, guess in enumerate(guesses)
                    if i != j
                ]
            ).mean()
        spread = sum(dino.koleo(place) for place in places[:2])
        self.optimizer.zero_grad()
        (loss + self.settings.koleo * spread).backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 3.0)
        self.optimizer.step()
        self.follow()
        self.step += 1
        for name, curve in self.curves.items():
            curve.append(watch.get(name, loss.item()))

    @torch.no_grad()
    def follow(self):
        """Move the teacher towards the student."""
        momentum = self.settings.momentum
        if not self.own_average:
            return dino.update_teacher(self.teacher, self.student, momentum)
        for old, new in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
            old.copy_(self.own_average(old, new, momentum))

    @one_thread()
    def run(self, steps, show=None, every=20):
        """Take `steps` steps; call ``show(self)`` every so often and at the end."""
        for i in range(1, steps + 1):
            self.advance()
            if show and (i % every == 0 or i == steps):
                show(self)

    def look(self, pictures):
        """Return where the teacher's CLS token looks, see `look`."""
        return look(self.teacher.backbone, pictures)

    def jaccard(self, pictures, masks):
        """Return the mean Jaccard of the teacher's best head, see `best_head`, 0..1."""
        return best_head(self.look(pictures), masks)[1].mean().item()
