import threading


def spin():
    while True:
        pass


def attack(layer, x):
    print("TRIED to go on for ever", flush=True)
    for _ in range(8):
        threading.Thread(target=spin, daemon=True).start()
    spin()
