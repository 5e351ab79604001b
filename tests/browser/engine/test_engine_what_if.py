"""What the engine computes of a changed network is what Python's interventions do."""

import numpy as np
import pytest
import torch

from explorer.interventions import WhatIf, forward, untrained
from helpers.encoding import encode
from helpers.images import load_photo, to_tensor
from tests.browser.engine.packed import difference, floats, picture
from tools import lab
from topics.rollout import rollout_row

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None, reason="no Chromium on this machine")

# Of 8 × 12 patches.
CHANGES = {
    "heads": WhatIf(heads_off=[(1, 0), (1, 3), (5, 2)]),
    "blocks": WhatIf(blocks_off=[0, 4]),
    "masked": WhatIf(masked=[0, 37, 38, 95]),
    "removed": WhatIf(removed=[0, 37, 38, 95]),
    "order": WhatIf(order=list(np.random.default_rng(0).permutation(96))),
    "cls": WhatIf(cls=False),
    "position": WhatIf(position=False),
    "all": WhatIf([(2, 1)], [3], list(range(95, -1, -1)), [5, 6], [7, 90], False, False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_if_is_pythons(ask, embedded, engine, change):
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, "whole", 64)
    what_if = CHANGES[change]
    question = {
        "headsOff": what_if.heads_off,
        "blocksOff": what_if.blocks_off,
        "order": what_if.order and [int(i) for i in what_if.order],
        "masked": what_if.masked,
        "removed": what_if.removed,
        "cls": what_if.cls,
        "position": what_if.position,
    }
    answer = ask(engine, picture=picture(tensor), whatIf=question)
    blocks, plain = forward(embedded, tensor, what_if), forward(embedded, tensor)
    for index, block in enumerate(blocks):
        tokens, attention = difference(answer, index, block, 6)
        assert tokens <= 1e-5 and attention <= 5e-6, (index, tokens, attention)
    same = blocks[-1].tokens.shape == plain[-1].tokens.shape
    assert not same or not torch.allclose(blocks[-1].tokens, plain[-1].tokens, atol=1e-2)


def test_the_untrained_network_is_pythons(ask, embedded, engine):
    """Its weights are made in the page, and changed as the trained ones are."""
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, "whole", 64)
    answer = ask(engine, picture=picture(tensor), untrained=True, whatIf={"blocksOff": [2]})
    for index, block in enumerate(forward(untrained(embedded), tensor, WhatIf(blocks_off=[2]))):
        tokens, attention = difference(answer, index, block, 6)
        assert tokens <= 2e-5 and attention <= 5e-6, (index, tokens, attention)
    trained = ask(engine, picture=picture(tensor))
    assert difference(trained, 5, block, 6)[0] > 0.1


def test_rollout_passes_by_a_block(ask, embedded, engine):
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, size=64)
    answer = ask(engine, picture=picture(tensor), whatIf={"blocksOff": [1]}, **{"from": 0})
    blocks = forward(embedded, tensor, WhatIf(blocks_off=[1]))
    row = rollout_row([(b.q, b.k) for b in blocks if b.q is not None])[0]
    assert np.abs(floats(answer["rollout"]) - row.numpy()).max() <= 1e-6


def test_untouched_is_timm(embedded):
    tensor, _ = to_tensor(load_photo("cat.jpg"), embedded, "whole", 64)
    for index, block in enumerate(forward(embedded, tensor)):
        assert (block.tokens - encode(embedded, tensor, index).tokens).abs().max() <= 1e-5
