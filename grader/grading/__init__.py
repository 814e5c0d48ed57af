"""One submission, many submissions, and the processes that grade them."""
