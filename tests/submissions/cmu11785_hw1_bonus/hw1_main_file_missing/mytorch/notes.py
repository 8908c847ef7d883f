# TODO merge hw1.py from the lab machine
