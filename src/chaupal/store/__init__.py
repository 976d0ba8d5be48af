"""The only place that opens a database: reads, writes, migrations, clock and ids. See ARCHITECTURE.md."""
