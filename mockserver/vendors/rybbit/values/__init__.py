"""Values of the world as the vendor stores and shows them."""
