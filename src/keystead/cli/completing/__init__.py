"""Shell completion: the scripts for shells and their answers."""
