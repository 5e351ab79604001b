"""No test of the models may warn."""

import warnings

import pytest


@pytest.fixture(autouse=True)
def no_warnings():
    """A learner should never see a warning that nobody explains."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
