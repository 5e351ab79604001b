"""The lessons as Jupyter saves them: a student who only saves one has changed nothing.

What nbgitpuller merges is then what students and teachers have written.
"""

import json
import shutil

import pytest
from jupyter_server.services.contents.filemanager import FileContentsManager

from deploy import settings

LESSONS = sorted((settings.ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_opened_and_saved_is_the_same_to_the_byte(path, tmp_path):
    shutil.copy(path, tmp_path)
    server = FileContentsManager(root_dir=str(tmp_path))
    sent = json.loads(json.dumps(server.get(path.name)["content"]))  # to the browser and back
    server.save({"type": "notebook", "content": sent}, path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
