"""The remote framebuffer protocol (RFC 6143) without a network: a viewer, a server, and the encodings of pictures.

Not for what shows the picture (the windows), takes it (the screen sources) or carries the bytes (the streams).
"""
