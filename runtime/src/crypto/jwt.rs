//! JSON Web Tokens: RFC 7519, signed as RFC 7515 and RFC 8037 say.

use super::Hash;
use super::key::{Algorithm, Curve, Key, Padding};
use crate::secrets::encoding::base64_url;

/// The token of a header and claims, both JSON texts. `key` is the text of an HMAC secret, a private key in PEM, or a JWK.
///
/// # Errors
///
/// A sentence about an unknown algorithm or a key that is not of it; never with a part of the key.
pub fn sign(alg: &str, key: &str, header: &str, claims: &str) -> Result<String, String> {
    let (algorithm, hash) = match alg {
        "HS256" => (Algorithm::Hmac, Hash::Sha256),
        "HS384" => (Algorithm::Hmac, Hash::Sha384),
        "HS512" => (Algorithm::Hmac, Hash::Sha512),
        "RS256" | "PS256" => (Algorithm::Rsa, Hash::Sha256),
        "RS384" | "PS384" => (Algorithm::Rsa, Hash::Sha384),
        "RS512" | "PS512" => (Algorithm::Rsa, Hash::Sha512),
        "ES384" => (Algorithm::Ec(Curve::P384), Hash::Sha384),
        "ES256" => (Algorithm::Ec(Curve::P256), Hash::Sha256),
        "EdDSA" => (Algorithm::Ed25519, Hash::Sha512),
        _ => {
            return Err(format!("`alg` is HS256, RS256, PS256 (or 384, 512), ES256, ES384 or EdDSA, not '{alg}'"));
        }
    };
    let key = match serde_json::from_str::<serde_json::Value>(key) {
        Ok(serde_json::Value::Object(jwk)) => Key::from_jwk(algorithm, &jwk),
        _ if algorithm == Algorithm::Hmac => Key::from_raw(algorithm, key.as_bytes()),
        _ => Key::from_pem(algorithm, key),
    };
    let key = key.map_err(|error| format!("`key`: {}", error.message()))?;
    let signed = format!("{}.{}", base64_url(header.as_bytes()), base64_url(claims.as_bytes()));
    let padding = if alg.starts_with("PS") { Padding::Pss } else { Padding::Pkcs1 };
    let signature =
        key.sign(hash, padding, signed.as_bytes()).map_err(|error| format!("`key`: {}", error.message()))?;
    Ok(format!("{signed}.{}", base64_url(&signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix A.1 of RFC 7515.
    #[test]
    fn hmac_of_the_standard() {
        let key = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
        let claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        assert_eq!(
            sign("HS256", key, "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", claims).as_deref(),
            Ok(
                "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
            )
        );
    }

    /// Appendix A.4 of RFC 8037: its payload is no JSON, which does not matter here.
    #[test]
    fn ed25519_of_the_standard() {
        let key = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(
            sign("EdDSA", key, r#"{"alg":"EdDSA"}"#, "Example of Ed25519 signing").as_deref(),
            Ok(
                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4k\
                i4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
            )
        );
    }

    /// Appendix A.3 of RFC 7515: its signature cannot come out again, but a new one fits its public key.
    #[test]
    fn ecdsa_with_the_key_of_the_standard() {
        let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
        let token = sign("ES256", jwk, "{\"alg\":\"ES256\"}", "{}").expect("a token");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let Ok(serde_json::Value::Object(mut members)) = serde_json::from_str(jwk) else { panic!("an object") };
        members.remove("d");
        let public = Key::from_jwk(Algorithm::Ec(Curve::P256), &members).expect("a public key");
        let verify = |signed: &str, signature: &str| {
            let signature = crate::secrets::encoding::from_base64(signature.as_bytes()).expect("base64");
            public.verify(Hash::Sha256, Padding::Pkcs1, &signature, signed.as_bytes())
        };
        assert_eq!(verify(signed, signature), Ok(true));
        assert_eq!(verify("x", signature), Ok(false));
        let published = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let standard = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        assert_eq!(verify(standard, published), Ok(true));
    }

    #[test]
    fn wrong_keys_are_told() {
        let error = |alg: &str, key: &str| sign(alg, key, "{}", "{}").expect_err("no token");
        assert_eq!(error("none", "k"), "`alg` is HS256, RS256, PS256 (or 384, 512), ES256, ES384 or EdDSA, not 'none'");
        assert_eq!(error("RS256", "k"), "`key`: the text is no private key of this algorithm in PEM");
        assert_eq!(error("HS256", "{\"kty\":\"RSA\"}"), "`key`: `kty` or `crv` of the JWK is another one");
    }
}
