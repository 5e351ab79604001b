"""How the embedded DINO was made: data, scenes, the DINO algorithm, training and evaluation.

``collect`` (free pictures → one pool file) · ``scenes`` (pool → batches of views) · ``dino`` (head,
loss, teacher, schedules) · ``train`` (the loop, with checkpoints) · ``evaluate`` (what it learnt,
beside an untrained network) · ``export`` (checkpoint → the weights in ``helpers/embedded``).
"""
