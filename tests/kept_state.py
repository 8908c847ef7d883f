"""Places in which code can keep state from test to test of one process: for each, a function `count`.

`count()` returns how often it was called in this process, as far as its place remembers. Each hand-in imports its
modules anew for each test, so a counter in the module itself says 1 in every test.
"""

from __future__ import annotations

COMMON = """
import os, sys
import numpy as np
"""

ATTRIBUTE = """
def count():
    owner = {owner}
    owner.seen = getattr(owner, "seen", 0) + 1
    return owner.seen
"""
"""A counter in an attribute that the owner didn't have."""

OWNERS = {
    "sys": "sys",
    "builtins": "__import__('builtins')",
    "numpy": "np",
    "a numpy submodule": "np.linalg",
    "a module of the standard library": "__import__('json').decoder",
    "a function of numpy": "np.mean",
    "a function of a numpy submodule": "np.linalg.norm",
    "a function of the standard library": "__import__('json').dumps",
    "a function of a private module": "__import__('posixpath').join",
    "a method of a numpy class": "np.poly1d.integ",
    "a class of numpy": "np.poly1d",
    "a class of the standard library": "__import__('json').JSONEncoder",
    "a method of the standard library": "__import__('json').JSONEncoder.encode",
    "a class of pytest": "__import__('pytest').Item",
    "a function of pytest": "__import__('pytest').fixture",
    "an enumeration": "type(__import__('signal').SIGINT)",
    "an instance in a module": "__import__('json')._default_encoder",
    "a spec": "np.__spec__",
    "a loader": "np.__loader__",
    "a class of the tests": "sys.modules['grader.testing.check'].Check",
    "a function of the checks": "sys.modules['grader.testing.check'].seed_everything",
    "a logger": "__import__('logging').getLogger('numpy')",
    "the root logger": "__import__('logging').root",
    "the main thread": "__import__('threading').main_thread()",
    "an import hook": "sys.path_hooks[-1]",
    "the random module's generator": "__import__('random')._inst",
    "the environment's object": "type(os.environ)",
    "a stream": "sys.stderr",
    "a stream's class": "__import__('io').TextIOBase",
    "an abstract class": "__import__('collections').abc.Sized",
    "an exception": "__import__('json').JSONDecodeError",
    "the main module": "sys.modules['__main__']",
}

PLACES = {f"attribute of {name}": ATTRIBUTE.format(owner=owner) for name, owner in OWNERS.items()}

