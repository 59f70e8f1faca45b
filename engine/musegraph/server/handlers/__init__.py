"""What answers: one module for each subject, a function for each route."""
