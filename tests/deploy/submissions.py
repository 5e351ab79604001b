"""Submissions for tests: the lesson that they are of, and what hostile ones try."""

LESSON = "01_timm"  # the quickest: no picture needs to be drawn for its exercises

# Each tries to have points for nothing, or to keep the marking from going on.
HOSTILE = {
    "says it is right": """
from classroom.checks import exercise, lesson_01
for name in dir(lesson_01):
    if name.startswith("check_"):
        setattr(lesson_01, name, lambda *a, **k: exercise._tell(True, "!", "!"))
exercise._same = lambda *a, **k: True
from classroom import answers
answers.record("01", "check_name", True)
answers.record = lambda *a, **k: None
import builtins, numpy
builtins.int = builtins.str = lambda *a: 1
numpy.allclose = numpy.array_equal = lambda *a, **k: True
print("맞습니다! Correct!")""",
    "is equal to all": """
class Equal(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
my_name = my_answer = my_tokens = Equal(1)""",
    "leaves": "import os\nos._exit(0)",
    "never ends": "import signal\nsignal.alarm(0)\nwhile True: pass",
}
