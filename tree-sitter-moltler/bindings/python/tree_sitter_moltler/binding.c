#include <Python.h>

typedef struct TSLanguage TSLanguage;

TSLanguage *tree_sitter_moltler(void);

static PyObject *language(PyObject *self, PyObject *arguments) {
    (void)self;
    (void)arguments;
    return PyCapsule_New(tree_sitter_moltler(), "tree_sitter.Language", NULL);
}

static PyMethodDef methods[] = {
    {"language", language, METH_NOARGS, "The grammar, for tree_sitter.Language."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_binding",
    .m_doc = NULL,
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__binding(void) { return PyModule_Create(&module); }
