"""The instructor's side: record, template, handout, variants, audit, bundle."""
