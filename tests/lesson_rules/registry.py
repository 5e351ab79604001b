"""All rules by name: `@rule` enters a function here."""

RULES = {}


def rule(function):
    RULES[function.__name__] = function
    return function
