"""Maps against plain torch, the blog post's recipe end to end, and no scrambled grids."""

import numpy as np
import pytest
import torch
import torchvision.transforms as T
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from bilingual import BadInput
from helpers import encoding, images, maps, overlay
from topics import rollout


def test_token_norm_is_three_lines_of_plain_torch(embedded):
    tensor = torch.rand(2, 3, 112, 112)
    outputs = embedded.forward_features(tensor)
    patch_tokens = outputs[:, 1:, :]
    expected = torch.norm(patch_tokens, dim=-1).reshape(2, 14, 14)

    encoded = encoding.encode(embedded, tensor)
    assert torch.equal(maps.token_norm(encoded.patch_tokens, encoded.grid), expected)


def test_a_plain_grey_picture_still_takes_all_the_colours(embedded):
    """What lesson 00 says of min-max: with nothing to see, the map still runs from 0 to 1."""
    grey = Image.new("RGB", (400, 300), "gray")
    m = maps.norm_map(embedded, images.to_tensor(grey, embedded, fit="squash")[0])
    assert (m.min(), m.max()) == (0, 1)


@pytest.fixture(scope="module")
def cat():
    return images.load_photo("cat.jpg")


@pytest.fixture(scope="module")
def posts_map(embedded, cat):
    """The code of the blog post, with the embedded DINO's 112 pixels for 224."""
    transform = T.Compose(
        [
            T.Resize((112, 112)),
            T.ToTensor(),
            T.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    img_tensor = transform(cat).unsqueeze(0)
    with torch.no_grad():
        outputs = embedded.forward_features(img_tensor)
        patch_tokens = outputs[:, 1:, :]
        attn_map = torch.norm(patch_tokens, dim=-1).reshape(14, 14)
        return (attn_map - attn_map.min()) / (attn_map.max() - attn_map.min())


def test_the_posts_map_end_to_end(embedded, cat, posts_map):
    tensor, _ = images.to_tensor(cat, embedded, "squash")
    assert torch.equal(maps.norm_map(embedded, tensor), posts_map)


def test_maps_of_an_earlier_block(embedded, cat):
    tensor, _ = images.to_tensor(cat, embedded)
    encoded = encoding.encode(embedded, tensor, 2)
    norms = maps.token_norm(encoded.patch_tokens, encoded.grid)[0]
    assert torch.equal(maps.norm_map(embedded, tensor, 2), maps.min_max(norms))
    rows = encoding.attention(embedded, tensor, 2)
    looks = maps.cls_attention(rows, encoded.grid, encoded.num_prefix_tokens)[0].mean(0)
    assert torch.equal(maps.attention_map(embedded, tensor, 2), maps.min_max(looks))
    for map_of in (maps.norm_map, maps.attention_map):
        with pytest.raises(BadInput, match="블록 번호는.*\n.*Blocks are 0 to 5"):
            map_of(embedded, tensor, block=99)


@pytest.mark.parametrize(
    "scale, tolerance",
    [
        ({"vmin": 0, "vmax": 1}, 1),  # the same scale as ours: only rounding is left
        ({}, 8),  # the post's own imshow, which stretches the resized map once more
    ],
)
def test_the_posts_overlay_end_to_end(cat, posts_map, scale, tolerance):
    resized = np.array(
        Image.fromarray(posts_map.numpy()).resize(cat.size, resample=Image.Resampling.BILINEAR)
    )
    fig = Figure(figsize=(cat.width / 100, cat.height / 100), dpi=100)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.axis("off")
    ax.imshow(cat, aspect="auto")
    ax.imshow(resized, cmap="jet", alpha=0.5, aspect="auto", **scale)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    posts = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)

    ours = np.asarray(overlay.blend(cat, posts_map, alpha=0.5, cmap="jet")).astype(int)
    assert ours.shape == posts.shape and np.abs(ours - posts).max() <= tolerance


def test_cls_attention_leaves_the_prefix_out():
    rows = torch.arange(2 * 3 * 2 * 17.0).reshape(2, 3, 2, 17)  # 5 prefix tokens, 12 patches
    m = maps.cls_attention(rows, (3, 4), num_prefix_tokens=5)
    assert m.shape == (2, 3, 3, 4)
    assert torch.equal(m[1, 2], rows[1, 2, 0, 5:].reshape(3, 4))


def test_photo_attention_is_the_mean_of_the_heads(embedded):
    tensor = torch.rand(1, 3, 64, 96)
    rows = encoding.attention(embedded, tensor)[0, :, 0, 1:].reshape(6, 8, 12)
    expected = rows.mean(dim=0)
    expected = (expected - expected.min()) / (expected.max() - expected.min())
    assert torch.allclose(maps.attention_map(embedded, tensor), expected, atol=1e-6)


@pytest.mark.parametrize("row, column", [(0, 6), (3, 0), (2, 5)])
def test_non_square_grid_is_not_scrambled(row, column):
    """One long token; its map, and the picture made of it, are bright in that very place."""
    grid = gh, gw = 4, 7
    tokens = torch.ones(1, gh * gw, 8)
    tokens[0, row * gw + column] = 5
    m = maps.min_max(maps.token_norm(tokens, grid))[0]
    assert m.shape == grid and torch.nonzero(m).tolist() == [[row, column]]

    photo = Image.new("RGB", (gw * 10, gh * 10))
    grey = np.asarray(overlay.blend(photo, m, alpha=1, cmap="gray", smooth=False))[..., 0]
    expected = np.zeros((gh * 10, gw * 10))
    expected[row * 10 : row * 10 + 10, column * 10 : column * 10 + 10] = 255
    assert np.array_equal(grey, expected)


def test_min_max_scales_each_map_on_its_own():
    m = torch.tensor([[[1.0, 3.0], [2.0, 1.0]], [[-10.0, 0.0], [10.0, 5.0]]])
    expected = torch.tensor([[[0, 1], [0.5, 0]], [[0, 0.5], [1, 0.75]]])
    assert torch.equal(maps.min_max(m), expected)


def test_min_max_of_a_constant_map_is_zero():
    assert torch.equal(maps.min_max(torch.full((2, 3, 4), 7.0)), torch.zeros(2, 3, 4))


def test_wrong_grid_names_the_numbers():
    expected = r"There are 12 patch tokens, but the grid has 3 × 5 = 15\."
    with pytest.raises(ValueError, match=expected):
        maps.token_norm(torch.zeros(1, 12, 8), (3, 5))
    with pytest.raises(ValueError, match=expected):
        maps.cls_attention(torch.zeros(1, 6, 1, 13), (3, 5), 1)


@pytest.mark.parametrize("make", [maps.norm_map, maps.attention_map, rollout.rollout_map])
def test_a_map_is_of_one_picture(embedded, make):
    """Of several the first would come out, and nobody would know."""
    with pytest.raises(ValueError, match="One picture at a time, not 2"):
        make(embedded, torch.rand(2, 3, 112, 112))
