"""The common ticket format: the one language every other package speaks.

Standard library and msgspec only; imports nothing of the project.
"""
