"""The widgets that tabs are made of."""
