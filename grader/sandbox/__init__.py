"""The border: ingest, wire format, zygote, jail, worker handle."""
