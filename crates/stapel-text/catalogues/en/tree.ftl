### tree
