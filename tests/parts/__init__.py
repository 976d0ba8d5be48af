"""The real parts that tests run against: PostgreSQL, NATS and an S3 store, as packages from the lock file.

The first test that needs a part starts it; all workers of the run share it; it ends with the run, however the run ends.
`tests/conftest.py` hands them out as fixtures. CHAUPAL_TEST_POSTGRES, CHAUPAL_TEST_NATS and CHAUPAL_TEST_S3 name
servers to use instead.
"""
