"""How the embedded DINO was made: data, scenes, the DINO algorithm, training and evaluation.

``collect`` (free pictures → one pool file) · ``pool`` (that file, packed to travel) · ``scenes``
(pool → pictures) · ``views`` (a batch and its crops) · ``dino`` (head, loss, teacher, schedules) ·
``network`` (backbone and two heads) · ``contrast``, ``terms`` (what is added to DINO's loss) ·
``options``, ``train`` (the loop, with checkpoints) · ``packages`` (where pictures come from) ·
``measures``, ``evaluate`` (what it learnt, beside untrained networks and a centre prior) ·
``final`` (the same on clip art) · ``snapshots`` (a training looked at along the way) · ``export``
(weights → ``helpers/embedded``). ``shapes``, ``lesson``,
``experiments``, ``figures`` and ``told`` are the training lesson's.
"""
