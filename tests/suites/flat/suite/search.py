def search(text, word):
    raise NotImplementedError
