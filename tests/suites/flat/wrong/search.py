def search(text, word):
    return text.index(word)
