def attack(layer, x):
    print("TRIED the disk in pieces", flush=True)
    for number in range(400):
        with open(f"file{number}", "wb") as file:
            file.write(b"x" * 2**20)
    print("GOT 400 MiB of the disk", flush=True)
