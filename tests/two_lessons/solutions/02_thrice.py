# %% exercise="thrice"
def thrice(number):
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION
