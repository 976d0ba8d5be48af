"""Actions: announcements, jobs, polls, surveys, package instances, media and the other cards. Contract, section 8."""
