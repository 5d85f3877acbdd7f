"""The demo shop: a simulated tea-and-gifts shop. Its history is played through the same intake as everybody's data."""
