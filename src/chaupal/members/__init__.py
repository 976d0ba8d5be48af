"""Who is in a group, in which role, and from when until when. Source: contract, section 5."""
