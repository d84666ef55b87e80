//! Styles that fetch nothing.
//!
//! Two things in CSS make a browser fetch: a function that takes an address, and `@import`.
//! - `url(ADDRESS)`, in any spelling, becomes `url("asset:ADDRESS")`, unless it is a `#fragment` or the bytes of a picture or font.
//! - Other functions that take an address take it as a string, and a string can come from a variable: `image-set(var(--x))`. Their
//!   names are broken with [`GUARD`], a character that shows nothing and that is part of a name: no browser knows the function any more.
//! - `@import` becomes [`NOTHING`], a rule that does nothing: rules are addressed by position, so one must stand there.
//!
//! [`sheet`] reads CSS as the standard's tokenizer does, as far as these three need it. But a recording builds a `<style>` of pieces,
//! some of which come in later chunks, where nothing tells that they belong to a style: `"` in one piece turns inside out what is a
//! string in the next, and `u`, `rl(//a)` are harmless alone. So everything that leaves here also holds **wherever a reader starts**: no
//! function that takes an address and no `@import` stands even within a string, and no address holds a bracket. [`piece`] and
//! [`text`] guard the two ends as well. In the text of a page, that is all that happens: it looks the same.

use std::borrow::Cow;

use super::address::{ASSET, inert};

/// WORD JOINER: to a reader nothing, to CSS a letter.
pub(super) const GUARD: char = '\u{2060}';
/// Instead of a rule that went.
const NOTHING: &str = "@media not all{}";
/// What rrweb puts between the texts of one style.
const SPLIT: &str = "/* rr_split */";
/// Functions that take an address, or once did. Names that end in one of these count as well: `-webkit-image-set`.
const TAKES_ADDRESS: [&str; 6] = ["url", "src", "image", "image-set", "cross-fade", "expression"];
/// The longest of these names, every letter as the longest escape: a backslash, six digits, CR and LF.
const NAME_BYTES_MAX: usize = "cross-fade".len() * 9;

/// A whole style sheet, or one rule, or declarations, or a value. Adds to `removed` what it took out.
pub(super) fn sheet<'a>(css: &'a str, removed: &mut u32) -> Cow<'a, str> {
    if !css.contains(['(', '@']) {
        return Cow::Borrowed(css);
    }
    let mut cleaner = Cleaner {
        rest: css,
        out: String::with_capacity(css.len() + 64),
        removed,
    };
    while cleaner.token() {}
    Cow::Owned(cleaner.out)
}

/// What is in one text of a `<style>` that may have more of them.
pub(super) fn piece<'a>(css: &'a str, removed: &mut u32) -> Cow<'a, str> {
    match guard_ends(css.into()) {
        Cow::Borrowed(css) => sheet(css, removed),
        Cow::Owned(css) => Cow::Owned(sheet(&css, removed).into_owned()),
    }
}

/// The texts of a style in one, as rrweb writes them.
pub(super) fn pieces<'a>(css: &'a str, removed: &mut u32) -> Cow<'a, str> {
    if !css.contains(SPLIT) {
        return sheet(css, removed);
    }
    let pieces: Vec<_> = css.split(SPLIT).map(|it| piece(it, removed)).collect();
    Cow::Owned(pieces.join(SPLIT))
}

/// A text that is probably of the page, but might be of a style.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    guard_ends(guard(text))
}

struct Cleaner<'a, 'r> {
    rest: &'a str,
    out: String,
    removed: &'r mut u32,
}

