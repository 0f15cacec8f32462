"""The machines of the fleet, how to reach them, and which host key they have."""
