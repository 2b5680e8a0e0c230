"""What a venue reported of an account, recomputed figure by figure."""
