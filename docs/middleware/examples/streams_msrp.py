"""What a file transfer says about the file before it begins."""

import os
import tempfile

from blinkq.sipsimple.streams.msrp import FileSelector

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "hello.txt")
    with open(path, "w") as file:
        file.write("hello")
    selector = FileSelector.for_file(path)
    print(os.path.basename(selector.name), selector.type, selector.size)
    selector.fd.close()

# prints:
# hello.txt text/plain 5
