import os

print("TRIED to read the variants")
try:
    os.chmod("@PROJECT@/testcases/cmu11785_hw1_bonus", 0o755)
except OSError:
    pass
for _name in ("variants.toml", "assignment.toml"):
    _place = f"@PROJECT@/testcases/cmu11785_hw1_bonus/{_name}"
    try:
        with open(_place, encoding="utf-8") as _file:
            print("GOT", _place.rpartition("/")[2], len(_file.read()))
    except OSError as _error:
        print(type(_error).__name__)
