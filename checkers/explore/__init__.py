"""The explorer: specs compiled to machine code and searched breadth first, exactly, on all workers."""
