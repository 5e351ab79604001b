"""Whoever presses ■ amid a cell finds the model as it was: no hooks, the same tokens."""

import linecache
import signal
import sys
import time

import pytest
import torch

import explorer
from explorer import data
from helpers import encoding, maps
from helpers.encoding import attention, encode
from helpers.images import to_tensor
from topics import deletion, norms, search


@pytest.fixture(scope="module")
def seen(embedded, photo):
    return to_tensor(photo, embedded)[0]


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def state(model, seen):
    with torch.no_grad():
        tokens = model.forward_features(seen)
    fused = [block.attn.fused_attn for block in model.blocks]
    grads = [p.requires_grad for p in model.parameters()]
    return hooks(model), fused, grads, model.training, torch.is_grad_enabled(), tokens


def same(before, after):
    return before[:5] == after[:5] and torch.equal(before[5], after[5])


CALLS = {
    "encode": lambda model, seen, photo: encode(model, seen),
    "encode one block": lambda model, seen, photo: encode(model, seen, 2),
    "attention": lambda model, seen, photo: attention(model, seen),
    "attention of all": lambda model, seen, photo: encoding.attention_rows(
        model, seen, None, (0, 5)
    ),
    "queries and keys": lambda model, seen, photo: encoding.queries_keys(model, seen),
    "norms": lambda model, seen, photo: norms.block_norms(model, seen),
    "norm map": lambda model, seen, photo: maps.norm_map(model, seen),
    "attention map": lambda model, seen, photo: maps.attention_map(model, seen),
    "explorer": lambda model, seen, photo: explorer.explore(photo, model),
    "explorer's block": lambda model, seen, photo: data.block_data(model, seen, 1),
    "search": lambda model, seen, photo: search.describe(model, seen),
    "deletion": lambda model, seen, photo: deletion.curve(model, seen, maps.norm_map(model, seen)),
}


HOUSES = "helpers", "topics", "explorer", "timm"


def lines(call):
    """How many lines of our own and of timm's a call runs."""
    count = 0

    def count_line(frame, event, arg):
        nonlocal count
        count += event == "line"
        return count_line

    sys.settrace(lambda frame, *_: count_line if _ours(frame) else None)
    try:
        call()
    finally:
        sys.settrace(None)
    return count


def _ours(frame):
    return any(f"/{house}/" in frame.f_code.co_filename for house in HOUSES)


def _with(frame):
    """Whether a line is a ``with``, whose end no Python program can guard: torch.no_grad's, too."""
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith("with ")


def interrupted(call, at):
    """Make a call in which the reader interrupts at the `at`-th line; whether that came through."""
    count = 0

    def press(frame, event, arg):
        nonlocal count
        count += event == "line"
        if event == "line" and count >= at and not _with(frame):
            raise KeyboardInterrupt
        return press

    sys.settrace(lambda frame, *_: press if _ours(frame) else None)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_interrupted_anywhere(name, embedded, seen, photo):
    """At a dozen lines spread over the call."""
    before = state(embedded, seen)

    def call():
        CALLS[name](embedded, seen, photo)

    total = lines(call)
    came = 0
    for at in sorted({1 + total * i // 12 for i in range(12)}):
        came += interrupted(call, at)
        assert same(before, state(embedded, seen)), f"line {at} of {total}"
    assert came >= 8
    call()  # and it works when it is run again


def test_interrupting_a_kernel_in_a_long_loop(embedded, seen):
    """A real interrupt, in a thread's time: the signal that Jupyter's ■ sends."""
    import _thread
    import threading

    before = state(embedded, seen)
    # Ignored where the tests were started with "&"; the loop would have no end.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # Python drops an interrupt that comes amid a weak reference's callback: press again then.
        presses = [threading.Timer(0.3 + 5 * i, _thread.interrupt_main) for i in range(5)]
        for press in presses:
            press.start()
        until = time.monotonic() + 60
        with pytest.raises(KeyboardInterrupt):
            while time.monotonic() < until:
                attention(embedded, seen)
    finally:
        for press in presses:
            press.cancel()
        signal.signal(signal.SIGINT, usual)
    assert same(before, state(embedded, seen))


def test_interrupting_the_search_keeps_what_it_has(embedded, tmp_path, monkeypatch, photo):
    paths = []
    for i in range(6):
        paths.append(tmp_path / f"{i}.png")
        photo.rotate(i * 20).save(paths[-1])
    index, calls, describe = tmp_path / "index.sqlite", [], search.describe

    def press(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return describe(*args)

    monkeypatch.setattr(search, "describe", press)
    with pytest.raises(KeyboardInterrupt):
        search.index_photos(paths, embedded, batch_size=2, index=index, progress=False)
    monkeypatch.undo()
    again = search.index_photos(paths, embedded, batch_size=2, index=index, progress=False)
    assert (again.photos, again.encoded) == (6, 2)
