"""The schema's history. Migrations only add; what is no longer used is removed a release later."""
