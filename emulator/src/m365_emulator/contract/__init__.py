"""What this emulator assumes about Microsoft's cloud, asked of a real test tenant."""
