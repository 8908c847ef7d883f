import faulthandler
import time


def attack(layer, x):
    print("TRIED to leave by faulthandler", flush=True)
    faulthandler.dump_traceback_later(0.05, exit=True)
    time.sleep(1)
