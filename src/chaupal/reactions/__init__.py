"""Likes and comments on what is sent to groups. Source: contract, section 9."""
