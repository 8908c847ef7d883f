import os
import socket


def attack(layer, x):
    print("TRIED to find the control socket", flush=True)
    for number in range(4, 300):
        try:
            os.fstat(number)
        except OSError:
            continue
        print("GOT descriptor", number)
    try:
        with socket.socket(fileno=os.dup(3)) as channel:
            if channel.type == socket.SOCK_SEQPACKET:
                print("GOT a socket that keeps messages apart")
    except OSError:
        pass
