"""Multiple choice: from rows of a file to questions, and from questions to tokens."""
