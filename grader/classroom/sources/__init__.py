"""Who handed in what: a file for each layout of a class's hand-ins; `find.find` recognises and reads them."""
