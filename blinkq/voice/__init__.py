"""The media process: sockets, SRTP, sound devices and the 20 ms clock around the pure room ``media``.

Started as ``python -m blinkq.voice``; it speaks the control channel on its standard input and output and ends with its input.
"""
