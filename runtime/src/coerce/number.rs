//! Numbers as text and back.

/// The shortest text that reads back as the same double, as PostgreSQL prints a `float8`: `40`, `40.5`, `1e+20`.
pub fn number_to_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = number.abs();
    if size == 0.0 || (1e-4..1e15).contains(&size) {
        return format!("{number}");
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("Invariant: `{:e}` writes an exponent");
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The integer that the whole text is, with a sign and surrounding blanks perhaps.
pub fn parse_integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// The finite double that the whole text is: `40`, `-1.5`, `1e3`. Words such as `NaN` are none.
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The integer that this double is exactly.
pub fn number_to_integer(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number)).then_some(number as i64)
}

/// The double that this integer is exactly.
pub fn integer_to_number(integer: i64) -> Option<f64> {
    let number = integer as f64;
    (number_to_integer(number) == Some(integer)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_postgresql_prints_them() {
        for (number, text) in [
            (40.0, "40"),
            (40.5, "40.5"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-1.5, "-1.5"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (1.2345678901234568e17, "1.2345678901234568e+17"),
            (1e300, "1e+300"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(number_to_text(number), text);
        }
    }

    #[test]
    fn every_printed_number_reads_back() {
        let mut bits = 0x1234_5678_9abc_def1_u64;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                assert_eq!(number_to_text(number).parse::<f64>(), Ok(number));
            }
        }
    }

    #[test]
    fn only_whole_texts_are_numbers() {
        assert_eq!(parse_number(" 1e3 "), Some(1000.0));
        for text in ["", "1x", "NaN", "inf", "1e999", "--1", "0x10", "1 2"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
        assert_eq!(parse_integer("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_integer("9223372036854775808"), None);
    }

    #[test]
    fn conversions_between_integer_and_double_are_exact() {
        assert_eq!(integer_to_number(9_007_199_254_740_993), None);
        assert_eq!(integer_to_number(i64::MAX), None);
        assert_eq!(integer_to_number(i64::MIN), Some(-9_223_372_036_854_775_808.0));
        assert_eq!(number_to_integer(9_223_372_036_854_775_808.0), None);
        assert_eq!(number_to_integer(-0.5), None);
        assert_eq!(number_to_integer(f64::NAN), None);
    }
}
