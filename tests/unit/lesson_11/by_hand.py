"""The names of a run's curves, and DINO's loss as a reader writes it."""

CURVES = ("loss", "entropy", "batch_entropy")


def dino_loss(student, teacher, centre):
    p = ((teacher - centre) / 0.02).softmax(-1).detach()
    return -(p * (student / 0.06).log_softmax(-1)).sum(-1).mean()
