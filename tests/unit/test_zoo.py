"""The line-up of lesson 09: what timm says of it, what can be had, and what is drawn of it."""

import io
import os
import re
import warnings
import weakref
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import timm
import torch
from families import SMALL
from PIL import Image
from safetensors.torch import save
from timm.data import resolve_model_data_config
from torchvision import transforms as T
from verdicts import all_different_hints

from classroom.checks import lesson_09 as checks
from helpers import images, models, overlay
from sources import hub, names
from sources.faults import HubError
from tools.notebooks import Client
from topics import metadata, norms, preprocessing, zoo
from topics.zoo import Entry

ROOT = Path(__file__).resolve().parents[2]
TINY = "test_vit.r160_in1k"  # timm's smallest ViT, 0.4 M parameters
URL_PATH = f"/timm/{TINY}/resolve/main/model.safetensors"
NO_HUB = HubError(("허브 없음", "no hub"), ("켜고", "switch it on"))


# --- the table ---


def test_table_says_what_a_real_model_has():
    entry = Entry("reg", "vit_small_patch14_reg4_dinov2.lvd142m")
    (row,) = metadata.table([entry]).values()
    real = timm.create_model(entry.name, pretrained=False, num_classes=0)
    assert row.parameters == sum(p.numel() for p in real.parameters())
    assert (row.licence, row.pooling) == ("apache-2.0", "token")
    assert (row.input_size, row.patch, row.grid) == ((518, 518), (14, 14), (37, 37))
    assert row.prefix_tokens == real.num_prefix_tokens == 5


def test_table_of_the_whole_line_up():
    rows = metadata.table(zoo.LINE_UP)
    assert list(rows) == [entry.label for entry in zoo.LINE_UP] and len(rows) == 11
    licences = {"-", "mit", "apache-2.0", "dinov3-license", "cc-by-nc-4.0"}
    assert {row.licence for row in rows.values()} == licences
    assert rows["DINOv3 S/16"].pooling == "avg" and rows["DINO S/8"].grid == (28, 28)
    same = rows["supervised S/16"], rows["DINO S/16"]  # the lesson calls them the best pair
    assert len({(r.parameters, r.patch, r.grid, r.prefix_tokens) for r in same}) == 1
    config = [timm.get_pretrained_cfg(row.name) for row in same]  # and see the same photo
    assert len({(c.mean, c.std, c.crop_pct, c.interpolation) for c in config}) == 1
    for entry in (*zoo.LINE_UP, zoo.WITH_OUTLIERS):
        assert "?" not in entry.taught
        assert entry.name == models.EMBEDDED or entry.name in timm.list_pretrained()


def test_describing_a_model_stores_no_numbers(monkeypatch):
    built = []
    real = timm.create_model
    monkeypatch.setattr(
        timm, "create_model", lambda *a, **k: built.append(real(*a, **k)) or built[0]
    )
    metadata.describe(zoo.LINE_UP[5])
    assert {p.device.type for p in built[0].parameters()} == {"meta"}


def test_table_can_be_read_aloud():
    """A caption, a head for each column and each row; every cell of each row is there, escaped."""
    table = metadata.table(zoo.LINE_UP[:2])
    row = table["untrained"]._replace(label="<b>&", licence="<i>")
    page = metadata.Table({row.label: row, **table})._repr_html_()
    assert page.count("<caption>") == 1 and page.count('<th scope="col">') == len(table.HEADS)
    assert page.count('<th scope="row">') == page.count("<tr>") - 1 == 3
    assert page.count("<td>") == 3 * (len(table.HEADS) - 1)
    assert (
        '<th scope="row">&lt;b&gt;&amp;<br><small><code>embedded</code>' in page
        and "<td>&lt;i&gt;</td>" in page
    )
    assert "<b>" not in page and "<i>" not in page
    plain = repr(table).splitlines()
    assert (
        plain[2] == "embedded DINO | embedded | DINO + 여러 가지 · DINO and more | 2.7 | mit"
        " | 112 ÷ 8 = 14 × 14 | 1 | token"
    )


# --- what can be had ---


