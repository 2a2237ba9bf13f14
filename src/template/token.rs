//! The words of a template text.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Text outside actions.
    Text,
    /// `{{`, its trim marker left out.
    LeftDelim,
    /// `}}`, its trim marker left out.
    RightDelim,
    /// A run of white space inside an action.
    Space,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    /// `|`
    Pipe,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// Any other printable ASCII character.
    Char,
    /// A name that is no keyword.
    Identifier,
    /// `.name`
    Field,
    /// `$` or `$name`
    Variable,
    /// `true` or `false`
    Bool,
    /// A number, also an imaginary one.
    Number,
    /// A complex number: `1+2i`.
    Complex,
    /// A character between single quotes.
    CharConstant,
    /// A string between double quotes.
    String,
    /// A string between backquotes.
    RawString,
    /// `.`
    Dot,
    /// `block`
    Block,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `define`
    Define,
    /// `else`
    Else,
    /// `end`
    End,
    /// `if`
    If,
    /// `nil`
    Nil,
    /// `range`
    Range,
    /// `template`
    Template,
    /// `with`
    With,
    /// The end of the text.
    Eof,
    /// Text that cannot be split further; the lexer holds the message.
    Error,
}

/// A token: its kind and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl TokenKind {
    /// The keyword spelled `word`.
    pub(super) fn keyword(word: &[u8]) -> Option<TokenKind> {
        Some(match word {
            b"block" => TokenKind::Block,
            b"break" => TokenKind::Break,
            b"continue" => TokenKind::Continue,
            b"define" => TokenKind::Define,
            b"else" => TokenKind::Else,
            b"end" => TokenKind::End,
            b"if" => TokenKind::If,
            b"nil" => TokenKind::Nil,
            b"range" => TokenKind::Range,
            b"template" => TokenKind::Template,
            b"with" => TokenKind::With,
            _ => return None,
        })
    }

    /// Says whether Go counts the token among the keywords; `.` is one of them.
    pub(super) fn is_keyword(self) -> bool {
        use TokenKind as K;
        matches!(
            self,
            K::Dot
                | K::Block
                | K::Break
                | K::Continue
                | K::Define
                | K::Else
                | K::End
                | K::If
                | K::Nil
                | K::Range
                | K::Template
                | K::With
        )
    }
}
