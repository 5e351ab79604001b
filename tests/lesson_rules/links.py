"""Rules of the links: the ways to launch a lesson, and links into the repository."""

import re

from repository import REPO, ROOT

from lesson_rules.reading import IMAGE, images, links
from lesson_rules.registry import rule


@rule
def launch(nb):
    """The lesson can be launched from its own page, in five ways, from one line below its title."""
    name = nb.metadata.name
    lines = [line for line in IMAGE.sub("", nb.cells[0].source).splitlines() if line.strip()]
    urls = [u for u in links(lines[-1])]
    wanted = {
        "JupyterLab": f"https://github.com/{REPO}#start",
        "Binder": f"https://mybinder.org/v2/gh/{REPO}/main?urlpath=lab/tree/notebooks/{name}",
        "Colab": f"https://colab.research.google.com/github/{REPO}/blob/main/notebooks/{name}",
        "JupyterHub": "https://nbgitpuller.readthedocs.io/en/latest/link.html?repo="
        f"https%3A%2F%2Fgithub.com%2F{REPO.replace('/', '%2F')}&branch=class"
        f"&urlpath=lab%2Ftree%2F{REPO.split('/')[1]}%2Fnotebooks%2F{name}",
        "VS Code": "https://vscode.dev/redirect?url=vscode://vscode.git/clone?url="
        f"https://github.com/{REPO}",
    }
    problems = [f"no link to {place}" for place, url in wanted.items() if url not in urls]
    return problems + ([f"{len(lines)} lines, not two"] if len(lines) != 2 else [])


@rule
def local_targets(nb):
    """Links into the repository point at something, and pictures are in it: a classroom may have
    no internet."""
    problems = []
    for i, cell in enumerate(nb.cells):
        if cell.cell_type != "markdown":
            continue
        shown = [url for _, url in images(cell.source)]
        for url in links(cell.source) + shown:
            target = re.sub("#.*", "", url)
            if not target or (re.match("[a-z]+:", url) and url not in shown):
                continue
            if not (ROOT / "notebooks" / target).exists():
                problems.append(f"cell {i}: {url}")
    return problems
