"""Which names a notebook's cells bind, and which they still need after they have run."""

import ast
import re

SOLUTION = re.compile(r"```python\n(.*?)```", re.S)
SCOPES = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound(tree):
    """Names that code binds where it stands: not inside functions or comprehensions."""
    names, nodes = set(), [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if node is tree or not isinstance(node, SCOPES):
            nodes += ast.iter_child_nodes(node)
    return names


def free(tree):
    """Names that code reads from outside."""
    names = set()
    for node in ast.iter_child_nodes(tree):
        names |= free(node)
    if isinstance(tree, ast.Name) and isinstance(tree.ctx, ast.Load):
        names.add(tree.id)
    elif isinstance(tree, SCOPES):
        names -= bound(tree) | {arg.arg for arg in ast.walk(tree) if isinstance(arg, ast.arg)}
    return names


def needed(cells, i):
    """Names that cell `i` reads again whenever a reader comes back to it.

    What its functions read, if a slider calls them; what the cell reads, if it lays a guess beside
    its result; that and what the solution above it reads, if it holds an exercise.
    """
    source = cells[i].source
    names, tree = set(), ast.parse(source)
    if "interact(" in source or "upload(" in source:
        functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda)))
        names |= set().union(*map(free, functions))
    if "checks.check" in source or ".beside(" in source:
        names |= free(tree) - bound(tree)
    if "checks.check" in source:
        above = i - 1
        while above >= 0 and cells[above].cell_type == "markdown":
            for solution in SOLUTION.findall(cells[above].source):
                names |= free(ast.parse(solution)) - bound(ast.parse(solution))
            above -= 1
    return names


def rebound(cells):
    """Problems: names that a slider or an exercise needs and a later cell binds anew."""
    code = [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
    binds = {i: bound(ast.parse(cells[i].source)) for i in code}
    return [
        f"cell {i} needs {name}, which cell {later} binds anew"
        for i in code
        for later in code
        if later > i
        for name in sorted(needed(cells, i) & binds[later])
    ]
