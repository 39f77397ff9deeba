"""Claims, evidence and credit over what is kept in the folder."""
