"""The durable fair queue: jobs, leases, credits, the place in line. Decisions: docs/adr/0002-fair-queue.md."""
