mod lang;
mod tool;
fn main() {}
