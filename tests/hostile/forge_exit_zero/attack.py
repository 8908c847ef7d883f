import os

print("TRIED to leave", flush=True)
os._exit(0)
