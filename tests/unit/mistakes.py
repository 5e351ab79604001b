"""Mistakes of every exercise, as a student would type them."""


def _loss(student, teacher, p="p.detach()"):
    """DINO's loss with these scores, as a student would type it."""
    return (
        "def my_loss(student, teacher, centre):\n"
        f"    p = ({teacher}).softmax(dim=-1)\n"
        f"    log_q = ({student}).log_softmax(dim=-1)\n"
        f"    return -({p} * log_q).sum(dim=-1).mean()"
    )


# Of each exercise, mistakes that get a hint of their own.
WRONG = {
    ("00", "check_overlay"): [
        "my_overlay = overlay.blend(photo, norm_map)",
        "my_overlay = overlay.blend(photo, norm_map, alpha=0.75)",
        "my_overlay = overlay.blend(photo.resize((90, 60)), norm_map, alpha=0.25)",
        "my_overlay = overlay.blend(photo, norm_map, alpha=0.6)",
        "my_overlay = photo",
        "my_overlay = overlay.blend(photo, norm_map.T, alpha=0.25)",
    ],
    ("00", "check_source"): [
        "my_source = model.weights",
        "my_source = model.weights.trained",
        "my_source = 'hub'",
        "my_source = '내장'",
        "my_source = model.weights.source.upper()",
    ],
    ("00", "check_other_photo"): [
        "my_photo = 'coffee.jpg'",
        "my_photo = images.load_photo('cat.jpg')",
    ],
    ("01", "check_small_dinov2"): [
        "my_name = 'vit_small_patch14_dinov2'",
        "my_name = 'vit_small_patch14_dinov2.dino'",
    ],
    ("01", "check_blocks_heads"): [
        "my_answer = (small.blocks[0].attn.num_heads, len(small.blocks))",
        "my_answer = (len(small.blocks), len(small.blocks) * small.blocks[0].attn.num_heads)",
    ],
    ("01", "check_tokens"): ["my_tokens = 37 * 37", "my_tokens = 37"],
    ("02", "check_split"): [
        "cls_token, patch_tokens = outputs[:, 0], outputs",  # forgot to drop CLS
        "cls_token, patch_tokens = outputs[:, 0], outputs[:, :-1]",
        "cls_token, patch_tokens = outputs[0], outputs[:, 1:]",
    ],
    ("02", "check_wide_tokens"): [
        "tokens_480_640 = (480 // 16) * (640 // 16)",
        "tokens_480_640 = 480 // 16",
    ],
    ("02", "check_patch_index"): [
        "index = (100 // 16) * 20 + 50 // 16",
        "index = (50 // 16) * 20 + 100 // 16 + 1",
    ],
    ("03", "check_norm_map"): [
        "my_map = torch.norm(wide.tokens, dim=-1)",  # forgot to drop CLS
        "my_map = torch.norm(wide.patch_tokens, dim=1)",  # the wrong axis
        "my_map = torch.norm(wide.patch_tokens, dim=-1)",
        "my_map = torch.norm(wide.patch_tokens, dim=-1).reshape(wide.grid[::-1])",  # wrong grid
        "my_map = (wide.patch_tokens**2).sum(dim=-1).reshape(wide.grid)",
    ],
    ("03", "check_map_overlay"): [
        "my_overlay = overlay.blend(seen, scaled, cmap='magma')",
        "my_overlay = overlay.blend(seen, scaled, alpha=0.3, cmap='magma')",
        "my_overlay = overlay.blend(seen, scaled, alpha=0.7)",
    ],
    ("04", "check_attention_row"): [
        "n = 1 + 5 * encoded.grid[1] + 7\n"
        "my_row = q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T / d**0.5",
        "n = 5 * encoded.grid[1] + 7\n"
        "my_row = (q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T / d**0.5).softmax(dim=-1)",
        "n = 1 + 5 * encoded.grid[1] + 7\n"
        "my_row = (q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T).softmax(dim=-1)",
        "n = 1 + 7 * encoded.grid[1] + 5\n"
        "my_row = (q[n, 2 * d : 3 * d] @ k[:, 2 * d : 3 * d].T / d**0.5).softmax(dim=-1)",
    ],
    ("04", "check_head_answer"): [
        "my_answer = rows[0, 2, 0] @ k[:, 2 * d : 3 * d]",
        "my_answer = rows[0, 2, 0] @ v[:, :d]",
        "my_answer = rows[0, 0, 0] @ v[:, 2 * d : 3 * d]",
        "my_answer = rows[0, 2, 0] @ v",
        "my_answer = rows[0, 2, 0, 1:] @ v[1:, 2 * d : 3 * d]",  # forgot CLS itself
        "my_answer = v[:, 2 * d : 3 * d].mean(dim=0)",
    ],
    ("04", "check_share_on_object"): [
        "my_share = last[bird].sum()",
        "my_share = last[~bird].sum() / last.sum()",
        "my_share = bird.float().mean()",
        "my_share = last[bird].mean()",
        "my_share = last[bird].mean() / last.mean()",
    ],
    ("05", "check_patches_needed"): [
        "my_counts = (~masks.mass_mask(last, 0.6)).sum(dim=(-2, -1))",
        "my_counts = masks.mass_mask(last.mean(dim=0), 0.6).sum()",
        "my_counts = masks.mass_mask(last, 0.6).float().mean(dim=(-2, -1))",
    ],
    ("05", "check_rollout_row"): [
        "my_cls_row = identity[0]\nfor a in A:\n    my_cls_row = my_cls_row @ (a + identity) / 2",
        "my_cls_row = identity[0]\nfor a in A.flip(0):\n    my_cls_row = my_cls_row @ a",
        "my_cls_row = identity[0]\n"
        "for a in A.flip(0):\n    my_cls_row = my_cls_row @ (a + identity)",
    ],
    ("05", "check_mean_distance"): [
        "my_distance = (a * far).sum()",
        "my_distance = far.mean()",
        "my_distance = (a * far).mean()",
        "my_distance = far.flatten()[a.argmax()]",
    ],
    ("06", "check_similarity"): [
        "my_map = (tokens @ query).reshape(gh, gw)",
        "my_map = F.normalize(tokens, dim=-1) @ F.normalize(query, dim=0)",
        "my_map = (F.normalize(tokens, dim=-1) @ query).reshape(gh, gw)",
        "my_map = F.cosine_similarity(encoded.tokens[0], query, dim=-1)",  # forgot to drop CLS
    ],
    ("06", "check_mutual"): [
        "mutual = to_a[to_b]",
        "mutual = to_a == to_b",
        "mutual = (to_a[to_b] == torch.arange(len(to_b))).nonzero()",
    ],
    ("06", "check_mirrored"): [
        "my_index = 3 * width + 2",
        "my_index = 3 * width + width - 2",
        "my_index = (height - 1 - 3) * width + 2",
    ],
    ("07", "check_box"): [
        "my_box = (2, 1, 5, 2)",
        "my_box = (1, 2, 3, 6)",
        "my_box = (2, 1, 4, 2)",
    ],
    ("07", "check_seed"): [
        "my_seed = degree.argmin().item()",
        "my_seed = divmod(degree.argmin().item(), grid[1])[::-1]",
        "my_seed = divmod(degree.argmax().item(), grid[1])",
    ],
    ("07", "check_side"): [
        "my_side = x > x.mean()",
        "my_side = x < x.median()",
        "my_side = x",
    ],
    ("08", "check_jaccard"): [
        "my_jaccard = (mask & truth[0]).sum() / truth[0].sum()",
        "my_jaccard = (mask & truth[0]).sum() / mask.sum()",
        "my_jaccard = (mask == truth[0]).float().mean()",
    ],
    ("08", "check_chance"): [
        "my_chance = np.mean([v.masks.float().mean() for v in views.values()])",
        "my_chance = 1 - np.mean([v.masks.any(0).float().mean() for v in views.values()])",
        "my_chance = [v.masks.any(0).float().mean() for v in views.values()]",
    ],
    ("08", "check_area"): [
        "my_area = curve.mean()",
        "my_area = torch.trapezoid(curve)",
        "my_area = torch.trapezoid(curve) / len(curve)",
    ],
    ("09", "check_all_tokens"): [
        "my_tokens = 37 * 37",
        "my_tokens = 37 * 37 + 1",
        "my_tokens = 37 + 5",
    ],
    ("09", "check_cutoff"): [
        "my_cutoff = last_block.quantile(0.02)",
        "my_cutoff = 0.98 * last_block.max()",
    ],
    ("09", "check_kept_width"): [
        "my_share = 224 / 256",
        "my_share = 224 / 640",
        "my_share = 1 - 224 / (640 * 256 / 480)",
    ],
    ("10", "check_votes"): [
        "my_share = birds.float().mean()",
        "my_share = cosines[birds == 1].sum() / cosines.sum()",
        "my_share = cosines.exp()[birds == 1].sum() / cosines.exp().sum()",
        "my_share = (cosines / 0.07).exp()[birds == 1].sum()",
        "my_share = (cosines / 0.07).softmax(0)[birds == 0].sum()",
    ],
    ("10", "check_accuracy"): [
        "my_accuracy = (answered == which).float().mean()",
        "my_accuracy = (answered == which)[given].float().mean()",
        "my_accuracy = (answered == which)[~given].sum()",
        "my_accuracy = (answered != which)[~given].float().mean()",
    ],
    ("10", "check_label"): [
        "my_label = ((alike / 0.1).softmax(0) * taken).sum()",
        "my_label = taken[alike.topk(3).indices].mean()",
        "my_label = (alike.topk(3).values.softmax(0) * taken[alike.topk(3).indices]).sum()",
        "my_label = ((alike.topk(3).values / 0.1).softmax(0) * taken[:3]).sum()",
        "my_label = (alike.topk(3).values / 0.1).softmax(0)",
    ],
    ("11", "check_loss"): [
        _loss("student / 0.06", "(teacher - centre) / 0.02", "p"),  # gradients reach the teacher
        _loss("student", "(teacher - centre) / 0.02"),
        _loss("student / 0.06", "teacher - centre"),
        _loss("student / 0.06", "teacher / 0.02"),
        _loss("(teacher - centre) / 0.02", "student / 0.06"),
    ],
    ("11", "check_average"): [
        "def my_average(old, new, m):\n    return (1 - m) * old + m * new",
        "def my_average(old, new, m):\n    return new",
        "def my_average(old, new, m):\n    old = m * old + (1 - m) * new",
    ],
    ("11", "check_collapse"): [
        "my_diagnosis = ('sharpening', 'centring')",
        "my_diagnosis = ('centring', 'centring')",
    ],
    ("12", "check_first"): [
        "my_first = ['right', 'right', 'right']",
        "my_first = [('sign', -1.0), *lies.answers(hand)[1:3]]",
        "my_first = ['apart', *lies.answers(hand)[1:3]]",
        "my_first = [('apart', 0.123), *lies.answers(hand)[1:3]]",
        "my_first = [lies.answers(hand)[0], ('axis', 1.0), 'right']",
    ],
    ("12", "check_second"): [
        "my_second = [('input', 1.0), *lies.answers(hand)[4:6]]",
        "my_second = ['right', 'right', 'picked']",
        "my_second = ['right', 'right', ('picked', 1)]",
    ],
    ("12", "check_third"): [
        "my_third = [('padding', 4 / 3), *lies.answers(hand)[7:9]]",
        "my_third = [('square', 0.75), *lies.answers(hand)[7:9]]",
    ],
    ("12", "check_fourth"): [
        "my_fourth = [('axis', hand[9].numbers.sum()), 'right', 'right']",
        "my_fourth = [lies.answers(hand)[9], 'right', 'right']",
    ],
}
