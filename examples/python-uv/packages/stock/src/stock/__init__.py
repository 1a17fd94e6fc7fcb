CASKS = {"firkin": 41, "kilderkin": 82, "barrel": 164}
