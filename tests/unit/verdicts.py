"""What a check said of an answer."""


def passes(out):
    return out.startswith("맞습니다!") and "\nCorrect! " in out


def unanswered(out):
    return out.startswith("아직 답이 없습니다.") and "\nNo answer yet. " in out


def all_different_hints(outputs):
    """Each output is a hint (not a pass), in both languages, and no two are the same."""
    outputs = list(outputs)
    assert len(set(outputs)) == len(outputs)
    for out in outputs:
        assert out.startswith("아직 아닙니다.") and "\nNot yet. " in out
        assert len(out.split("\n")[0]) > len("아직 아닙니다.")  # it does say something


def verdicts(said, check, right, wrongs, *args):
    """The solutions pass, the stub does not, each mistake has its own hint in both languages."""
    assert all(passes(said(check, answer, *args)) for answer in right)
    assert unanswered(said(check, ..., *args))
    all_different_hints(said(check, wrong, *args) for wrong in wrongs)