impl<'a> Cleaner<'a, '_> {
    /// Copies one token; false at the end.
    fn token(&mut self) -> bool {
        let Some(next) = self.rest.chars().next() else {
            return false;
        };
        match next {
            '/' if self.rest.starts_with("/*") => {
                self.skip_comment();
                self.out.push_str("/**/");
            }
            '"' | '\'' => {
                let string = self.take(string_bytes(self.rest));
                self.out.push_str(&guard(string));
            }
            '@' => self.at_rule(),
            _ => match name_bytes(self.rest) {
                0 => {
                    let token = self.take(next.len_utf8());
                    self.out.push_str(token);
                }
                name => self.name(name),
            },
        }
        true
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (token, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        token
    }

    fn skip_comment(&mut self) {
        let end = self.rest[2..].find("*/").map_or(self.rest.len(), |at| at + 4);
        self.take(end);
    }

    fn at_rule(&mut self) {
        let token = self.take(1 + name_bytes(&self.rest[1..]));
        if unescaped(&token[1..]).eq_ignore_ascii_case("import") {
            *self.removed += 1;
            self.out.push_str(NOTHING);
            self.skip_import();
        } else if self.rest.starts_with('(') {
            self.take(1);
            self.out.push_str(&guard(&format!("{token}(")));
        } else {
            self.out.push_str(&guard(token));
        }
    }

    /// Up to the semicolon, or to the block that a browser would take instead.
    fn skip_import(&mut self) {
        while let Some(next) = self.rest.chars().next() {
            match next {
                ';' => {
                    self.take(1);
                    return;
                }
                '{' | '}' => return,
                _ => self.skip_token(next),
            }
        }
    }

    fn skip_token(&mut self, next: char) {
        match next {
            '/' if self.rest.starts_with("/*") => self.skip_comment(),
            '"' | '\'' => {
                self.take(string_bytes(self.rest));
            }
            _ => match name_bytes(self.rest) {
                0 => {
                    self.take(next.len_utf8());
                }
                bytes => {
                    let name = self.take(bytes);
                    if is_url(name) && self.rest.starts_with('(') && !is_quoted(&self.rest[1..]) {
                        self.take(1);
                        self.bare_url();
                    }
                }
            },
        }
    }

    fn name(&mut self, bytes: usize) {
        let name = self.take(bytes);
        if !self.rest.starts_with('(') {
            // `\@import` is a name, until the piece before it ends in a backslash.
            self.out.push_str(&guard(name));
            return;
        }
        self.take(1);
        if is_url(name) {
            let address = self.url_content();
            let address = inert(&address);
            *self.removed += u32::from(address.is_code);
            self.put_url(&address.text);
        } else {
            self.out.push_str(&guard(&format!("{name}(")));
        }
    }

    fn put_url(&mut self, address: &str) {
        self.out.push_str("url(\"");
        // An empty address is the page's own, to some browsers.
        put_address(if address.is_empty() { ASSET } else { address }, &mut self.out);
        self.out.push_str("\")");
    }

    /// What stands between `url(` and its bracket, which is taken as well.
    fn url_content(&mut self) -> String {
        if !is_quoted(self.rest) {
            return self.bare_url();
        }
        self.rest = self.rest.trim_start_matches(is_space);
        let string = self.take(string_bytes(self.rest));
        self.skip_to_bracket();
        let content = &string[1..];
        unescaped(content.strip_suffix(['"', '\'']).unwrap_or(content))
    }

    /// An address without quotes; nothing if a browser would not take it for one.
    fn bare_url(&mut self) -> String {
        let content = self.take(bare_url_bytes(self.rest)).trim_matches(is_space);
        self.rest = self.rest.strip_prefix(')').unwrap_or(self.rest);
        if is_bare_url(content) {
            unescaped(content)
        } else {
            String::new()
        }
    }

    /// A browser takes everything up to the bracket that closes, too.
    fn skip_to_bracket(&mut self) {
        let mut depth = 0_usize;
        while let Some(next) = self.rest.chars().next() {
            match next {
                '(' => depth += 1,
                ')' if depth == 0 => {
                    self.take(1);
                    return;
                }
                ')' => depth -= 1,
                _ => {}
            }
            self.skip_token(next);
        }
    }
}

fn is_url(name: &str) -> bool {
    unescaped(name).eq_ignore_ascii_case("url")
}

fn is_quoted(content: &str) -> bool {
    content.trim_start_matches(is_space).starts_with(['"', '\''])
}

