# %% exercise="twice"
def twice(number):
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION
