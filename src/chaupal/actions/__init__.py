"""Actions: announcements, jobs, polls, surveys, package instances, media and other cards.

Source: contract, section 8.
"""