/// The address within quotes: of what CSS gives a meaning to, nothing is left bare.
fn put_address(address: &str, out: &mut String) {
    let mut chars = address.chars().peekable();
    while let Some(next) = chars.next() {
        let starts_import = next == '@' && chars.peek().is_none_or(|it| it.eq_ignore_ascii_case(&'i'));
        if starts_import || next.is_control() || "\"'()\\".contains(next) {
            out.push_str(&format!("\\{:x} ", u32::from(next)));
        } else {
            out.push(next);
        }
    }
}

/// Breaks what takes an address, wherever a reader may start in this text.
fn guard(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied_to = 0;
    for (at, found) in text.char_indices() {
        let breaks_at = match found {
            '(' if ends_in_taker(&text[..at]) => at,
            '@' => match spelled(&text[at + 1..], "import") {
                Some(bytes) => at + 1 + bytes,
                None => continue,
            },
            _ => continue,
        };
        if !text[breaks_at..].starts_with(GUARD) {
            out.push_str(&text[copied_to..breaks_at]);
            out.push(GUARD);
            copied_to = breaks_at;
        }
    }
    if copied_to == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied_to..]);
    Cow::Owned(out)
}

/// Whether some reading of the end of this text is the name of a function that takes an address.
fn ends_in_taker(text: &str) -> bool {
    let may_be_of_name = |it: char| is_name(it) || it == '\\' || is_space(it);
    let from = text.ceil_char_boundary(text.len().saturating_sub(NAME_BYTES_MAX));
    text[from..]
        .char_indices()
        .rev()
        .take_while(|(_, it)| may_be_of_name(*it))
        .any(|(at, _)| {
            let name = &text[from + at..];
            TAKES_ADDRESS.iter().any(|it| spelled(name, it) == Some(name.len()))
        })
}

/// The bytes of this word at the start of this text, in any spelling.
fn spelled(text: &str, word: &str) -> Option<usize> {
    let mut at = 0;
    for expected in word.chars() {
        let (found, bytes) = name_char(&text[at..])?;
        if !found.eq_ignore_ascii_case(&expected) {
            return None;
        }
        at += bytes;
    }
    Some(at)
}

/// So that this text and its neighbours do not become one name.
fn guard_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    let starts = text.find('(').is_some_and(|at| {
        !text.starts_with(GUARD) && text[..at].chars().all(|it| is_name(it) || it == '\\' || is_space(it))
    });
    let ends = text.rfind('@').is_some_and(|at| {
        let name = &text[at + 1..];
        !name.ends_with(GUARD)
            && name.chars().all(|it| is_name(it) || it == '\\' || is_space(it))
            && (name.contains('\\') || is_start_of_import(name))
    });
    match (starts, ends) {
        (false, false) => text,
        (true, false) => format!("{GUARD}{text}").into(),
        (false, true) => format!("{text}{GUARD}").into(),
        (true, true) => format!("{GUARD}{text}{GUARD}").into(),
    }
}

fn is_start_of_import(name: &str) -> bool {
    "import"
        .get(..name.len())
        .is_some_and(|it| it.eq_ignore_ascii_case(name))
}

