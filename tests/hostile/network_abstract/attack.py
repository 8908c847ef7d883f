import socket


def attack(layer, x):
    print("TRIED a name", flush=True)
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind("\0left-by-hostile")
            sock.listen()
            print("GOT a name")
    except OSError as error:
        print(type(error).__name__)
