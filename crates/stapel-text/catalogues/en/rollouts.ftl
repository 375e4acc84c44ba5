### rollouts
