def run():
    return 0.25
