"""A model's twin, to look inside while the model itself stays as it is."""

import copy


def twin(module):
    """The module again, of the same weights but with hooks of its own.

    Hooks are for reading what happens amid a forward pass. On the reader's own model they would
    stay if the cell is interrupted before they are taken away; a twin is thrown away with them.

    Parameters
    ----------
    module : torch.nn.Module

    Returns
    -------
    torch.nn.Module
        Takes no memory to speak of: parameters and buffers are the very same tensors.
    """
    again = copy.copy(module)
    for name, value in list(vars(again).items()):
        if isinstance(value, dict):  # of hooks, parameters, buffers and parts
            vars(again)[name] = value.copy()
    for name, part in again._modules.items():
        again._modules[name] = None if part is None else twin(part)
    return again
