"""What went wrong in labs that run, in words for their owners. Remembered for a day, in memory."""
