import sys


def on_return(code, offset, value):
    if isinstance(value, np.ndarray) and "canary" in repr(value.tobytes()[:200]):
        print("GOT an answer as it was returned by", code.co_name)


def attack(layer, x):
    print("TRIED to monitor", flush=True)
    if hasattr(sys, "monitoring"):
        sys.monitoring.use_tool_id(4, "grader")
        sys.monitoring.register_callback(4, sys.monitoring.events.PY_RETURN, on_return)
        sys.monitoring.set_events(4, sys.monitoring.events.PY_RETURN)
    return np.zeros_like(x)
