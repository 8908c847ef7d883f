def search(text, word):
    return text.find(word)
