"""What a person sees of what is sent to groups: audiences, times, groups above. Source: contract, sections 5 and 6."""
