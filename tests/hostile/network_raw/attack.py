import socket


def attack(layer, x):
    print("TRIED rare families", flush=True)
    for name in ("AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"):
        try:
            socket.socket(getattr(socket, name), socket.SOCK_RAW if name != "AF_ALG" else socket.SOCK_SEQPACKET).close()
        except (OSError, AttributeError):
            continue
        print("GOT", name)
