"""The conformance kit: any engine, held to the model."""
