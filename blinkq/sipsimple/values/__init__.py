"""Plain values of ``sipsimple.core``: they need no engine, know no time, and import nothing of the middleware but each other."""
