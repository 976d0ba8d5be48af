"""HTTP in and out: routes, requests, answers, and the application that joins them. Knows no rule of the product."""
