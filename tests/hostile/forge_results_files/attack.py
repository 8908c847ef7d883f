import os

_TEXT = '{"score": 15, "tests": []}'
_PLACES = ["..", "/autograder/results", "/tmp", "/var/tmp", "@PROJECT@"]
print("TRIED to write results")
for _place in _PLACES:
    _file = os.path.join(_place, "left-by-hostile-results.json")
    try:
        with open(_file, "w") as _stream:
            _stream.write(_TEXT)
    except OSError:
        continue
    print("GOT a results file written in", _place.split("/")[-1])
    if _place != "/tmp":
        os.unlink(_file)
