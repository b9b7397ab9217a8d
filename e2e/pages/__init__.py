"""What people see on the page, by the names it has for them."""
