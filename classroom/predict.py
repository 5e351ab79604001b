"""A guess before the result: the reader paints patches on the photo, or chooses an answer.

    guess = predict.patches("03", "norm", seen, encoded)   # shows itself
    guess.beside(norm, weights=model)                      # in a later cell: guess and map

Only a guess that was locked in counts. It is kept with the answers and handed in, see ``answers``.
"""

from pathlib import Path

import anywidget
import numpy as np
import traitlets
from IPython.display import display
from PIL import ImageDraw

from bilingual import BadInput, language, say, tell
from classroom import answers
from classroom.guesses import digits, overlap
from explorer import still
from explorer.bundle import bundle, in_base64
from explorer.data import jpeg, shrink
from helpers import overlay, plots
from helpers.images import load_photo

SIDE = 640  # pixels of the photo in the browser
STILL_SIDE = 360  # of the still, which is stored in notebooks


class Guess(anywidget.AnyWidget):
    """What the reader guesses: some patches of a grid, or one of 1 × n answers."""

    _esm = bundle(Path(__file__).with_name("predict.js"))
    _css = Path(__file__).with_name("predict.css")
    language = traitlets.Unicode().tag(sync=True)
    photo = traitlets.Bytes().tag(sync=True)
    grid = traitlets.List().tag(sync=True)
    options = traitlets.List().tag(sync=True)  # a choice's answers
    picked = traitlets.List().tag(sync=True)  # patches or the answer's number, of a locked guess
    locked = traitlets.Bool().tag(sync=True)

    def __init__(self, lesson, question, grid, **shown):
        self.lesson, self.question = lesson, question
        last = answers.guesses(lesson).get(question, {}).get("last", {"grid": None})
        if last["grid"] == list(grid):  # made before the kernel was restarted, of this model's grid
            shown |= {"picked": last["picked"], "locked": True}
        super().__init__(grid=list(grid), language=language(), **shown)
        self.on_msg(self._sent)
        display(self)

    def lock(self, picked):
        """Lock a guess in, as the button does.

        Parameters
        ----------
        picked : iterable of int, patches from 0; or int, the answer's number, from 0

        Raises
        ------
        BadInput
            Nothing was picked, or what is not there.
        """
        gh, gw = self.grid
        picked = sorted({picked} if isinstance(picked, int) else {*picked})
        if not picked or not {*picked} <= {*range(gh * gw)}:
            raise BadInput(
                f"0부터 {gh * gw - 1}까지의 번호를 고르세요: {picked}",
                f"Pick numbers from 0 to {gh * gw - 1}: {picked}",
            )
        answers.record_guess(self.lesson, self.question, self.grid, picked)
        self.picked, self.locked = picked, True

    def _sent(self, _, message, buffers):
        """The browser's two buttons."""
        if "lock" in message:
            self.lock(message["lock"])
        else:
            self.locked = False

    def _opened(self, truth):
        """Keep what it was (of each patch or answer, 0..1); whether a guess had been locked in."""
        if self.locked:
            answers.record_truth(self.lesson, self.question, digits(truth))
        else:
            tell(
                "확정한 예상이 없습니다. "
                "위에서 예상을 확정한 다음 이 셀을 다시 실행하면 나란히 보입니다.",
                "No guess was locked in. Lock one in above and run this cell again to see both.",
            )
        return self.locked

    def __repr__(self):
        return self._asked()[0]

    def _ipython_display_(self, **kwargs):
        """As of an explorer, see ``still``; in words, and of patches in a still."""
        words, picture = self._asked()
        data, metadata = super()._repr_mimebundle_()
        data["text/plain"] = words
        if picture:
            data["image/jpeg"] = in_base64(picture)
            metadata = {**metadata, "image/jpeg": {"alt": words}}
        still.show(data, metadata, words)


