"""Checks of lesson 04_attention."""

from .exercise import exercise


@exercise("묻는 패치의 행", "The row of a patch that asks")
def check_attention_row(answer, q, k, encoded, heads, head, patch):
    """Whether the answer is one head's attention row, asked by the patch at (row, column).

    q and k are (N, D), as ``attn.qkv`` gives them.
    """
    row, column = patch
    first, (_, gw) = encoded.num_prefix_tokens, encoded.grid
    d = q.shape[-1] // heads

    def scores(query, head=head):
        part = slice(head * d, (head + 1) * d)
        return q[query, part] @ k[:, part].T / d**0.5

    def shares(*which):
        return scores(*which).softmax(-1)

    asked, turned = first + row * gw + column, first + column * gw + row
    undivided = (scores(asked) * d**0.5).softmax(-1)
    yield shares(asked), "그 패치가 묻는 한 행입니다.", "This is the row that patch asks for."
    yield scores(asked), "점수입니다. 소프트맥스가 남았습니다.", "Scores: softmax is to come."
    yield undivided, "√d로 나누지 않았습니다.", "The scores were not divided by √d."
    yield shares(asked - first), "CLS 토큰이 앞에 있습니다.", "The CLS token stands before it."
    yield shares(0), "CLS가 묻는 행입니다.", "There the CLS token asks."
    yield shares(asked, 0), "헤드 0입니다. 구간이 다릅니다.", "That is head 0: another slice."
    yield shares(turned), "행과 열이 바뀌었습니다.", "Row and column are swapped."
    yield ..., "한 헤드의 구간만, 모양은 (N,)입니다.", "Use one head's slice; shape (N,)."


@exercise("헤드 하나의 답", "The answer of one head")
def check_head_answer(answer, rows, k, v, head):
    """Whether the answer is what one head hands to the CLS token, (d,).

    rows is (1, heads, 1, N); k and v are (N, D), as ``attn.qkv`` gives them.
    """
    heads, n = rows.shape[1], len(v)
    d = v.shape[-1] // heads

    def part(x, head=head):
        return x[:, head * d : (head + 1) * d]

    a = rows[0, head, 0]
    yield a @ part(v), "비율대로 섞은 값입니다.", "These are the values, mixed by their shares."
    yield a @ part(k), "키를 섞었습니다.", "You mixed the keys."
    yield a @ part(v, 0), "값의 구간이 헤드 0의 것입니다.", "The slice of the values is head 0's."
    yield rows[0, 0, 0] @ part(v), "비율이 헤드 0의 것입니다.", "The shares are head 0's."
    yield a @ v, "모든 헤드의 값을 섞었습니다.", "You mixed the values of all heads."
    yield a[1:] @ part(v)[1:], "CLS 자신의 값이 빠졌습니다.", "CLS's own value is missing."
    yield part(v).mean(0), "비율 없이 평균했습니다.", "That is the plain mean, without shares."
    yield a @ part(v) / n, "이미 합이 1인 비율입니다.", "The shares sum to 1 already."
    yield ..., "비율과 값의 행렬 곱이며, 모양은 (d,)입니다.", "Shares times values; shape (d,)."


@exercise("새 위에 놓인 비율", "The share on the bird")
def check_share_on_object(answer, m, mask):
    """Whether the answer is the share of a map (gh, gw) that lies on a mask of the same shape."""
    on, whole = m[mask].sum(), m.sum()
    rest = "패치의 합은 1이 아닙니다. CLS의 것이 있습니다.", "Patches don't sum to 1: CLS has some."
    yield on / whole, "패치에 준 비율 가운데 새의 것입니다.", "Of the patches' shares, the bird's."
    yield on, *rest
    yield 1 - on / whole, "새의 바깥입니다.", "That is what lies beside the bird."
    yield mask.float().mean(), "새의 넓이입니다. 맵이 필요합니다.", "The bird's area: use the map."
    yield m[mask].mean(), "평균이 아니라 합의 비율입니다.", "A share of the sum, not a mean."
    yield m[mask].mean() / m.mean(), "넓이로 또 나누었습니다.", "That divides by the area, too."
    yield ..., "새 위의 합을 전체의 합으로 나누세요.", "Divide the bird's sum by the whole sum."
