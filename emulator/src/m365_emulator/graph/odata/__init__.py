"""The part of OData that Graph's directory understands: a filter language, options, pages."""
