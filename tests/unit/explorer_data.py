"""What an explorer sends to the browser, as the browser reads it."""

import torch

VIEW = "application/vnd.jupyter.widget-view+json"


def floats(data, *shape):
    return torch.frombuffer(bytearray(data), dtype=torch.float32).reshape(shape)


def table(data, patches):
    """(rows, N, N), the numbers that the browser reads out of an eight-bit table."""
    low, high = floats(data["ranges"], data["rows"], patches, 2).split(1, dim=-1)
    steps = torch.frombuffer(bytearray(data["bytes"]), dtype=torch.uint8)
    return low + steps.reshape(data["rows"], patches, patches) * (high - low) / 255
