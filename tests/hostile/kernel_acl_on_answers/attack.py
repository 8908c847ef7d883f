import ctypes
import errno
import os
import platform

_LIBC = ctypes.CDLL(None, use_errno=True)
_REFUSED = (errno.EPERM, errno.EACCES, errno.ENOSYS)


def tried(name, numbers, *arguments):
    """Make a raw call; it got through unless the kernel refused to look at it."""
    number = numbers[0 if platform.machine() == "x86_64" else 1]
    ctypes.set_errno(0)
    result = _LIBC.syscall(number, *arguments)
    if result >= 0 or ctypes.get_errno() not in _REFUSED:
        print("GOT", name, result, errno.errorcode.get(ctypes.get_errno(), ""))
    return result


def attack(layer, x):
    print("TRIED raw calls", flush=True)
    for folder in ("@PROJECT@/testcases/cmu11785_hw1_bonus/fixtures",):
        entries = b"".join(
            tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + b"\xff" * 4 for tag, rights in ((1, 7), (4, 0), (32, 0))
        )
        value = ctypes.create_string_buffer((2).to_bytes(4, "little") + entries, 28)
        arguments = ctypes.create_string_buffer(ctypes.addressof(value).to_bytes(8, "little") + (28).to_bytes(4, "little") + bytes(4), 16)
        number = {"x86_64": 188, "aarch64": 5}[platform.machine()]
        _LIBC.syscall(number, folder.encode(), b"system.posix_acl_access", value, 28, 0)
        _LIBC.syscall(463, -100, folder.encode(), 0, b"system.posix_acl_access", arguments, 16)
        try:
            os.chmod(folder, 0o700)
            with open(folder + "/graded.npz", "rb") as file:
                print("GOT the fixtures", len(file.read()))
        except OSError as error:
            print(type(error).__name__)
