"""What pages get while they are built, and their sources do not have: questions, links to the glossary."""
