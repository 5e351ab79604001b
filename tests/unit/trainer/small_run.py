"""The options of a training that is over at once."""

from training import train


def options(folder, *more):
    return train.parse_options(
        f"--out {folder} --batch 4 --warmup 0.1 --answers 16 --global-size 24 --local-size 16"
        " --local-crops 1 --save-minutes 0 --pictures 2 --device cpu --blanks 1"
        " --hide 0.5 --attention-drop 0.3".split()
        + [str(m) for m in more]
    )
