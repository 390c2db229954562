"""Audio codecs: one module each, one interface (``codec.py``), one list of what there is (``registry.py``)."""
