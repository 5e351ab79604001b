"""What lesson 11's tests share: the pool of shapes and the stored runs."""

import pytest

from training import experiments, shapes


@pytest.fixture(scope="module")
def pool():
    return shapes.draw_pool()


@pytest.fixture(scope="module")
def stored():
    return experiments.load()["runs"]
