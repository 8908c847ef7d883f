import threading
import time


def attack(layer, x):
    print("TRIED threads", flush=True)
    for daemon in (True, False):
        threading.Thread(target=time.sleep, args=(60,), daemon=daemon).start()
