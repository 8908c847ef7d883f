import socket


def attack(layer, x):
    print("TRIED to send", flush=True)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"x", ("127.0.0.1", 9))
            print("GOT a packet sent")
    except OSError as error:
        print(type(error).__name__)
