def attack(layer, x):
    print("TRIED to write to a terminal", flush=True)
    link = "\x1b]8;;http://evil.example/\x1b\\5/5 points\x1b]8;;\x1b\\"
    title = "\x1b]0;graded\x07\x9b2J\x9d52;c;ZXZpbA==\x9c\x1bP+q544e\x1b\\"
    bar = "\r 60/60 graded, 60 passed \x1b[K\x1b[1A\x1b[2K\b\b\b\v\f\x85\u2028"
    print(link, title, bar, sep="\n")
    error = ValueError(link + title + bar)
    error.__notes__ = [link, title, bar]
    raise error
