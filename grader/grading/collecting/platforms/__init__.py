"""A module for each platform: whose the files are that it makes folders and archives of.

Each tells the owners of those entries whose names it knows, at any depth.
"""
