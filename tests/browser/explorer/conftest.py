"""One JupyterLab with explorers for all tests, each from the reset button; Python's own numbers."""

import pytest
from playwright.sync_api import expect

from explorer import data
from helpers import images, maps
from tests.browser.explorer.controls import explorer_at
from tools import lab

# The first is computed in the page, the next two by the kernel, as for a large model.
CELLS = [
    'box = explorer.explore(photo, model, fit="whole")\nbox',  # 14 × 21 patches
    "explorer.network.LIMIT = 0\n"
    "fine = explorer.explore(photo, model, size=480)\nfine",  # 60 × 60 patches
    'far = explorer.explore(photo, model, fit="whole")\nfar',
    "upload(lambda mine: print('seen', mine.size))",
    "explorer.network.LIMIT = 7e6\nexplorer.camera(model)",
]


@pytest.fixture(scope="session")
def notebook(browser, tmp_path_factory):
    """A page with the explorers of ``CELLS``, what it sends to kernels; it makes no error."""
    folder = tmp_path_factory.mktemp("lab")
    lab.write_notebook(folder / "explorer.ipynb", *CELLS)
    with lab.jupyterlab(folder) as address:
        page = browser.new_page(viewport={"width": 900, "height": 700})
        page.set_default_timeout(lab.SECONDS)
        page.sent, page.errors, page.requests = [], [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.on(
            "websocket",
            lambda socket: (
                socket.on("framesent", lambda frame: page.sent.append(frame))
                if "/channels" in socket.url
                else None
            ),
        )
        page.address, page.folder = address, folder
        lab.open_notebook(page, address, "explorer.ipynb")
        page.wait_for_function(
            "() => document.querySelectorAll('.dino-foot:not(:empty)').length === 3"
        )
        explorer_at(page).locator(".dino-row").focus()  # the network is on its way now
        page.wait_for_selector(".dino-bench .bench", state="attached")
        yield page
        outside = [u for u in page.requests if not u.startswith((address, "data:", "blob:"))]
        assert page.errors == outside == []
        page.close()


@pytest.fixture
def page(notebook):
    """The notebook page, its first explorer as good as new."""
    notebook.mouse.move(1, 1)
    for nth in (0, 2):
        explorer_at(notebook, nth).get_by_role("button", name="reset").click()
        title = explorer_at(notebook, nth).locator("figcaption").nth(1)
        expect(title).to_contain_text("token norm · block 5")
    return notebook


@pytest.fixture(scope="session")
def computed(embedded):
    """What Python makes of the same photo: model, tensor, and the photo as it is shown."""
    tensor, seen = images.to_tensor(images.load_photo("cat.jpg"), embedded, "whole")
    return embedded, tensor, data.shrink(seen)


@pytest.fixture(scope="session")
def norm(computed):
    model, tensor, _ = computed
    return maps.norm_map(model, tensor)
