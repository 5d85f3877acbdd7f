"""What people type: friends on the public page, staff in the wizard."""
