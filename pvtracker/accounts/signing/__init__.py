"""Electronic signatures (21 CFR Part 11, subparts B and C): what they mean, what they are bound to, who gave them."""
