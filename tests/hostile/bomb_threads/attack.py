import threading
import time


def attack(layer, x):
    print("TRIED threads", flush=True)
    started = 0
    try:
        for _ in range(1000):
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
            started += 1
    except (RuntimeError, MemoryError):
        pass
    if started > 200:
        print("GOT", started, "threads")