class Patches(Guess):
    """Ask which patches of a photo will be highest in a map; shows itself.

    Parameters
    ----------
    lesson : str, two digits, as "03"
    question : str, a name of its own in the lesson; with it the guess is kept
    photo : PIL.Image.Image, what the network saw, the second thing that ``to_tensor`` returns
    encoded : encoding.Encoded, of which the grid is taken; or the grid itself, (gh, gw)
    """

    def __init__(self, lesson, question, photo, encoded):
        self.seen = load_photo(photo, max_side=None)
        grid = tuple(getattr(encoded, "grid", encoded))
        super().__init__(lesson, question, grid, photo=jpeg(shrink(self.seen, SIDE)))

    def beside(self, m, weights=None):
        """Draw the guess beside the map that it was about, and print how well it was met.

        The number is the share of the guessed patches that are among the map's largest, of which
        as many are taken; chance is what share of all patches that is. Without a locked guess, the
        map alone.

        Parameters
        ----------
        m : torch.Tensor or array
            (gh, gw); of another grid it is resized to that of the guess. NaN counts as its lowest.
        weights : see ``plots.two_panel``

        Returns
        -------
        matplotlib.figure.Figure
        """
        gh, gw = self.grid
        values = overlay.resize_map(m, (gw, gh))
        values = np.nan_to_num(values, nan=np.nanmin(values))
        values = (values - values.min()) / (np.ptp(values) or 1)
        panels = {say("맵", "the map"): values}
        if self._opened(values):
            mask = np.isin(np.arange(gh * gw), self.picked).reshape(gh, gw)
            panels = {say("예상", "your guess"): mask} | panels
            met, count = overlap(self.picked, values), len(self.picked)
            tell(
                f"예상한 패치 {count}개 가운데 {met:.0%}가 맵에서 값이 가장 큰 {count}개에 듭니다. "
                f"아무렇게나 고르면 {count / values.size:.0%}쯤입니다.",
                f"Of the {count} patches that you guessed, {met:.0%} are among the {count} largest "
                f"of the map. By chance it would be about {count / values.size:.0%}.",
            )
        fig, axes = plots.new_figure(1, len(panels), self.seen.size, weights)
        for ax, (label, panel) in zip(axes, panels.items()):
            plots.draw(ax, overlay.blend(self.seen, panel, smooth=False), label)
        fig.about = {"alt": " | ".join(panels)}
        return fig

    def _asked(self):
        gh, gw = self.grid
        photo = shrink(self.seen, STILL_SIDE)
        pen, (width, height) = ImageDraw.Draw(photo), photo.size
        for x in (i * width // gw for i in range(1, gw)):
            pen.line([(x, 0), (x, height)], "white")
        for y in (i * height // gh for i in range(1, gh)):
            pen.line([(0, y), (width, y)], "white")
        words = say("예상하는 패치를 고르세요", "Pick the patches that you expect", " · ")
        return f"{words} ({gh} × {gw})", jpeg(photo)


class Choice(Guess):
    """Ask for one of several answers; shows itself.

    Parameters
    ----------
    lesson, question : str, see ``Patches``
    options : list of (Korean, English), the answers
    """

    def __init__(self, lesson, question, options):
        shown = [ko if ko == en else say(ko, en, " · ") for ko, en in options]
        super().__init__(lesson, question, (1, len(shown)), options=shown)

    def beside(self, index):
        """Print the guess beside the right answer.

        Parameters
        ----------
        index : int, the right answer's number, from 0

        Raises
        ------
        BadInput
            There is no such answer.
        """
        if index not in range(len(self.options)):
            raise BadInput(f"그런 답이 없습니다: {index}", f"There is no such answer: {index}")
        if self._opened(np.arange(len(self.options)) == index):
            print(f"{say('예상', 'Your guess', ' · ')}: {self.options[self.picked[0]]}")
        print(f"{say('결과', 'The result', ' · ')}: {self.options[index]}")

    def _asked(self):
        head = say("하나를 고르세요", "Choose one", " · ")
        return "\n".join([f"{head}:", *(f"- {option}" for option in self.options)]), b""


patches, choice = Patches, Choice  # as the lessons say it
