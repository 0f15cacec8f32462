"""Flows to begin with: kept with versions, rated and counted, and some that come with the product."""
