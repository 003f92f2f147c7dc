"""Explain a pass: trace the code that ran, write it on a board, show it in any format."""
