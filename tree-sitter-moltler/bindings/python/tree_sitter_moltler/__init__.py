"""The Moltler grammar for tree-sitter: `tree_sitter.Language(tree_sitter_moltler.language())`."""

from importlib.resources import files as _files

from ._binding import language

_QUERIES = ("highlights", "injections", "locals", "tags", "folds", "indents", "textobjects")


def __getattr__(name):
    query = name.removesuffix("_QUERY").lower()
    if name.endswith("_QUERY") and query in _QUERIES:
        return (_files(__package__) / "queries" / f"{query}.scm").read_text()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["language", *(f"{query.upper()}_QUERY" for query in _QUERIES)]


def __dir__():
    return sorted(__all__)
