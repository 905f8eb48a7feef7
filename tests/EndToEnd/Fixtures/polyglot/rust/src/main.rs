mod lexer;
mod parser;

fn main() {
    let text = std::env::args().nth(1).unwrap_or_default();
    println!("{}", parser::evaluate(&text));
}
