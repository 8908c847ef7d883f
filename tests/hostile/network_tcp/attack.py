import socket


def attack(layer, x):
    print("TRIED to connect", flush=True)
    for family, address in ((socket.AF_INET, ("127.0.0.1", 9)), (socket.AF_INET6, ("::1", 9))):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as sock:
                print("GOT a socket")
                sock.settimeout(0.2)
                sock.connect(address)
        except OSError as error:
            print(type(error).__name__)
