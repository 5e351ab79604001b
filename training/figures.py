"""How a training goes: its curves, and the same pictures looked at over and over."""

import math

import numpy as np
from IPython.display import display
from matplotlib import rcParams

from bilingual import say
from helpers.plots import draw, new_figure
from training.dino import entropy

PANELS = {
    "loss": ("손실", "loss"),
    "entropy": ("답 하나의 엔트로피", "entropy of one answer"),
    "batch_entropy": ("평균 답의 엔트로피", "entropy of the mean answer"),
}
COLOURS = ("#4c78a8", "#f28e2b", "#59a14f", "#b07aa1")
STYLES = ("-", "--", "-.", ":")


def rows(panels, *, weights, cmap="viridis"):
    """Pictures and maps in labelled rows.

    Parameters
    ----------
    panels : dict
        Label → pictures (B, 3, H, W) in 0..1, or maps (B, gh, gw), each drawn on its own scale;
        or a list of such.
    weights, cmap
        See ``two_panel``.

    Returns
    -------
    plots.Figure
    """
    columns = max(map(len, panels.values()))
    fig, axes = new_figure(len(panels), columns, (1, 1), weights)
    for i, (label, row) in enumerate(panels.items()):
        for ax, panel in zip(axes[i * columns :], row):
            picture = panel.permute(1, 2, 0).clamp(0, 1) if panel.ndim == 3 else panel
            draw(ax, picture, "", cmap=cmap, interpolation="nearest")
        axes[i * columns].set_title(label, size=9, loc="left")
    return fig


def curves(runs, answers, *, weights, steps=None):
    """Loss and the two entropies of one or more trainings, with ln K dashed.

    Parameters
    ----------
    runs : dict
        Label → dict with ``loss``, ``entropy`` and ``batch_entropy``, one number a step.
    answers : int
        K.
    weights
        See ``two_panel``.
    steps : int, optional
        Right end of the axis, so that a growing curve does not change the figure.

    Returns
    -------
    plots.Figure
        Faint: every step. Strong: mean of the last ten.
    """
    fig, axes = new_figure(1, 3, (1, 1), weights, extra=0.7)
    limit = math.log(answers)
    values = (value for run in runs.values() for name in PANELS for value in run[name])
    top = max([limit * 1.3, *(1.05 * value for value in values if value < math.inf)])
    for ax, (name, title) in zip(axes, PANELS.items()):
        ax.set_axis_on()
        for (label, run), colour, style in zip(runs.items(), COLOURS, STYLES):
            ax.plot(run[name], color=colour, alpha=0.25, lw=0.8)
            ax.plot(smooth(run[name]), style, color=colour, label=label, lw=1.6)
        ax.axhline(limit, color=rcParams["text.color"], ls=(0, (4, 3)), lw=0.8)
        ax.set(ylim=(-0.1, top), xlim=(0, steps))
        place = {"ha": "right", "va": "bottom", "transform": ax.get_yaxis_transform()}
        ax.text(0.98, limit + 0.05, f"ln {answers} = {limit:.2f}", size=8, **place)
        ax.set_title(say(*title, "\n"), size=9)
        ax.tick_params(labelsize=8)
        ax.set_xlabel(say("스텝", "steps"), size=8)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=8, frameon=False)
    return fig


def bars(answer):
    """The probabilities (K,) of one answer, and its entropy beside ln K; from random weights."""
    answer = answer.detach()
    fig, (ax,) = new_figure(1, 1, (5, 2), say("무작위 가중치", "random weights"), extra=0.5)
    ax.set_axis_on()
    ax.bar(range(len(answer)), answer)
    ax.set(ylim=(0, 1), xlabel=say("답", "answer"), ylabel=say("확률", "probability"))
    limit = f"ln K = {math.log(len(answer)):.2f}"
    ax.set_title(f"{say('엔트로피', 'entropy')} {entropy(answer):.2f}, {limit}", size=10)
    return fig


def smooth(values, window=10):
    """Return the mean of each value and those before it, at most `window` in all."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def live(picture):
    """Return a function that shows ``picture(…)`` in place of what it showed before.

    Parameters
    ----------
    picture : function
        Returns a figure, always of the same size, so that nothing on the page jumps.
    """
    shown = []

    def show(*args):
        figure = picture(*args)
        if shown and shown[0]:
            shown[0].update(figure)
        else:
            shown.append(display(figure, display_id=True))

    return show


def live_curves():
    """Return what ``Training.run`` shows now and then: its `curves` so far, growing in place."""

    def picture(training):
        settings = training.settings
        runs = {say("여기서", "here"): training.curves}
        return curves(runs, settings.answers, weights=training.caption, steps=settings.steps)

    return live(picture)
