"""`from past.builtins import xrange` is in many hand-ins of 2017 and 2018."""

basestring = str
long = int
unicode = str
xrange = range
