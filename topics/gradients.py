"""A photo in, a map out: what the CLS token hangs on, by gradients alone and without classes.

A gradient needs one number to be the gradient of. In place of a class's score it is how much the
CLS token is like the photo's own, as in label-free feature importance (Crabbé and van der Schaar
2022, arXiv:2203.01928, section 2), with a cosine in place of their product.
"""

import torch

from helpers.encoding import fitting, grid_of, one_photo
from helpers.maps import on_grid


def self_similarity(model, pictures, tensor):
    """Cosine of the CLS tokens of some pictures (B, 3, H, W) to that of one photo: (B,).

    Gradients flow to `pictures`. At the photo itself the cosine is highest: they are 0 there.
    """
    with torch.no_grad():
        own = model.forward_features(tensor)[:, 0]
    return torch.cosine_similarity(model.forward_features(pictures)[:, 0].float(), own.float())


def integrated_gradients(model, tensor, steps=16):
    """Integrated gradients of ``self_similarity``, from a grey picture to the photo.

    Sundararajan, Taly and Yan 2017 (arXiv:1703.01365), section 3: the gradients at the middles of
    `steps` equal parts of the way are averaged and multiplied by the way. What is found in all
    patches adds up to how much the similarity rose (*completeness*), the better the more steps.
    Grey is the mean colour, 0 in the tensor.

    Parameters
    ----------
    model, tensor : timm model, torch.Tensor (1, 3, H, W)
    steps : int, at least 1

    Returns
    -------
    torch.Tensor
        (gh, gw), the sum over each patch's pixels and colours; negative where a patch makes the
        CLS token less like the photo's.

    Raises
    ------
    BadInput
        The tensor has another shape, holds several pictures, or has NaN in it.
    """
    tensor = one_photo(fitting(model, tensor)).detach()
    gh, gw = grid = grid_of(model, tensor)
    total = torch.zeros_like(tensor)
    middles = (torch.arange(steps, device=tensor.device) + 0.5) / steps
    for shares in middles.split(max(1, 1024 // (gh * gw))):  # 1024 patches or so in a batch
        with torch.enable_grad():
            pictures = (tensor * shares.view(-1, 1, 1, 1).to(tensor)).requires_grad_()
            similar = self_similarity(model, pictures, tensor).sum()
            total += torch.autograd.grad(similar, pictures)[0].sum(0, keepdim=True) / steps
    found = (total * tensor).float().sum(1)
    pixels = found.view(gh, found.shape[-2] // gh, gw, found.shape[-1] // gw)
    return on_grid(pixels.sum((1, 3)).flatten(), grid)
