"""What stands on a page where a widget was whose kernel has gone: a still, or words."""

import os
from html import escape

from IPython.display import HTML, display

from bilingual import say

# JupyterLab shows one of the pictures of an output, and of a widget without a kernel only "Error
# displaying widget: model not found". So a still is an output of its own, seen while its widget is
# not; a widget that has none, of ipywidgets or for an upload, says what to do.
STYLE = """<style>
.jp-OutputArea-child:has({still}):has(+ .jp-OutputArea-child {live}),
.jp-OutputArea-child:has({still}) + .jp-OutputArea-child:not(:has({live})) {{ display: none; }}
.jp-OutputArea-output.jupyter-widgets:not(:has(*)) {{ font-size: 0; }}
.jp-OutputArea-output.jupyter-widgets:not(:has(*))::after {{
  content: "{words}"; font-size: var(--jp-content-font-size1, 14px);
}}
</style>"""
STILL = "> .jp-OutputArea-output > .dino-still"  # not one in what a widget shows, as an upload does
LIVE = ":is(.dino-explorer, .dino-predict)"  # the widgets that have a still


def show(data, metadata, words):
    """Show a widget's MIME bundle; in JupyterLab behind an output with its picture, or words."""
    if "JPY_SESSION_NAME" in os.environ:  # of a Jupyter server; not in VS Code, Colab, nbclient
        still, data = escape(words), dict(data)
        if picture := data.pop("image/jpeg", None):
            source = f"data:image/jpeg;base64,{picture}"
            still = f'<img alt="{still}" style="max-width: 100%" src="{source}">'
        ko = "커널이 꺼졌습니다. 셀을 다시 실행하세요."
        en = "The kernel has gone: run the cell again."
        style = STYLE.format(still=STILL, live=LIVE, words=say(ko, en))
        display(HTML(f'<div class="dino-still">{style}{still}</div>'))
    display(data, metadata=metadata, raw=True)
