"""The suppression list in the desk: looking through it, adding, lifting, bringing in and taking out lists."""