def test_offline_the_rest_is_skipped_in_both_languages(capsys):
    """The whole suite runs with the hub switched off (conftest.py beside the Makefile)."""
    ready = zoo.available(zoo.LINE_UP)
    assert [entry.label for entry in ready] == ["untrained", "embedded DINO"]
    here, ko, ko2, en, en2 = capsys.readouterr().out.splitlines()
    absent = ", ".join(entry.label for entry in zoo.LINE_UP[2:])
    assert here == "여기 있습니다 · here: untrained, embedded DINO"
    assert ko.startswith(f"건너뜁니다: {absent}. 허브 접속이 꺼져 있고(HF_HUB_OFFLINE=1), ")
    assert en.startswith(f"Skipped: {absent}; the hub is switched off (HF_HUB_OFFLINE=1), ")
    assert "다른 모델이 대신하지 않습니다" in ko2 and "Nothing takes their place." in en2


def test_where_nothing_is_here_no_list_says_so(capsys):
    assert zoo.available(zoo.LINE_UP[3:4]) == ()
    assert capsys.readouterr().out.startswith("건너뜁니다: DINO S/16. ")


def test_download_is_announced_with_its_size(monkeypatch, capsys):
    places = {}

    def whereabouts(repositories):
        places.update(dict.fromkeys(repositories, "hub"))
        places["timm/vit_small_patch16_224.dino"] = "cache"
        return places

    monkeypatch.setattr(hub, "whereabouts", whereabouts)
    ready = zoo.available(zoo.LINE_UP[:6])
    assert ready == zoo.LINE_UP[:6] and len(places) == 4
    here, download = capsys.readouterr().out.splitlines()
    assert here.endswith("untrained, embedded DINO, DINO S/16")
    assert download == ("내려받습니다 · to download: supervised S/16, DINO S/8, DINO B/16 (517 MB)")


def test_untrained_timm_model_needs_no_hub(capsys):
    ready = zoo.available([Entry("blank", TINY, pretrained=False)])
    assert [entry.label for entry in ready] == ["blank"]
    assert capsys.readouterr().out == "여기 있습니다 · here: blank\n"


class Answer(Exception):
    def __init__(self, status):
        self.response = SimpleNamespace(status_code=status, headers={})


@pytest.mark.parametrize(
    "error, lost", [(None, 0), (Answer(404), 1), (Answer(503), 3), (OSError("no route"), 3)]
)
def test_one_request_for_all(monkeypatch, error, lost):
    asked = []

    def ask(repository):
        asked.append(repository)
        if error:
            raise error

    monkeypatch.setattr(hub, "_ask_first", ask)
    monkeypatch.setattr(hub, "_cached", lambda name: "file" if name == "b" else None)
    places = hub.whereabouts(["b", "a", "c", "d"])
    assert asked == ["a"] and places.pop("b") == "cache"
    errors = [name for name, place in places.items() if isinstance(place, HubError)]
    assert errors == ["a", "c", "d"][:lost]
    assert all(place == "hub" for name, place in places.items() if name not in errors)


def test_no_request_when_all_is_cached(monkeypatch):
    monkeypatch.setattr(hub, "_ask_first", lambda name: pytest.fail("asked"))
    monkeypatch.setattr(hub, "_cached", lambda name: "file")
    assert hub.whereabouts(["a", "b"]) == {"a": "cache", "b": "cache"}


# --- loading ---


def test_this_model_or_none(capsys):
    with pytest.raises(HubError, match="switched off"):
        models.load_model(TINY, fallback=False)
    with pytest.raises(HubError, match="switched off"):
        zoo.load(Entry("tiny", TINY))
    assert capsys.readouterr().out == ""


def test_what_cannot_be_had_after_all_is_skipped_and_never_replaced(capsys):
    line_up = (zoo.LINE_UP[1], Entry("tiny", TINY), zoo.LINE_UP[0])
    sources = zoo.run_all(lambda model: model.weights.source, line_up)
    assert sources == {"embedded DINO": "embedded", "untrained": "untrained"}
    said = capsys.readouterr().out
    assert said.count("건너뜁니다: tiny.") == 1 and said.count("Skipped: tiny;") == 1


def test_random_weights_are_the_same_in_every_run_and_leave_the_dice_alone(embedded):
    torch.manual_seed(7)
    expected = torch.rand(3)
    one = zoo.load(zoo.LINE_UP[0]).patch_embed.proj.weight
    torch.manual_seed(7)
    two = zoo.load(zoo.LINE_UP[0]).patch_embed.proj.weight
    assert torch.equal(one, two) and torch.equal(torch.rand(3), expected)
    assert not torch.equal(one, embedded.patch_embed.proj.weight)


def test_seeds_of_random_weights_differ_and_come_again():
    first, second = (zoo.load(e).patch_embed.proj.weight for e in zoo.untrained(seeds=2))
    assert not torch.equal(first, second)
    assert torch.equal(first, zoo.load(zoo.LINE_UP[0]).patch_embed.proj.weight)
    assert [e.label for e in zoo.untrained(TINY)] == [f"untrained {i}" for i in range(3)]


def test_a_folder_of_your_own_needs_no_hub(tmp_path, photo, capsys):
    """As timm saves it, head and all: described, found, loaded and drawn under its own name."""
    net = timm.create_model("test_vit", num_classes=3)
    timm.models.save_for_hf(net, tmp_path / "mine", safe_serialization=True)
    entry = Entry("mine", str(tmp_path / "mine"))
    assert metadata.describe(entry).grid == (10, 10)
    assert zoo.available([entry]) == (entry,)
    (look,) = zoo.looks(photo, [entry]).values()
    assert look.caption.endswith("mine (file)") and set(look.maps) == {"attention", "norm"}
    fig = zoo.draw_looks({"mine": look}, "norm", alpha=1)
    assert fig.axes[0].texts[0].get_text().endswith("mine (file)")
    weight = zoo.load(entry).blocks[0].attn.qkv.weight
    assert torch.equal(weight, net.blocks[0].attn.qkv.weight)


def test_one_model_in_memory_at_a_time(monkeypatch):
    """The last one is gone before the next one is even loaded."""
    seen, load = [], zoo.load

    def load_alone(entry):
        assert all(model() is None for model in seen)
        return load(entry)

    monkeypatch.setattr(zoo, "load", load_alone)
    zoo.run_all(lambda model: seen.append(weakref.ref(model)), zoo.LINE_UP[:2])
    assert len(seen) == 2


def test_wrong_name_is_an_error_not_a_skip():
    for ask in (zoo.available, metadata.table):
        with pytest.raises(names.ModelError, match="no such model"):
            ask([Entry("typo", "vit_smal_patch16_224.dino")])


# --- the lesson with a hub within reach ---


def test_lesson_shows_real_models_when_the_hub_has_them(loopback_hub, tmp_path):
    """Every cell of the lesson, with a hub that has one more model and lacks another.

    A tiny architecture with random weights stands in for DINO S/16.
    """
    torch.manual_seed(1)
    server = loopback_hub(URL_PATH, save(timm.create_model("test_vit").state_dict()))
    nb = nbformat.read(ROOT / "notebooks" / "09_models.ipynb", as_version=4)
    nb.cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    # The third cell is the lesson's first own one.
    other = "zoo.LINE_UP = (*zoo.LINE_UP[:2], zoo.Entry('DINO S/16', '{}'), zoo.LINE_UP[7])"
    nb.cells.insert(2, nbformat.v4.new_code_cell(other.format(TINY)))
    hidden = ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "DINO_MODEL")
    env = {key: value for key, value in os.environ.items() if key not in hidden}
    env |= {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path)}
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    client = Client(nb, timeout=120, kernel_name="python3", resources=resources)
    client.execute(env=env)

    texts = {
        cell.source.split("\n")[0]: "".join(
            output.get("text", output.get("data", {}).get("text/plain", ""))
            for output in cell.outputs
            if output.get("name") != "stderr"  # the hub's progress bar
        )
        for cell in nb.cells
    }
    ready = texts["ready = zoo.available(zoo.LINE_UP)"]
    assert "to download: DINO S/16, DINOv2 S/14 reg" in ready
    # 404 of the other one comes to light when it is loaded; it is skipped then, cell by cell.
    likeness = "likeness = zoo.run_all(lambda model: norms.like_pixels(model, photo), ready)"
    for text in (ready, texts["def focus(model):"], texts[likeness]):
        assert "Skipped: DINOv2 S/14 reg; the hub has no such weights (404)." in text
    assert re.search(r"'DINO S/16': '\d+%'", texts["def focus(model):"])
    assert re.search(r"^DINO S/16: longest \d", texts[likeness], re.M)
    # Where it can be had, the second half of the lesson is about DINO S/16, not the embedded one.
    (states,) = (text for start, text in texts.items() if start.startswith("by_label = "))
    blocks, grid = len(timm.create_model("test_vit").blocks), 160 // 16
    assert states == f"({blocks}, 1, {grid * grid}) True\n"
    assert server.requests.count(f"GET {URL_PATH}") == 1  # then from the cache


# --- lengths block by block ---


@pytest.mark.parametrize("family", SMALL)
def test_block_norms_are_those_of_what_leaves_each_block(family, randomised):
    name, side = SMALL[family]
    plain = timm.create_model(name, img_size=side, depth=3, num_classes=0, dynamic_img_size=True)
    model = randomised(plain)
    x = torch.rand(2, 3, side, 2 * side, generator=torch.Generator().manual_seed(0))
    left = []
    hooks = [
        b.register_forward_hook(lambda m, i, output: left.append(output)) for b in model.blocks
    ]
    with torch.no_grad():
        model.forward_features(x)
    for hook in hooks:
        hook.remove()
    lengths = norms.block_norms(model, x)
    assert lengths.shape == (3, 2, 4 * 8) and not lengths.requires_grad
    for block, tokens in enumerate(left):
        expected = (tokens[:, model.num_prefix_tokens :] ** 2).sum(dim=-1).sqrt()
        assert torch.allclose(lengths[block], expected, rtol=1e-4)


def test_norms_of_many_photos_are_those_of_each(embedded, photo):
    other = photo.transpose(Image.Transpose.ROTATE_90)
    both = norms.photos_norms(embedded, [photo, other])
    assert both.shape == (6, 1, 2 * 196)
    for i, one in enumerate((photo, other)):
        alone = norms.block_norms(embedded, images.to_tensor(one, embedded)[0])
        assert torch.equal(both[..., i * 196 : (i + 1) * 196], alone)


def test_untrained_norms_follow_the_pixels(embedded, photo):
    blank = zoo.load(zoo.LINE_UP[0])
    assert norms.like_pixels(blank, photo) > 0.9 > norms.like_pixels(embedded, photo)


def test_share_above_counts_in_medians_of_each_block():
    lengths = torch.tensor([[[1.0, 1, 1, 1, 30]], [[10.0, 10, 10, 25, 40]]])
    for times, expected in ((2, [0.2, 0.4]), (3, [0.2, 0.2]), (5, [0.2, 0]), (30, [0, 0])):
        assert norms.share_above(lengths, times).tolist() == pytest.approx(expected)


# --- preprocessings, and maps in their place ---


def test_overrides_are_settings_of_timms_data_config(embedded, photo):
    """The lesson's bicubic squash, and DINO's own evaluation crop: 256 of 224, in proportion."""
    config = resolve_model_data_config(embedded)
    bicubic = T.InterpolationMode.BICUBIC
    finish = [T.ToTensor(), T.Normalize(config["mean"], config["std"])]
    dino = T.Compose([T.Resize(128, bicubic), T.CenterCrop(112), *finish])
    squash = T.Compose([T.Resize((112, 112), bicubic), *finish])
    tensor, seen = images.to_tensor(photo, embedded, crop_pct=224 / 256)
    assert torch.equal(tensor[0], dino(photo))
    assert abs(seen.height - photo.height * 112 / 128) <= 1 and seen.width == seen.height
    tensor, seen = images.to_tensor(photo, embedded, crop_pct=1.0, crop_mode="squash")
    assert torch.equal(tensor[0], squash(photo)) and seen.size == photo.size


@pytest.mark.parametrize("settings", [{}, {"crop_pct": 0.5}, {"fit": "squash"}])
def test_map_lies_where_the_network_saw_the_photo(embedded, settings):
    photo = images.load_photo("crab.jpg")
    _, seen = images.to_tensor(photo, embedded, **settings)
    m = torch.linspace(0, 1, 196).reshape(14, 14)
    placed = preprocessing.place(m, seen, photo)
    assert placed.shape == (photo.height, photo.width)
    rows, columns = np.nonzero(np.isfinite(placed))
    there = photo.crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    assert there.size == seen.size and len(rows) == seen.width * seen.height
    shift = np.abs(np.asarray(there, float) - np.asarray(seen, float)).mean()
    assert shift < 25  # at most one pixel away; other places differ by 40 and more
    assert np.array_equal(placed[np.isfinite(placed)], overlay.resize_map(m, seen.size).ravel())


def test_difference_over_the_part_that_both_show():
    nan = np.nan
    a = np.array([[nan, 2, 4, 6], [nan, 2, 2, 99]], dtype=np.float32)
    b = np.array([[50, 0, 5, 10], [50, 10, 0, nan]], dtype=np.float32)
    expected = [[nan, 0, 0, 0], [nan, -1, 0, nan]]
    assert np.array_equal(preprocessing.difference(a, b), expected, equal_nan=True)
    assert np.array_equal(preprocessing.difference(b, a), -np.array(expected), equal_nan=True)
    flat = np.ones((2, 4), np.float32)
    assert np.array_equal(preprocessing.difference(flat, flat), np.zeros((2, 4)))


@pytest.mark.parametrize("name", ["crab.jpg", "koala.jpg", "cow.jpg"])
def test_interpolation_matters_less_than_the_crop(embedded, name):
    """What lesson 09 says of its four preprocessings."""
    from helpers import maps

    photo = images.load_photo(name)
    ways = {"post": {"fit": "squash"}, "bicubic": {"crop_pct": 1.0, "crop_mode": "squash"}}
    ways |= {"timm": {}, "DINO": {"crop_pct": 224 / 256}}
    placed = preprocessing.compare(photo, embedded, ways)
    tensor, seen = images.to_tensor(photo, embedded)
    by_hand = preprocessing.place(maps.attention_map(embedded, tensor), seen, photo)
    assert np.array_equal(placed["timm"], by_hand, equal_nan=True)
    change = preprocessing.changes(placed)
    assert change["post"] == 0 and 2 * change["bicubic"] < min(change["timm"], change["DINO"])


# --- figures ---

LONG = "학습 안 됨 · UNTRAINED vit_small_patch16_224.augreg_in21k_ft_in1k (random weights)"
LENGTHS = torch.rand(12, 1, 400, generator=torch.Generator().manual_seed(0)) + 1
LENGTHS[7:, 0, 0] = 40


def placed_on(photo):
    whole = np.linspace(0, 1, photo.width * photo.height, dtype=np.float32)
    whole = whole.reshape(photo.height, photo.width)
    part = np.where(np.arange(photo.width) > 20, whole**2, np.nan)
    return {"post": whole, "bicubic": whole, "timm": part, "DINO": part**2}


