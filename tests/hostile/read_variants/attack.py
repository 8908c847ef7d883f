import glob

print("TRIED to read the variants")
for _place in glob.glob("/tmp/*/project/testcases/*/*.toml"):
    try:
        with open(_place, encoding="utf-8") as _file:
            print("GOT", _place.rpartition("/")[2], len(_file.read()))
    except OSError as _error:
        print(type(_error).__name__)
