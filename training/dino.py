"""DINO, the algorithm (Caron et al. 2021, arXiv:2104.14294): no labels, two networks, many crops.

A *student* and a *teacher* of the same shape see different crops of one picture. The student
learns to give the teacher's answer; the teacher is a slow average of the student. Two brakes keep
both from saying the same thing to every picture: *centring* (no answer may win always) and
*sharpening* (an answer must be an answer).
"""

import copy
import math

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import nn

PATCH, IMAGE = 8, 112


def build_backbone(depth=6, drop_path=0.0):
    """Return the embedded DINO's network, untrained: 112 px, patch 8, 14×14 + 1 = 197 tokens."""
    return VisionTransformer(
        img_size=IMAGE,
        patch_size=PATCH,
        embed_dim=192,
        depth=depth,
        num_heads=6,
        num_classes=0,
        dynamic_img_size=True,
        drop_path_rate=drop_path,
    )


class Head(nn.Module):
    """Projection head (section 3.1): CLS token (B, dim) → K scores and its place on a sphere.

    A score is the cosine between the place (B, bottleneck), of length 1, and one of K prototypes.

    Parameters
    ----------
    norm : bool
        Batch norms after the hidden layers (the reference code's ``use_bn_in_head``). The tokens of
        a fresh network are nearly alike; on a short training with small batches the student then
        does best by answering "all equally likely", the teacher follows, and both stay there.
    free_prototypes : bool
        Let the last layer learn. Held fast (the reference code's ``freeze_last_layer``, here for
        the whole of a short training) the prototypes can't all turn the same way.

    Both brakes are off in lesson 11, to show the collapses they prevent.
    """

    def __init__(
        self, dim=192, out=1024, hidden=512, bottleneck=64, norm=True, free_prototypes=False
    ):
        super().__init__()
        spread = nn.BatchNorm1d if norm else nn.Identity
        self.mlp = nn.Sequential(
            nn.Linear(dim, hidden),
            spread(hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            spread(hidden),
            nn.GELU(),
            nn.Linear(hidden, bottleneck),
        )
        self.prototypes = nn.Parameter(torch.randn(out, bottleneck), requires_grad=free_prototypes)

    def forward(self, token):
        place = F.normalize(self.mlp(token), dim=-1)
        return F.linear(place, F.normalize(self.prototypes, dim=-1)), place


class Hide(nn.Module):
    """Leave out a random share of the patch tokens while training; remember which ones stayed."""

    def __init__(self, share=0.0):
        super().__init__()
        self.share, self.kept = share, None

    def forward(self, tokens):
        batch, count = len(tokens), tokens.shape[1] - 1
        if not (self.training and self.share):  # no chance: to look at a network changes nothing
            self.kept = torch.arange(count, device=tokens.device).expand(batch, count)
            return tokens
        chance = torch.rand(batch, count, device=tokens.device)
        keep = count - int(count * self.share)
        self.kept = chance.argsort(1)[:, :keep].sort(1).values  # (B, kept), places on the grid
        index = F.pad(self.kept + 1, (1, 0))  # the CLS token stays
        return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[2]))


class Network(nn.Module):
    """Backbone and head together; called with a list of crops, each (B, 3, S, S) with its own S.

    Returns, in the order of the crops, lists of scores (B, K), of places (B, bottleneck) and of
    patch tokens (B, kept, dim) with their places on the grid (B, kept). Crops of one size go
    through the backbone together.

    Parameters
    ----------
    hide : float
        Share of the patches that the student doesn't see in its largest crops (Assran et al. 2022,
        arXiv:2204.07141): what is said of the picture can't hang on a few patches, so the CLS token
        learns to look at the whole object; and fewer tokens cost less.
    """

    def __init__(self, backbone, head, hide=0.0):
        super().__init__()
        self.backbone, self.head, self.hide = backbone, head, hide
        backbone.patch_drop = Hide()

    def forward(self, crops):
        found = [None] * len(crops)
        sizes = sorted({c.shape[-1] for c in crops}, reverse=True)
        for size in sizes:
            self.backbone.patch_drop.share = self.hide if size == sizes[0] else 0.0
            where = [i for i, c in enumerate(crops) if c.shape[-1] == size]
            tokens = self.backbone.forward_features(torch.cat([crops[i] for i in where]))
            answer = *self.head(tokens[:, 0]), tokens[:, 1:], self.backbone.patch_drop.kept
            for i, *parts in zip(where, *(a.chunk(len(where)) for a in answer), strict=True):
                found[i] = parts
        return [list(part) for part in zip(*found, strict=True)]


