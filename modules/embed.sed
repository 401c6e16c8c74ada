# Turns a text file into a C string literal, a line to a line.
s/\\/\\\\/g
s/"/\\"/g
s/^/    "/
s/$/\\n"/
