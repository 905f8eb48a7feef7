#[derive(Debug, PartialEq)]
pub enum Token {
    Number(i64),
    Plus,
    Minus,
}

pub fn tokens(text: &str) -> Vec<Token> {
    let mut result = Vec::new();
    for word in text.split_whitespace() {
        match word {
            "+" => result.push(Token::Plus),
            "-" => result.push(Token::Minus),
            _ => {
                if let Ok(number) = word.parse() {
                    result.push(Token::Number(number));
                }
            }
        }
    }
    result
}
