import sys

print(1 if int(sys.argv[1]) < 3 else 0)
