"""What instructors run: record, template, handout, variants."""
