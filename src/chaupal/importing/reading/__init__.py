"""The forms that a past is kept in, read into records. Knows files, never the store. Source: contract, section 14."""
