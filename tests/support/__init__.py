"""What tests of several folders share: databases, stores, builders of shapes."""