PLACES |= {
    "foreign module": """
def count():
    import types
    module = sys.modules.setdefault("colorsys2", types.ModuleType("colorsys2"))
    module.seen = getattr(module, "seen", 0) + 1
    return module.seen
""",
    "foreign module with the file of a library": """
def count():
    import types
    if "numpy.seen" not in sys.modules:
        module = sys.modules["numpy.seen"] = types.ModuleType("numpy.seen")
        module.__file__, module.__spec__ = np.__file__, np.__spec__
    module = sys.modules["numpy.seen"]
    module.seen = getattr(module, "seen", 0) + 1
    return module.seen
""",
    "a library that a test loads": """
def count():
    import colorsys
    colorsys.seen = getattr(colorsys, "seen", 0) + 1
    return colorsys.seen
""",
    "whether a library is loaded": """
def count():
    names = ["colorsys", "sndhdr", "wave", "mailbox", "chunk", "netrc", "plistlib", "tabnanny"]
    import importlib, importlib.util
    names = [name for name in names if importlib.util.find_spec(name)]
    number = sum(name in sys.modules for name in names)
    importlib.import_module(names[number])
    return number + 1
""",
    "not a module": """
def count():
    sys.modules["seen"] = sys.modules.get("seen", 0) + 1
    return sys.modules["seen"]
""",
    "a replaced module": """
def count():
    import types
    old = sys.modules["json"]
    new = types.ModuleType("json")
    new.__dict__.update(vars(old))
    new.seen = getattr(old, "seen", 0) + 1
    sys.modules["json"] = new
    return new.seen
""",
    "a removed module": """
def count():
    names = ["json.scanner", "json.decoder", "json.encoder"]
    for number, name in enumerate(names):
        if name in sys.modules:
            del sys.modules[name]
            return number + 1
    return 4
""",
    "the environment": """
def count():
    os.environ["SEEN"] = str(int(os.environ.get("SEEN", "0")) + 1)
    return int(os.environ["SEEN"])
""",
    "the environment below Python": """
def count():
    import ctypes
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    number = int(libc.getenv(b"SEEN") or b"0") + 1
    libc.setenv(b"SEEN", str(number).encode(), 1)
    return number
""",
    "a file in the work folder": """
def count():
    with open("seen", "a") as file:
        file.write("x")
    return os.path.getsize("seen")
""",
    "a file in a closed folder": """
def count():
    folder = os.path.join(os.getcwd(), "closed")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o700)
    with open(os.path.join(folder, "seen"), "a") as file:
        file.write("x")
    size = os.path.getsize(os.path.join(folder, "seen"))
    os.chmod(folder, 0)
    return size
""",
    "a file of the home": """
def count():
    path = os.path.join(os.environ["HOME"], ".seen")
    with open(path, "a") as file:
        file.write("x")
    return os.path.getsize(path)
""",
    "the work folder's mode": """
def count():
    home = os.environ["HOME"]
    number = (os.stat(home).st_mode & 0o7) + 1
    os.chmod(home, 0o700 + number)
    return number
""",
    "the work folder's time": """
def count():
    home = os.environ["HOME"]
    number = int(os.stat(home).st_atime) + 1
    number = number if number < 100 else 1
    os.utime(home, (number, number))
    return number
""",
    "the current folder": """
def count():
    here = os.getcwd()
    os.makedirs(os.path.join(here, "in"), exist_ok=True)
    os.chdir("in")
    return here.split("/").count("in") + 1
""",
    "an open file": """
def count():
    import fcntl
    number = 1
    while True:
        try:
            os.fstat(40 + number)
        except OSError:
            break
        number += 1
    os.dup2(2, 40 + number)
    return number
""",
    "a pipe's content": """
def count():
    try:
        os.fstat(50)
    except OSError:
        reading, writing = os.pipe()
        os.dup2(reading, 50)
        os.dup2(writing, 51)
        os.write(51, b"0")
    number = int(os.read(50, 10)) + 1
    os.write(51, str(number).encode())
    return number
""",
    "flags of a descriptor": """
def count():
    import fcntl
    flags = fcntl.fcntl(0, fcntl.F_GETFL)
    fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    return 3 if flags & os.O_NONBLOCK else 1
""",
    "a descriptor that was moved": """
def count():
    name = os.readlink("/proc/self/fd/0") if os.path.exists("/proc/self/fd/0") else str(os.fstat(0))
    reading, writing = os.pipe()
    first = os.fstat(0).st_rdev != 0
    os.dup2(reading, 0)
    return 1 if first else 3
""",
    "warnings": """
def count():
    import warnings
    number = sum(1 for item in warnings.filters if item[1] and "seen" in getattr(item[1], "pattern", "")) + 1
    warnings.filterwarnings("ignore", message=f"seen{number}")
    return number
""",
    "a registry of warnings": """
def count():
    registry = getattr(__import__("warnings"), "onceregistry")
    registry[("seen", len(registry))] = 1
    return sum(1 for key in registry if key[0] == "seen")
""",
    "numpy's error state": """
def count():
    states = ["warn", "ignore", "raise", "print"]
    number = states.index(np.geterr()["over"])
    np.seterr(over=states[number + 1] if number < 3 else "print")
    return number + 1
""",
    "numpy's error function": """
def count():
    old = np.geterrcall()
    number = getattr(old, "seen", 0) + 1
    def new(*_): pass
    new.seen = number
    np.seterrcall(new)
    return number
""",
    "numpy's print options": """
def count():
    number = np.get_printoptions()["linewidth"]
    np.set_printoptions(linewidth=number + 1)
    return number - 74
""",
    "numpy's buffer size": """
def count():
    number = np.getbufsize() // 16
    np.setbufsize((number + 1) * 16)
    return number - 511
""",
    "numpy's type table": """
def count():
    table = np.sctypeDict
    table["seen"] = table.get("seen", 0) + 1
    return table["seen"]
""",
    "numpy's global generator's type": """
def count():
    old = np.random.get_bit_generator() if hasattr(np.random, "get_bit_generator") else None
    if type(old).__name__ != "MT19937":
        return 3
    np.random.set_bit_generator(np.random.PCG64(1))
    return 1
""",
    "default arguments": """
def count():
    import json
    defaults = json.dumps.__kwdefaults__
    defaults["seen"] = defaults.get("seen", 0) + 1
    return defaults["seen"]
""",
    "new default arguments": """
def count():
    function = np.linalg.norm
    function = getattr(function, "__wrapped__", function)
    number = len(function.__defaults__ or ())
    function.__defaults__ = (*(function.__defaults__ or ()), None) if number < 5 else function.__defaults__
    return number - 2
""",
    "a docstring": """
def count():
    import json
    text = json.loads.__doc__
    json.loads.__doc__ = text + "x"
    return len(text) - len(text.rstrip("x")) + 1
""",
    "annotations": """
def count():
    import json
    notes = json.loads.__annotations__
    notes["seen"] = notes.get("seen", 0) + 1
    return notes["seen"]
""",
    "replaced code": """
def count():
    import json
    code = json.loads.__code__
    number = code.co_firstlineno
    json.loads.__code__ = code.replace(co_firstlineno=(number + 1) if number > 90_000 else 90_001)
    return number - 89_999 if number > 90_000 else 1
""",
    "a class's method": """
def count():
    import json
    old = json.JSONEncoder.default
    def default(self, item):
        return old(self, item)
    default.number = getattr(old, "number", 0) + 1
    json.JSONEncoder.default = default
    return default.number
""",
    "a dict in a module that is loaded late": """
def count():
    import mimetypes
    mimetypes.suffix_map["seen"] = mimetypes.suffix_map.get("seen", 0) + 1
    return mimetypes.suffix_map["seen"]
""",
    "a dict in a module": """
def count():
    import linecache
    linecache.cache["seen"] = (linecache.cache.get("seen", (0,))[0] + 1,)
    return linecache.cache["seen"][0]
""",
    "a list in a module": """
def count():
    import keyword
    keyword.kwlist.append("seen")
    return keyword.kwlist.count("seen")
""",
    "a nested dict": """
def count():
    import logging
    logging._nameToLevel["seen"] = logging._nameToLevel.get("seen", 0) + 1
    return logging._nameToLevel["seen"]
""",
    "loggers": """
def count():
    import logging
    number = sum(1 for name in logging.root.manager.loggerDict if name.startswith("seen")) + 1
    logging.getLogger(f"seen{number}")
    return number
""",
    "handlers of logging": """
def count():
    import logging
    logging.root.addHandler(logging.NullHandler())
    return sum(type(handler) is logging.NullHandler for handler in logging.root.handlers)
""",
    "the level of logging": """
def count():
    import logging
    number = logging.root.level
    logging.root.setLevel(number + 1)
    return number - 29
""",
    "logging that is off": """
def count():
    import logging
    number = logging.root.manager.disable
    logging.disable(number + 1)
    return number + 1
""",
    "a compiled pattern": """
def count():
    import re
    cache = getattr(re, "_cache")
    number = sum(1 for key in cache if "seen" in str(key)) + 1
    re.compile("seen" * number)
    return number
""",
    "single dispatch": """
def count():
    import copy
    copy._deepcopy_dispatch["seen"] = copy._deepcopy_dispatch.get("seen", 0) + 1
    return copy._deepcopy_dispatch["seen"]
""",
    "copyreg": """
def count():
    import copyreg
    class Seen: pass
    copyreg.pickle(Seen, lambda item: "x")
    return sum(1 for kind in copyreg.dispatch_table if kind.__name__ == "Seen")
""",
    "copyreg's codes": """
def count():
    import copyreg
    number = 1
    while ("seen", str(number)) in copyreg._extension_registry:
        number += 1
    copyreg.add_extension("seen", str(number), 240 + number)
    return number
""",
    "an abstract class's registry": """
def count():
    import collections.abc
    class Seen: pass
    collections.abc.Sized.register(Seen)
    registry = __import__("_abc")._get_dump(collections.abc.Sized)[0]
    return sum(1 for item in registry if item() is not None and item().__name__ == "Seen")
""",
    "subclasses of a base": """
class Seen(np.poly1d):
    pass
def count():
    return sum(kind.__name__ == "Seen" for kind in np.poly1d.__subclasses__())
""",
    "subclasses of object": """
class SeenHere:
    pass
def count():
    return sum(kind.__name__ == "SeenHere" for kind in object.__subclasses__())
""",
    "the collector's objects": """
class SeenThing:
    def __init__(self):
        self.me = self
def count():
    import gc
    SeenThing()
    return sum(type(item).__name__ == "SeenThing" for item in gc.get_objects())
""",
    "the collector's modules": """
def count():
    import gc
    return sum(type(item) is type(sys) and item.__name__ == __name__ for item in gc.get_objects())
""",
    "the collector's garbage": """
def count():
    import gc
    gc.garbage.append("seen")
    return gc.garbage.count("seen")
""",
    "the collector's callbacks": """
def count():
    import gc
    def seen(phase, info): pass
    gc.callbacks.append(seen)
    return sum(item.__name__ == "seen" for item in gc.callbacks)
""",
    "the collector's thresholds": """
def count():
    import gc
    first, second, third = gc.get_threshold()
    gc.set_threshold(first, second + 1, third)
    return second - 9
""",
    "the collector's flags": """
def count():
    import gc
    flags = gc.get_debug()
    gc.set_debug(gc.DEBUG_SAVEALL)
    return 3 if flags else 1
""",
    "the collector that is off": """
def count():
    import gc
    on = gc.isenabled()
    gc.disable()
    return 1 if on else 3
""",
    "context variables": """
def count():
    import contextvars
    for variable, value in contextvars.copy_context().items():
        if variable.name == "seen":
            variable.set(value + 1)
            return value + 1
    contextvars.ContextVar("seen").set(1)
    return 1
""",
    "the decimal context": """
def count():
    import decimal
    decimal.getcontext().prec += 1
    return decimal.getcontext().prec - 28
""",
    "the default decimal context": """
def count():
    import decimal
    decimal.DefaultContext.prec += 1
    return decimal.DefaultContext.prec - 28
""",
    "the locale": """
def count():
    import locale
    old = locale.setlocale(locale.LC_NUMERIC)
    locale.setlocale(locale.LC_NUMERIC, "C.UTF-8" if old == "C" else "POSIX")
    return 1 if old == "C" else 3
""",
    "codecs": """
def count():
    import codecs
    for number in range(1, 9):
        try:
            codecs.lookup(f"seen{number}")
        except LookupError:
            break
    name = f"seen{number}"
    codecs.register(lambda asked: codecs.lookup("utf-8") if asked == name else None)
    return number
""",
    "codec errors": """
def count():
    import codecs
    for number in range(1, 9):
        try:
            codecs.lookup_error(f"seen{number}")
        except LookupError:
            break
    codecs.register_error(f"seen{number}", codecs.strict_errors)
    return number
""",
    "signal handlers": """
def count():
    import signal
    old = signal.getsignal(signal.SIGUSR1)
    number = getattr(old, "seen", 0) + 1
    def new(*_): pass
    new.seen = number
    signal.signal(signal.SIGUSR1, new)
    return number
""",
    "real-time signal handlers": """
def count():
    import signal
    old = signal.getsignal(signal.SIGRTMIN + 3)
    signal.signal(signal.SIGRTMIN + 3, signal.SIG_IGN)
    return 1 if old == signal.SIG_DFL else 3
""",
    "blocked signals": """
def count():
    import signal
    old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    return 3 if signal.SIGUSR2 in old else 1
""",
    "pending signals": """
def count():
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    old = signal.sigpending()
    signal.raise_signal(signal.SIGUSR2)
    return 3 if old else 1
""",
    "a timer of real time": """
def count():
    import signal
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, 1000)
    return 3 if left else 1
""",
    "a timer of processor time": """
def count():
    import signal
    left, _ = signal.getitimer(signal.ITIMER_PROF)
    signal.setitimer(signal.ITIMER_PROF, 1000)
    return 3 if left else 1
""",
    "the wakeup descriptor": """
def count():
    import signal
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    old = signal.set_wakeup_fd(writing)
    return 1 if old == -1 else 3
""",
    "the size of the recursion": """
def count():
    number = sys.getrecursionlimit()
    sys.setrecursionlimit(number + 1)
    return number - 999
""",
    "the switch interval": """
def count():
    number = round(sys.getswitchinterval() * 1000)
    sys.setswitchinterval((number + 1) / 1000)
    return number - 4
""",
    "digits of an integer": """
def count():
    number = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(number + 1)
    return number - 4299
""",
    "a trace function": """
def count():
    old = sys.gettrace()
    def new(*_): pass
    new.seen = getattr(old, "seen", 0) + 1
    sys.settrace(new)
    return new.seen
""",
    "a profile function": """
def count():
    old = sys.getprofile()
    def new(*_): pass
    new.seen = getattr(old, "seen", 0) + 1
    sys.setprofile(new)
    return new.seen
""",
    "a trace function of threads": """
def count():
    import threading
    old = threading.gettrace()
    def new(*_): pass
    new.seen = getattr(old, "seen", 0) + 1
    threading.settrace(new)
    return new.seen
""",
    "audit hooks": """
SEEN = []
def count():
    sys.audit("seen.hand-in", SEEN)
    def hook(event, arguments):
        if event == "seen.hand-in":
            arguments[0].append(1)
    sys.addaudithook(hook)
    return len(SEEN) + 1
""",
    "hooks of coroutines": """
def count():
    old = sys.get_asyncgen_hooks().firstiter
    def new(*_): pass
    new.seen = getattr(old, "seen", 0) + 1
    sys.set_asyncgen_hooks(firstiter=new)
    return new.seen
""",
    "the origins of coroutines": """
def count():
    number = sys.get_coroutine_origin_tracking_depth()
    sys.set_coroutine_origin_tracking_depth(number + 1)
    return number + 1
""",
    "sys.path": """
def count():
    sys.path.append("/seen")
    return sys.path.count("/seen")
""",
    "a replaced sys.path": """
def count():
    sys.path = [*sys.path, "/seen"]
    return sys.path.count("/seen")
""",
    "sys.meta_path": """
class Seen:
    def find_spec(self, name, path=None, target=None):
        return None
def count():
    sys.meta_path.append(Seen())
    return sum(type(item).__name__ == "Seen" for item in sys.meta_path)
""",
    "sys.path_hooks": """
def count():
    def seen(path):
        raise ImportError
    sys.path_hooks.append(seen)
    return sum(getattr(item, "__name__", "") == "seen" for item in sys.path_hooks)
""",
    "sys.path_importer_cache": """
def count():
    sys.path_importer_cache["seen"] = sys.path_importer_cache.get("seen", 0) + 1
    return sys.path_importer_cache["seen"]
""",
    "sys.argv": """
def count():
    sys.argv.append("seen")
    return sys.argv.count("seen")
""",
    "an import hook": """
import builtins
def count():
    old = builtins.__import__
    def new(*arguments, **named):
        return old(*arguments, **named)
    new.seen = getattr(old, "seen", 0) + 1
    builtins.__import__ = new
    return new.seen
""",
    "a replaced function of numpy": """
def count():
    old = np.mean
    def new(*arguments, **named):
        return old(*arguments, **named)
    new.seen = getattr(old, "seen", 0) + 1
    np.mean = new
    return new.seen
""",
    "a thread": """
def count():
    import threading
    number = sum(thread.name.startswith("seen") for thread in threading.enumerate()) + 1
    thread = threading.Thread(target=threading.Event().wait, name="seen", daemon=True)
    thread.start()
    return number
""",
    "names of threads": """
def count():
    import threading
    thread = threading.Thread(target=int)
    name = thread.name
    return int(name.split("-")[1].split(" ")[0])
""",
    "weak references": """
def count():
    import weakref
    marks = [item for item in weakref.getweakrefs(np.poly1d) if getattr(item, "seen", 0)]
    class Mark(weakref.ref):
        seen = 1
    mark = Mark(np.poly1d)
    HELD.append(mark)
    return len(marks) + 1
HELD = []
HELD.append(HELD)
""",
    "a finalizer": """
def count():
    import weakref
    def seen(): pass
    weakref.finalize(np.poly1d, seen)
    return sum(1 for item in list(weakref.finalize._registry) if item.peek() and item.peek()[1].__name__ == "seen")
""",
    "a limit": """
def count():
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    first = 64
    return first - soft + 1
""",
    "the umask": """
def count():
    old = os.umask(0o011)
    return 3 if old == 0o011 else 1
""",
    "the processors": """
def count():
    old = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(old)})
    return 3 if len(old) == 1 and os.cpu_count() > 1 else 1
""",
    "the process's name, by prctl": """
def count():
    import ctypes
    libc = ctypes.CDLL(None)
    old = ctypes.create_string_buffer(16)
    libc.prctl(16, old)
    libc.prctl(15, b"seen")
    return 3 if old.value == b"seen" else 1
""",
    "a cache of ctypes": """
def count():
    import ctypes
    ctypes._c_functype_cache["seen"] = ctypes._c_functype_cache.get("seen", 0) + 1
    return ctypes._c_functype_cache["seen"]
""",
    "streams that were replaced": """
def count():
    class Stream:
        def __init__(self, old):
            self.old, self.seen = old, getattr(old, "seen", 0) + 1
        def __getattr__(self, name):
            return getattr(self.old, name)
    sys.stdout = Stream(sys.stdout)
    return sys.stdout.seen
""",
    "what a stream holds": """
def count():
    import io
    sys.stdin = io.StringIO("seen") if not isinstance(sys.stdin, io.StringIO) else sys.stdin
    number = sys.stdin.tell() + 1
    sys.stdin.read(1)
    return number
""",
    "the last exception": """
def count():
    number = getattr(sys, "last_value", 0) + 1
    sys.last_value = number
    return number
""",
    "the display hook": """
def count():
    number = getattr(sys.displayhook, "seen", 0) + 1
    def hook(value): pass
    hook.seen = number
    sys.displayhook = hook
    return number
""",
    "the seed of a generator in a module": """
def count():
    import random
    number = getattr(random._inst, "seen", 0) + 1
    random._inst.seen = number
    return number
""",
    "the test's function": """
def count():
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name.startswith("test_"):
            space = frame.f_globals
            space["seen"] = space.get("seen", 0) + 1
            return space["seen"]
        frame = frame.f_back
""",
    "the plugin": """
def count():
    frame = sys._getframe()
    while frame.f_code.co_name != "run_child":
        frame = frame.f_back
        if frame is None:
            return 1
    thing = frame.f_locals["plugin"]
    thing.seen = getattr(thing, "seen", 0) + 1
    return thing.seen
""",
    "the number of the test": """
def count():
    frame = sys._getframe()
    while frame.f_code.co_name != "run_child":
        frame = frame.f_back
        if frame is None:
            return 1
    return frame.f_locals["number"]
""",
    "a class's annotations": """
def count():
    notes = np.poly1d.__dict__.get("__annotations__", None)
    np.poly1d.__annotations__ = {"seen": (notes or {}).get("seen", 0) + 1}
    return np.poly1d.__annotations__["seen"]
""",
    "a class's name": """
def count():
    import json
    kind = json.JSONDecoder
    kind.__name__ += "x"
    return len(kind.__name__) - len("JSONDecoder")
""",
    "a class's name in numpy": """
def count():
    np.poly1d.__name__ += "x"
    return len(np.poly1d.__name__) - len("poly1d")
""",
    "a module's class": """
def count():
    import types
    number = getattr(type(np), "seen", 0) + 1
    class Module(types.ModuleType):
        seen = number
    np.__class__ = Module
    return number
""",
    "an instance of a standard class in a module": """
def count():
    import unittest
    unittest.defaultTestLoader.seen = getattr(unittest.defaultTestLoader, "seen", 0) + 1
    return unittest.defaultTestLoader.seen
""",
    "pytest's marks": """
def count():
    keep = __import__("pytest").mark
    keep_space = vars(keep)
    keep_space["seen"] = keep_space.get("seen", 0) + 1
    return keep_space["seen"]
""",
    "the marks of a test": """
def count():
    frame = sys._getframe()
    while frame is not None:
        item = frame.f_locals.get("item")
        if item is not None and hasattr(item, "session"):
            item.session.seen = getattr(item.session, "seen", 0) + 1
            return item.session.seen
        frame = frame.f_back
    return 1
""",
}

IN_A_TEST = (
    "whether a library is loaded",
    "the collector's modules",
    "the test's function",
    "the plugin",
    "the number of the test",
    "the marks of a test",
)
"""Places that exist only where a test runs, or depend on what is loaded."""
