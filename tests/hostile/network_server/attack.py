import socket


def attack(layer, x):
    print("TRIED to listen", flush=True)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            print("GOT a port", sock.getsockname()[1])
    except OSError as error:
        print(type(error).__name__)
