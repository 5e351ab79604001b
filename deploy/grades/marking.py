"""What nbgrader runs in place of its own execution of a notebook; see ``assignment.CONFIG``."""

from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade
from traitlets import Enum

from . import box


class Mark(NbGraderPreprocessor):
    """Give each locked cell the verdict of its exercise's check as its output.

    nbgrader takes the number for the points, and shows the words to the student as feedback.
    """

    language = Enum(("ko", "en", "both"), default_value="both").tag(config=True)

    def preprocess(self, nb, resources):
        name = resources["nbgrader"]["notebook"]
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        cells = [(_exercise(cell) or cell.get("id", ""), cell.source) for cell in code]
        cells = [pair for pair, cell in zip(cells, code) if not is_grade(cell)]
        verdicts = box.mark(name, cells, self.language)
        for cell in code:
            cell.outputs = []
            if is_grade(cell):
                key = cell.metadata.nbgrader.grade_id.partition("-")[2]
                right, words = verdicts.get(key, (False, ""))
                cell.outputs = [
                    new_output("stream", name="stdout", text=words),
                    new_output(
                        "execute_result",
                        data={"text/plain": str(int(right))},
                        execution_count=None,
                    ),
                ]
        return nb, resources


def _exercise(cell):
    """Id that the cell had in the lesson; an editor may have given it another."""
    return cell.metadata.get("dino", {}).get("cell")
