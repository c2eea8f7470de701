//! Stories that once ended badly, each told as a sequence of commands.

mod found_by_people;
mod found_by_the_model;
mod words;
