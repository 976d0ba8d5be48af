"""What `chaupal doctor` looks at, one file per part of an installation."""
