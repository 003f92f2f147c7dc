"""A convolutional network, a text classifier and a residual MLP, beside the other libraries."""
