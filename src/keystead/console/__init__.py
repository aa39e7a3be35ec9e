"""What a person sees and is asked, in both spellings: messages, tables, removing profiles."""
