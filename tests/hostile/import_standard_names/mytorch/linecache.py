print("GOT run as linecache")
