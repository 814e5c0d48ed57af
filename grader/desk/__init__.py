"""The teacher's desk: the pages of a class on this machine, live, with marks and words by hand.

`running` is what `grader grade` leaves of its progress, `beside` where companion files lay; `shelf`
has what stands, and the pages of it; `guard` decides who is answered; `actions` does what a teacher
decides; `regrades` grades one hand-in again; `application` joins them, and `serving` runs them.
"""
