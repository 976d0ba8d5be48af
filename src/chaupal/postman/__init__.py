"""The Postman collection, made of routes, examples and one journey through them. The server does not use it."""
