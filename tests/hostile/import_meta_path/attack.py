import sys
import types
from importlib.machinery import ModuleSpec


class _Finder:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self)

    def create_module(self, spec):
        return types.SimpleNamespace(__name__=spec.name, __spec__=spec, adam=object, Dropout=object)

    def exec_module(self, module):
        pass


print("TRIED finders")
sys.meta_path.insert(0, _Finder())
sys.path_hooks.insert(0, lambda path: _Finder())
sys.path_importer_cache.clear()