FIGURES = {
    "nine models": lambda photo: zoo.draw_side_by_side(
        {entry.label: photo for entry in zoo.LINE_UP},
        weights={entry.label: LONG for entry in zoo.LINE_UP},
    ),
    "two maps": lambda photo: zoo.draw_side_by_side(
        {"a": torch.rand(4, 6), "b": photo}, weights={"a": LONG, "b": "b"}
    ),
    "histogram": lambda photo: norms.draw_histogram(LENGTHS, 10, weights=LONG),
    "histogram, one length": lambda photo: norms.draw_histogram(
        torch.ones(6, 1, 9), 1, weights="w"
    ),
    "differences": lambda photo: preprocessing.draw_differences(
        photo, placed_on(photo), weights=LONG
    ),
    "one preprocessing": lambda photo: preprocessing.draw_differences(
        photo, {"post": placed_on(photo)["post"]}, weights="w"
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_hangul_is_drawn_and_no_text_is_cut_off_or_overlaps(name, photo):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        fig = FIGURES[name](photo)
        png = io.BytesIO()
        fig.savefig(png)
    assert png.tell() < 150_000
    texts = [fig._supxlabel, *(text for ax in fig.axes for text in (ax.title, *ax.texts))]
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    page = fig.bbox
    for box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_each_panel_names_the_weights_that_made_it(photo):
    captions = {entry.label: f"w{i} · {entry.name} (hub)" for i, entry in enumerate(zoo.LINE_UP)}
    fig = zoo.draw_side_by_side({label: photo for label in captions}, weights=captions)
    for ax, (label, caption) in zip(fig.axes, captions.items()):
        assert ax.get_title().endswith(label)
        (under,) = ax.texts
        assert under.get_text().replace("\n", "") == caption.replace(" · ", "")
        assert under.get_position()[1] < 0
    assert fig.get_supxlabel() == "가중치 weights: 그림마다 그 아래에 · under each picture"


@pytest.mark.parametrize("models", [2, 3, 6, 11])
@pytest.mark.parametrize("size", [(90, 60), (60, 60)])
def test_captions_push_nothing_apart(models, size):
    """Pictures of one size, side by side; the last row's captions end just above the foot."""
    labels = [str(i) for i in range(models)]
    photo = Image.new("RGB", size)
    fig = zoo.draw_side_by_side(dict.fromkeys(labels, photo), weights=dict.fromkeys(labels, LONG))
    fig.draw_without_rendering()
    shown = [ax.get_window_extent() for ax in fig.axes[:models]]
    assert {round(box.width) for box in shown} == {round(shown[0].width)}
    lowest = min(text.get_window_extent().y0 for ax in fig.axes for text in ax.texts)
    assert 0 < lowest - fig._supxlabel.get_window_extent().y1 < 0.25 * fig.dpi


def test_no_panel_without_its_weights(photo):
    with pytest.raises(KeyError, match="b"):
        zoo.draw_side_by_side({"a": photo, "b": photo}, weights={"a": "w"})


def test_histogram_draws_shares_and_the_cut_off():
    fig = norms.draw_histogram(LENGTHS, 10, weights="w")
    ax = fig.axes[0]
    mesh = ax.collections[0].get_array()
    assert np.ma.filled(mesh, 0).sum(axis=0) == pytest.approx(np.ones(12))  # every patch is there
    (line,) = ax.patches
    assert line.get_data().values == pytest.approx(10 * np.median(LENGTHS[:, 0], axis=1), rel=0.01)
    assert [text.get_text() for text in ax.texts] == ["0.0%"] * 7 + ["0.2%"] * 5
    low, high = ax.get_ylim()
    assert low < LENGTHS.min() and high > 40  # the outliers are in the picture
    assert fig.get_supxlabel() == "가중치 weights: w"


def test_differences_share_one_scale_and_show_what_was_not_seen(photo):
    placed = placed_on(photo)
    fig = preprocessing.draw_differences(photo, placed, weights="w")
    upper, lower = fig.axes[:4], fig.axes[4:8]
    assert [ax.get_title() for ax in upper] == list(placed)
    assert not lower[0].images  # the first minus itself says nothing
    shown = [ax.images[1] for ax in lower[1:]]
    assert len({image.get_clim() for image in shown}) == 1
    low, high = shown[0].get_clim()
    assert low == -high and high == max(np.abs(image.get_array()).max() for image in shown)
    for ax, m in zip(upper, placed.values()):
        assert np.array_equal(np.ma.getmaskarray(ax.images[1].get_array()), np.isnan(m))
    for ax, m in zip(lower[1:], list(placed.values())[1:]):
        expected = preprocessing.difference(m, placed["post"])
        assert np.array_equal(np.ma.filled(ax.images[1].get_array(), np.nan), expected, True)


# --- exercises ---


def test_check_all_tokens(said):
    row = SimpleNamespace(grid=(37, 37), prefix_tokens=5)
    assert said(checks.check_all_tokens, 37 * 37 + 5, row).startswith(
        "맞습니다! 37 × 37 + 5 = 1374"
    )
    assert said(checks.check_all_tokens, ..., row).startswith("아직 답이 없습니다.")
    wrong = 37 * 37, 37 * 37 + 1, 37 * 37 + 4, 37 + 5, 518, "37 × 37 + 5"
    all_different_hints(said(checks.check_all_tokens, w, row) for w in wrong)


@pytest.mark.parametrize("count", [196, 1960])
def test_check_cutoff(said, count):
    lengths = torch.rand(count, generator=torch.Generator().manual_seed(0)) ** 4 * 10 + 5
    right = lengths.quantile(0.98)
    for answer in (right, float(right), round(float(right), 2)):
        out = said(checks.check_cutoff, answer, lengths)
        assert out.startswith("맞습니다! 2%가") and "\nCorrect! 2% are" in out
    assert said(checks.check_cutoff, ..., lengths).startswith("아직 답이 없습니다.")
    wrong = [
        lengths.quantile(0.02),
        0.98 * lengths.max(),
        right / lengths.median(),
        lengths.median(),
        lengths,
    ]
    hints = [said(checks.check_cutoff, w, lengths) for w in wrong]
    all_different_hints(hints)
    words = "small end", "not of the maximum", "not a multiple", "50.0% of the patches", "no Tensor"
    assert all(word in hint for word, hint in zip(words, hints))


def test_check_kept_width(said):
    where = {"size": (640, 480), "short": 256, "kept": 224}
    for right in (224 / (640 * 256 / 480), 0.66):
        out = said(checks.check_kept_width, right, **where)
        assert out.startswith("맞습니다! 66%가") and "\nCorrect! 66% are left." in out
    assert said(checks.check_kept_width, ..., **where).startswith("아직 답이 없습니다.")
    wrong = 224 / 256, 224 / 640, 1 - 0.65625, 65.625, 224 / (640 * 248 / 480), 0.1, "two thirds"
    all_different_hints(said(checks.check_kept_width, w, **where) for w in wrong)