def make_teacher(student):
    """Return a copy of `student` that learns by averaging only, never by gradient."""
    teacher = copy.deepcopy(student).requires_grad_(False)
    teacher.hide = 0.0  # the teacher sees all
    return teacher


@torch.no_grad()
def update_teacher(teacher, student, momentum):
    """Move the teacher towards the student: teacher ← momentum·teacher + (1 − momentum)·student."""
    # All at once: on a GPU a call for each of the hundred tensors would cost more than the sums.
    torch._foreach_lerp_(list(teacher.parameters()), list(student.parameters()), 1 - momentum)


class Loss(nn.Module):
    """Cross-entropy between the teacher's and the student's answers (algorithm 1).

    Parameters
    ----------
    out : int
        Number of answers K.
    student_temp, teacher_temp : float
        Softmax temperatures; the teacher's is lower (sharpening). Cosines with fixed prototypes in
        64 dimensions spread by 1/√64 = 0.125, less than learnt ones would, so both temperatures
        are lower than the paper's 0.1 and 0.04: at those, no student could give a sure answer.
    centre_momentum : float
        Of the running mean of the teacher's scores that is taken off (centring).
    centring, sharpening : bool
        Switch one off to see the collapse it prevents (section 5.3): without centring one answer
        wins for every picture; without sharpening, where the teacher's temperature is no lower than
        the student's, all answers become equally likely.
    """

    def __init__(
        self,
        out=1024,
        student_temp=0.06,
        teacher_temp=0.02,
        centre_momentum=0.9,
        centring=True,
        sharpening=True,
    ):
        super().__init__()
        self.student_temp = student_temp
        self.teacher_temp = teacher_temp if sharpening else student_temp
        self.centre_momentum = centre_momentum
        self.centring = centring
        self.register_buffer("centre", torch.zeros(out))

    def teacher_answers(self, scores):
        """Return centred and sharpened probabilities of the scores (…, K)."""
        return ((scores - self.centre) / self.teacher_temp).softmax(-1)

    def forward(self, student_scores, teacher_scores):
        """Return the loss and what to watch.

        Parameters
        ----------
        student_scores : list of (B, K)
            One a crop; the global crops first, in the teacher's order.
        teacher_scores : list of (B, K)
            One a global crop.

        Returns
        -------
        loss : scalar tensor
        watch : dict
            ``entropy``: mean entropy of one teacher answer (should fall well below ln K);
            ``batch_entropy``: entropy of the mean answer (should stay near ln K).
        """
        answers = [self.teacher_answers(scores) for scores in teacher_scores]
        logs = [(scores / self.student_temp).log_softmax(-1) for scores in student_scores]
        terms = [
            -(answer * log).sum(-1).mean()
            for i, answer in enumerate(answers)
            for j, log in enumerate(logs)
            if i != j
        ]  # never a crop with itself
        self.update_centre(torch.cat(teacher_scores))
        everything = torch.cat(answers)
        loss = torch.stack(terms).mean()
        watch = {
            "loss": loss.item(),
            "entropy": entropy(everything).mean().item(),
            "batch_entropy": entropy(everything.mean(0)).item(),
        }
        return loss, watch

    @torch.no_grad()
    def update_centre(self, scores):
        """centre ← m·centre + (1 − m)·mean of the teacher's scores in this batch (equation 4)."""
        if self.centring:
            self.centre.lerp_(scores.mean(0), 1 - self.centre_momentum)


def koleo(embedded):
    """Spread a batch on the sphere (KoLeo, DINOv2): −mean log distance to the nearest neighbour.

    `embedded` is (B, dim) of unit length. Two pictures at the same place cost without bound, so not
    all can be given one answer.
    """
    closeness = embedded @ embedded.T - 2 * torch.eye(len(embedded), device=embedded.device)
    nearest = closeness.argmax(1)
    return -(embedded - embedded[nearest]).norm(dim=1).clamp(min=1e-6).log().mean()


def entropy(probabilities):
    """Return −Σ p ln p over the last axis, in nats; ln K when all K are equally likely."""
    return -(probabilities * probabilities.clamp(min=1e-12).log()).sum(-1)


def cosine(step, total, start, end, warmup=0):
    """Return the value at `step`: linear from 0 to `start`, then half a cosine to `end`."""
    if step < warmup:
        return start * (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, total - warmup))
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * done))


def share(done, start, end, warmup=0.0):
    """Return the value when a share `done` of the training, 0..1, is over, as `cosine` does."""
    if done < warmup:
        return start * max(done, 1e-3) / warmup
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))
