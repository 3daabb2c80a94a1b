"""What each method of the clients asks of a server, and how it reads the answers. Sends nothing."""
