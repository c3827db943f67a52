"""What turns cost: a purse for each, and what is left of the budgets."""
