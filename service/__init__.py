"""The program itself: the only place that wires one package to another."""
