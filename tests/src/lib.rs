//! End-to-end tests: scenarios, crash points, contract.
