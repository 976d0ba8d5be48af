"""The pages that the server itself shows to people: templates, style, languages and texts. Knows no rule."""
