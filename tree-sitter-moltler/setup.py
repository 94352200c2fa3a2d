"""Compiles the parser for Python; see pyproject.toml for the rest."""

from pathlib import Path
from platform import system

from setuptools import Extension, find_packages, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext


class Build(build):
    """Takes the queries and the description of nodes into the package."""

    def run(self):
        target = Path(self.build_lib) / "tree_sitter_moltler"
        (target / "queries").mkdir(parents=True, exist_ok=True)
        for query in Path("queries").glob("*.scm"):
            self.copy_file(str(query), str(target / "queries"))
        super().run()


class BuildExt(build_ext):
    """The flags of the C compiler at hand."""

    def build_extension(self, ext):
        is_msvc = self.compiler.compiler_type == "msvc"
        ext.extra_compile_args = ["/std:c11", "/utf-8"] if is_msvc else ["-std=c11", "-fvisibility=hidden"]
        super().build_extension(ext)


setup(
    packages=find_packages("bindings/python"),
    package_dir={"": "bindings/python"},
    package_data={"tree_sitter_moltler": ["*.pyi", "py.typed"]},
    ext_package="tree_sitter_moltler",
    ext_modules=[
        Extension(
            name="_binding",
            sources=["bindings/python/tree_sitter_moltler/binding.c", "src/parser.c", "src/scanner.c"],
            define_macros=[("PY_SSIZE_T_CLEAN", None), ("TREE_SITTER_HIDE_SYMBOLS", None)],
            include_dirs=["src"],
        )
    ],
    cmdclass={"build": Build, "build_ext": BuildExt},
    zip_safe=False,
)
