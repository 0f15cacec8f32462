"""The runs domain: what every flow did, started by what, step by step."""