/// As the standard has it, before it replaces CR and FF.
fn is_space(it: char) -> bool {
    matches!(it, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

fn is_line_end(it: char) -> bool {
    matches!(it, '\n' | '\r' | '\u{c}')
}

fn is_name(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '-' || it == '_' || !it.is_ascii()
}

/// The bytes of the name this text starts with.
fn name_bytes(text: &str) -> usize {
    let mut at = 0;
    while let Some((_, bytes)) = name_char(&text[at..]) {
        at += bytes;
    }
    at
}

/// One letter of a name, bare or escaped, and its bytes.
fn name_char(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    match first {
        '\\' if !text[1..].starts_with(is_line_end) => Some(escape(text)),
        _ if is_name(first) => Some((first, first.len_utf8())),
        _ => None,
    }
}

/// What the escape at the start of this text stands for, and its bytes.
fn escape(text: &str) -> (char, usize) {
    let body = &text[1..];
    let digits = body.bytes().take(6).take_while(|it| it.is_ascii_hexdigit()).count();
    if digits == 0 {
        let escaped = body.chars().next();
        let shown = escaped.filter(|it| *it != '\0').unwrap_or('\u{fffd}');
        return (shown, 1 + escaped.map_or(0, char::len_utf8));
    }
    let number = u32::from_str_radix(&body[..digits], 16).unwrap_or(0);
    let escaped = char::from_u32(number).filter(|it| *it != '\0').unwrap_or('\u{fffd}');
    let after = &body[digits..];
    let space = match after.chars().next() {
        _ if after.starts_with("\r\n") => 2,
        Some(it) if is_space(it) => 1,
        _ => 0,
    };
    (escaped, 1 + digits + space)
}

/// The same within a string, where an escaped line end is nothing.
fn string_escape(text: &str) -> (Option<char>, usize) {
    match &text[1..] {
        body if body.starts_with("\r\n") => (None, 3),
        body if body.starts_with(is_line_end) => (None, 2),
        _ => {
            let (escaped, bytes) = escape(text);
            (Some(escaped), bytes)
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (found, bytes) = match next {
            '\\' => string_escape(rest),
            '\0' => (Some('\u{fffd}'), 1),
            _ => (Some(next), next.len_utf8()),
        };
        out.extend(found);
        rest = &rest[bytes..];
    }
    out
}

/// The bytes of the string this text starts with: to its quote, or up to a line's end, or to the end.
fn string_bytes(text: &str) -> usize {
    let mut chars = text.chars();
    let quote = chars.next();
    let mut at = text.len() - chars.as_str().len();
    while let Some(next) = text[at..].chars().next() {
        match next {
            // A line end may be part of an escape, and then ends no string.
            '\\' => at += string_escape(&text[at..]).1,
            _ if is_line_end(next) => return at,
            _ if Some(next) == quote => return at + 1,
            _ => at += next.len_utf8(),
        }
    }
    text.len()
}

/// The bytes of an address without quotes: up to its bracket, or to the end.
fn bare_url_bytes(text: &str) -> usize {
    let mut chars = text.char_indices();
    while let Some((at, next)) = chars.next() {
        match next {
            '\\' => {
                chars.next();
            }
            ')' => return at,
            _ => {}
        }
    }
    text.len()
}

/// A browser takes such an address; another it skips.
fn is_bare_url(content: &str) -> bool {
    let mut rest = content;
    while let Some(next) = rest.chars().next() {
        let bytes = match next {
            '\\' if rest[1..].starts_with(is_line_end) => return false,
            '\\' => escape(rest).1,
            '"' | '\'' | '(' => return false,
            _ if is_space(next) || next.is_control() => return false,
            _ => next.len_utf8(),
        };
        rest = &rest[bytes..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(css: &str) -> String {
        sheet(css, &mut 0).into_owned()
    }

    #[test]
    fn what_fetches_nothing_stays_to_the_letter() {
        for css in [
            "a{color:red}",
            "@media (min-width:1px){a:not(.b)::before{content:\"(x)\\201c\";width:calc(1px + var(--a))}}",
            "@font-face{font-family:x;src:local(x)}",
            "a{background:linear-gradient(red,blue),url(\"#b\")}",
            "a{background:url(\"data:image/png;base64,AA+/=\")}",
            "@charset \"utf-8\";@namespace svg \"x\";",
            "",
        ] {
            assert_eq!(cleaned(css), css);
        }
    }

    #[test]
    fn an_address_becomes_an_asset_however_it_is_spelled() {
        for css in [
            "url(//a/b)",
            "URL( '//a/b' )",
            "u\\72l(//a/b)",
            "\\75\nrl(\"//a/b\" x(1))",
            "url(\\2f/a/b)",
            "url(//a/b",
            "url(\"//a/b",
        ] {
            assert_eq!(cleaned(css), "url(\"asset://a/b\")", "{css}");
        }
        assert_eq!(cleaned("url(a b)c"), "url(\"asset:\")c");
        assert_eq!(cleaned("url()"), "url(\"asset:\")");
        assert_eq!(cleaned("url(a\\0 b)"), "url(\"asset:a\u{fffd}b\")");
        assert_eq!(cleaned("url(javascript:x)"), "url(\"asset:javascript:\")");
    }

    #[test]
    fn an_address_holds_nothing_that_css_has_a_meaning_for() {
        let once = cleaned(r#"url("x\")'(@i\a y")"#);
        assert_eq!(once, r#"url("asset:x\22 \29 \27 \28 \40 i\a y")"#);
        assert_eq!(cleaned(&once), once);
        assert_eq!(cleaned("url(logo@2x.png)"), "url(\"asset:logo@2x.png\")");
    }

    #[test]
    fn imports_become_rules_that_do_nothing() {
        let mut removed = 0;
        let css = "@import url(//a;b) layer(x);@\\49mport 'c;d';e{}";
        assert_eq!(sheet(css, &mut removed), format!("{NOTHING}{NOTHING}e{{}}"));
        assert_eq!(removed, 2);
    }

    #[test]
    fn other_functions_that_take_an_address_are_known_no_more() {
        assert_eq!(cleaned("image-set(\"//a\" 1x)"), "image-set\u{2060}(\"//a\" 1x)");
        assert_eq!(
            cleaned("-webkit-IMAGE-SET(var(--a))"),
            "-webkit-IMAGE-SET\u{2060}(var(--a))"
        );
        assert_eq!(cleaned("xurl(//a)"), "xurl\u{2060}(//a)");
    }

    #[test]
    fn within_a_string_nothing_is_left_to_find_either() {
        assert_eq!(
            cleaned("a{content:\";b:url(//c)\"}"),
            "a{content:\";b:url\u{2060}(//c)\"}"
        );
        assert_eq!(cleaned("'@import (x)'"), "'@import\u{2060} (x)'");
        assert_eq!(cleaned("/*\"*/url(x)/*url(y)*/"), "/**/url(\"asset:x\")/**/");
    }

    #[test]
    fn pieces_do_not_become_one_name() {
        assert_eq!(text("l(//a)"), "\u{2060}l(//a)");
        assert_eq!(text("(//a)"), "\u{2060}(//a)");
        assert_eq!(text("5rl(//a)"), "\u{2060}5rl(//a)");
        assert_eq!(text("x @imp"), "x @imp\u{2060}");
        assert_eq!(
            pieces("a{b:ur/* rr_split */l(//c)}", &mut 0),
            "a{b:ur/* rr_split */\u{2060}l(//c)}"
        );
    }

    #[test]
    fn a_line_end_that_is_part_of_an_escape_ends_no_string() {
        assert_eq!(cleaned("\"\\75\nrl(x"), "\"\\75\nrl\u{2060}(x");
        assert_eq!(cleaned("\"\\75\r\nrl(x"), "\"\\75\r\nrl\u{2060}(x");
    }

    #[test]
    fn no_character_is_the_replacement_one_escaped_or_not() {
        assert_eq!(cleaned("url('a\0')"), "url(\"asset:a\u{fffd}\")");
        assert_eq!(cleaned("url('a\\\0')"), "url(\"asset:a\u{fffd}\")");
    }

    #[test]
    fn an_escaped_import_stays_none_after_a_piece_that_escapes_its_backslash() {
        assert_eq!(cleaned("\\@import x"), "\\@import\u{2060} x");
    }

    #[test]
    fn a_text_of_the_page_looks_the_same() {
        for said in ["Don't (really)", "a@b.example", "1 < 2; \"x\" /* y */", "it's @home"] {
            assert_eq!(text(said), said);
        }
        assert_eq!(text("see url(x)").replace('\u{2060}', ""), "see url(x)");
    }

    #[test]
    fn nesting_is_no_recursion() {
        for css in ["url(\"a\" ", "@import url(", "(", "\\", "@", "'"] {
            cleaned(&css.repeat(100_000));
        }
    }
}
