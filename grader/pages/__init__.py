"""The pages of a class: what a teacher looks at, and what a student is sent.

`material` reads all that they are made of, once; a module for each kind of page turns it into what
its template shows; `site` writes them into a folder, and the desk serves the same ones.
"""
