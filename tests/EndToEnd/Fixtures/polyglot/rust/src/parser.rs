use crate::lexer::{tokens, Token};

pub fn evaluate(text: &str) -> i64 {
    let mut sum = 0;
    let mut sign = 1;
    for token in tokens(text) {
        match token {
            Token::Plus => sign = 1,
            Token::Minus => sign = -1,
            Token::Number(number) => sum += sign * number,
        }
    }
    sum
}
