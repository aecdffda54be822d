//! Signatures of real clients, and everything that may be wrong with one.

use super::*;

/// The pair of AWS's own examples and test suite.
const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// 2026-02-28T05:30:25Z, when the fixtures were signed.
const SIGNED_MS: u64 = 1_772_256_625_000;

/// A request as a client sent it.
struct Fixture {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

/// Signed by botocore 1.44.5. The first four are what `boto3.client("connect")` sends;
/// the others went through `botocore.auth.SigV4Auth` with the headers shown.
#[rustfmt::skip]
const FIXTURES: [Fixture; 8] = [
    Fixture {
        name: "boto3 StartChatContact",
        method: "PUT",
        path: "/contact/chat",
        query: "",
        headers: &[
            ("host", "127.0.0.1:8080"),
            ("content-type", "application/json"),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=b1019ddaf0b1c4fca5cb146fda95a4913143bcf1641abd6dfbd315466b0ac0b7"),
            ("content-length", "209"),
        ],
        body: r#"{"InstanceId": "arn:aws:connect:eu-central-1:123456789012:instance/11111111-2222-4333-8444-555555555555", "ContactFlowId": "f", "ParticipantDetails": {"DisplayName": "Jane \uc548\ub155"}, "ClientToken": "t-1"}"#,
    },
    Fixture {
        name: "boto3 DescribeContact with an ARN in its path",
        method: "GET",
        path: "/contacts/arn%3Aaws%3Aconnect%3Aeu-central-1%3A123456789012%3Ainstance%2F11111111-2222-4333-8444-555555555555/ee0a1c2b-0000-4000-8000-00000000000a",
        query: "",
        headers: &[
            ("host", "127.0.0.1:8080"),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=cf2e7b91c09a52e7b94c7c8c28a029777d6cb93ab0465d5744ad27a8cb2e9d71"),
        ],
        body: "",
    },
    Fixture {
        name: "boto3 ListContactReferences with a repeated key",
        method: "GET",
        path: "/contact/references/11111111-2222-4333-8444-555555555555/ee0a1c2b-0000-4000-8000-00000000000a",
        query: "referenceTypes=URL&referenceTypes=ATTACHMENT&referenceTypes=EMAIL&nextToken=a%20b%2Bc%2Fd%3D%C3%A9~%2A",
        headers: &[
            ("host", "127.0.0.1:8080"),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=7ddf82af40e06c04329f5ad9c2919182d47a7dc52f3caf032a84876be7a3e775"),
        ],
        body: "",
    },
    Fixture {
        name: "boto3 under a path prefix",
        method: "POST",
        path: "/aws/v1/contact/stop",
        query: "",
        headers: &[
            ("host", "chat.example.com"),
            ("content-type", "application/json"),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=58c1b6243bc3145c771fae715b14f453a3dde0f4822eea279d8c9bec724c416a"),
            ("content-length", "39"),
        ],
        body: r#"{"InstanceId": "i", "ContactId": "c d"}"#,
    },
    Fixture {
        name: "as the JavaScript SDK signs",
        method: "POST",
        path: "/contact/stop",
        query: "",
        headers: &[
            ("host", "connect.example.com:8443"),
            ("content-type", "application/json"),
            ("content-length", "34"),
            ("x-amz-content-sha256", "6a4814e3d13b2d90b0317259e7df873dd2a782d6322a27edca5e96868d3e9c17"),
            ("x-amz-user-agent", "aws-sdk-js/3.900.0 ua/2.1"),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=9bc9b2585ad5b13e4942fd3abd62ac180c87b38e416df2f4850c99b860ea1ccc"),
        ],
        body: r#"{"InstanceId":"i","ContactId":"c"}"#,
    },
    Fixture {
        name: "a header with inner spaces and tabs",
        method: "GET",
        path: "/instance",
        query: "",
        headers: &[
            ("host", "connect.example.com"),
            ("x-amz-note", "  two  words \t and\ttabs  "),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=host;x-amz-date;x-amz-note, Signature=fa44c60fe2d678b42dfac204d12449d315c757ef5aee24269370c7cdf4a50e9e"),
        ],
        body: "",
    },
    Fixture {
        name: "keys without values, out of order",
        method: "GET",
        path: "/instance",
        query: "b&a=2&a=1&a&B=%E2%98%83&c=%20x",
        headers: &[
            ("host", "connect.example.com"),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=8862dac8d1e929ccb725c5d1fa854508b4f6ba78eb206b5de8ed18be62a6300e"),
        ],
        body: "",
    },
    Fixture {
        name: "an unsigned payload over TLS",
        method: "POST",
        path: "/contact/stop",
        query: "",
        headers: &[
            ("host", "connect.example.com"),
            ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
            ("x-amz-date", "20260228T053025Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=1e80a9eda7dc1df5e07e779994d78b8f332e9e833c555bee0928e3055e3a67b1"),
        ],
        body: r#"{"InstanceId":"i","ContactId":"c"}"#,
    },
];

#[derive(Clone)]
struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    tls: bool,
}

impl Request {
    fn new(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
            tls: true,
        }
    }

    fn of(fixture: &Fixture) -> Self {
        let Fixture { method, path, query, headers, body, .. } = fixture;
        Self::new(method, path, query, headers, body)
    }

    fn view(&self) -> Signed<'_> {
        Signed {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &self.headers,
            body: &self.body,
            tls: self.tls,
        }
    }

    fn header(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(n, _)| n == name).expect("it has this header").1
    }

    /// The header of this name, or the first one once it has been mangled away.
    fn header_or_any(&mut self, name: &str) -> &mut String {
        let at = self.headers.iter().position(|(n, _)| n == name).unwrap_or(0);
        &mut self.headers[at].1
    }

    fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(n, _)| n != name);
    }

    /// Replaces `from`, which must be there, in `Authorization`.
    fn claim(&mut self, from: &str, to: &str) {
        let header = self.header("authorization");
        assert!(header.contains(from), "{from} is not in {header}");
        *header = header.replace(from, to);
    }

    /// Signs it for `connect` in place of whatever signature it has.
    fn sign(&mut self, now_ms: u64) {
        let secret = Secret::new(SECRET);
        let signer =
            Signer { access_key: KEY, secret: &secret, region: "eu-central-1", service: SERVICE };
        let added = sign(&self.view(), &signer, now_ms).unwrap();
        self.remove("x-amz-date");
        self.remove("authorization");
        self.headers.extend(added);
    }

    fn verify(&self, now_ms: u64) -> Result<Verified, SigError> {
        verify(&self.view(), now_ms, &secret_of)
    }

    /// Everything that the signature covers, in a form in which two requests are equal when
    /// they mean the same: order of query and headers, case of escapes, blanks.
    fn meaning(&self) -> impl PartialEq {
        let mut query = parse_query(&self.query);
        if let Ok(pairs) = &mut query {
            pairs.sort();
        }
        let mut headers: Vec<(String, Vec<String>)> = self
            .headers
            .iter()
            .map(|(name, value)| match name.as_str() {
                "authorization" => (name.clone(), vec![value.split_whitespace().collect()]),
                _ => (name.clone(), value.split_whitespace().map(str::to_owned).collect()),
            })
            .collect();
        headers.sort();
        (self.method.clone(), self.path.clone(), query, headers, self.body.clone())
    }
}

fn secret_of(access_key: &str) -> Option<Secret> {
    (access_key == KEY).then(|| Secret::new(SECRET))
}

/// A plain signed request, changed by `edit`, and what becomes of it.
fn check(edit: impl FnOnce(&mut Request), expected: Result<(), SigError>) {
    let mut request = Request::of(&FIXTURES[0]);
    request.tls = false;
    edit(&mut request);
    assert_eq!(request.verify(SIGNED_MS).err(), expected.err());
}

fn incomplete(why: Incomplete) -> Result<(), SigError> {
    Err(SigError::IncompleteSignature(why))
}

fn invalid(why: Invalid) -> Result<(), SigError> {
    Err(SigError::InvalidSignature(why))
}

/// Sebastiano Vigna's `SplitMix64`: one seed, one story.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

#[test]
fn what_botocore_signs_is_accepted() {
    for fixture in &FIXTURES {
        let verified = Request::of(fixture).verify(SIGNED_MS).map_err(|e| (fixture.name, e));
        let region = if fixture.name.starts_with("boto3") { "eu-central-1" } else { "us-east-1" };
        let expected = Verified {
            access_key: KEY.to_owned(),
            region: region.to_owned(),
            date: "20260228".to_owned(),
        };
        assert_eq!(verified, Ok(expected));
    }
}

#[test]
fn we_sign_as_botocore_does_when_the_same_headers_are_signed() {
    let secret = Secret::new(SECRET);
    for fixture in &FIXTURES {
        let mut request = Request::of(fixture);
        let theirs = request.header("authorization").clone();
        if !theirs.contains("content-length") {
            request.remove("content-length");
        }
        let region = if theirs.contains("us-east-1") { "us-east-1" } else { "eu-central-1" };
        let signer = Signer { access_key: KEY, secret: &secret, region, service: SERVICE };
        let [date, authorization] = sign(&request.view(), &signer, SIGNED_MS + 999).unwrap();
        assert_eq!(date, ("x-amz-date".to_owned(), "20260228T053025Z".to_owned()));
        assert_eq!(authorization, ("authorization".to_owned(), theirs), "{}", fixture.name);
    }
}

/// Name, method, path, query, headers, body, signature.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// AWS's `aws-sig-v4-test-suite` (2015-08-30T12:36:00Z, service `service`), less what
/// concerns normalised paths and headers sent twice.
#[test]
fn the_test_suite_of_aws_gives_its_published_signatures() {
    const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let form = ("content-type", "application/x-www-form-urlencoded");
    let form_utf8 = ("content-type", "application/x-www-form-urlencoded; charset=utf8");
    let path = format!("/{UNRESERVED}");
    let query = format!("{UNRESERVED}={UNRESERVED}");
    #[rustfmt::skip]
    let rows: [Row<'_>; 17] = [
        ("get-vanilla", "GET", "/", "", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("get-vanilla, empty path", "GET", "", "", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("get-vanilla-empty-query-key", "GET", "/", "Param1=value1", &[], "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        ("get-vanilla-query-order-key", "GET", "/", "Param1=value2&Param1=Value1", &[], "", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
        ("get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", &[], "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("get-vanilla-query-order-value", "GET", "/", "Param1=value2&Param1=value1", &[], "", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
        ("get-vanilla-query-unreserved", "GET", "/", &query, &[], "", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
        ("get-vanilla-utf8-query", "GET", "/", "\u{1234}=bar", &[], "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        ("get-unreserved", "GET", &path, "", &[], "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        ("get-utf8", "GET", "/\u{1234}", "", &[], "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        ("get-space", "GET", "/example space/", "", &[], "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        ("get-header-value-trim", "GET", "/", "", &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")], "", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        ("post-vanilla", "POST", "/", "", &[], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("post-vanilla-query", "POST", "/", "Param1=value1", &[], "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
        ("post-header-key-sort", "POST", "/", "", &[("my-header1", "value1")], "", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        ("post-x-www-form-urlencoded", "POST", "/", "", &[form], "Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        ("post-x-www-form-urlencoded-parameters", "POST", "/", "", &[form_utf8], "Param1=value1", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"),
    ];
    for (name, method, path, query, headers, body, signature) in rows {
        let mut request = Request::new(method, path, query, headers, body);
        request.add("host", "example.amazonaws.com");
        check_suite(name, "service", request, signature);
    }
    // The worked example of the documentation, "Create a signed AWS API request".
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("host", "iam.amazonaws.com"),
    ];
    let request = Request::new("GET", "/", "Action=ListUsers&Version=2010-05-08", &headers, "");
    let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    check_suite("ListUsers", "iam", request, signature);
}

fn check_suite(name: &str, service: &str, mut request: Request, signature: &str) {
    let now_ms = 1_440_938_160_000;
    let secret = Secret::new(SECRET);
    let signer = Signer { access_key: KEY, secret: &secret, region: "us-east-1", service };
    let added = sign(&request.view(), &signer, now_ms).unwrap();
    assert_eq!(added[1].1.rsplit_once('=').unwrap().1, signature, "{name}");
    request.headers.extend(added);
    let verified = verify_for(service, &request.view(), now_ms, &secret_of);
    assert_eq!(verified.map(|v| v.date).as_deref(), Ok("20150830"), "{name}");
    let elsewhere = request.verify(now_ms).map(|_| ());
    assert_eq!(elsewhere, invalid(Invalid::Service), "{name}");
}

#[test]
fn the_path_is_encoded_a_second_time() {
    for (raw, expected) in [
        ("/a%3Ab/c%2Fd/~", "/a%253Ab/c%252Fd/~"),
        // As botocore normalises before it signs.
        ("/a%3Ab//c/./~", "/a%253Ab/c/~"),
        ("//a/b/../c/", "/a/c/"),
        ("/../", "/"),
        ("//", "/"),
        ("", "/"),
    ] {
        let request = Request::new("GET", raw, "", &[], "");
        let canonical = request.view().canonical(&[]).unwrap();
        assert_eq!(canonical.lines().nth(1), Some(expected), "{raw}");
    }
}

#[test]
fn the_query_is_decoded_encoded_and_sorted_by_key_then_value() {
    for (raw, expected) in [
        ("", ""),
        ("k", "k="),
        ("b=1&a=2&a=1&a", "a=&a=1&a=2&b=1"),
        ("a=%7e%2f+%20", "a=~%2F%20%20"),
        ("a=b=c&&", "a=b%3Dc"),
        // By the encoded text: '%' comes before '-', which comes before '0'.
        ("a0=1&a-=1&a%C3%A9=1&a=1", "a=1&a%C3%A9=1&a-=1&a0=1"),
    ] {
        let request = Request::new("GET", "/", raw, &[], "");
        let canonical = request.view().canonical(&[]).unwrap();
        assert_eq!(canonical.lines().nth(2), Some(expected), "{raw}");
    }
}

#[test]
fn without_authorization_the_token_is_missing() {
    check(|r| r.remove("authorization"), Err(SigError::MissingAuthenticationToken));
}

#[test]
fn the_parameters_may_stand_in_any_order_with_any_blanks() {
    check(|r| r.claim(", ", ","), Ok(()));
    check(|r| r.claim(", ", " ,\t  "), Ok(()));
    check(|r| r.claim("256 ", "256   "), Ok(()));
    check(
        |r| {
            let header = r.header("authorization");
            let (algorithm, rest) = header.split_once(' ').unwrap();
            let turned: Vec<&str> =
                rest.split(", ").collect::<Vec<_>>().into_iter().rev().collect();
            *header = format!("  {algorithm} {} ", turned.join(","));
        },
        Ok(()),
    );
}

#[test]
fn a_malformed_authorization_is_incomplete() {
    let long = "x".repeat(AUTHORIZATION_LIMIT_BYTES);
    for (value, why) in [
        ("", Incomplete::Algorithm),
        ("Bearer abc", Incomplete::Algorithm),
        ("AWS4-HMAC-SHA256", Incomplete::Algorithm),
        ("aws4-hmac-sha256 Credential=a", Incomplete::Algorithm),
        ("AWS4-ECDSA-P256-SHA256 Credential=a", Incomplete::Algorithm),
        ("AWS4-HMAC-SHA256 ,", Incomplete::Parameter),
        ("AWS4-HMAC-SHA256 Credential", Incomplete::Parameter),
        ("AWS4-HMAC-SHA256 credential=a", Incomplete::Parameter),
        ("AWS4-HMAC-SHA256 Credential=a,Credential=a", Incomplete::Parameter),
        ("AWS4-HMAC-SHA256 Credential=a,", Incomplete::Parameter),
        ("AWS4-HMAC-SHA256 Signature=a", Incomplete::NoParameter("Credential")),
        ("AWS4-HMAC-SHA256 Credential=", Incomplete::NoParameter("Credential")),
        (&long, Incomplete::Algorithm),
        (&format!("{long}x"), Incomplete::TooLong),
    ] {
        check(|r| value.clone_into(r.header("authorization")), incomplete(why));
    }
    let twice = |r: &mut Request| r.add("authorization", "AWS4-HMAC-SHA256 Credential=a");
    check(twice, incomplete(Incomplete::Repeated));
    for (from, to, why) in [
        ("Signature=", "Signature=,x", Incomplete::Parameter),
        ("Signature=", "X=", Incomplete::Parameter),
        (
            "SignedHeaders=content-type;host;x-amz-date, ",
            "",
            Incomplete::NoParameter("SignedHeaders"),
        ),
        ("content-type;host;x-amz-date", "", Incomplete::NoParameter("SignedHeaders")),
        ("content-type;host", "host;content-type", Incomplete::SignedHeaders),
        ("content-type;host", "content-type;host;host", Incomplete::SignedHeaders),
        ("content-type;host", "Content-Type;host", Incomplete::SignedHeaders),
        ("content-type;host", ";content-type;host", Incomplete::SignedHeaders),
        ("content-type;host", "a:b;content-type;host", Incomplete::SignedHeaders),
        ("content-type;host", "content-type; host", Incomplete::SignedHeaders),
        ("/aws4_request", "", Incomplete::Credential),
        ("/aws4_request", "/aws4_request/", Incomplete::Credential),
        ("/aws4_request", "/aws5_request", Incomplete::Credential),
        ("/20260228", "/2026022", Incomplete::Credential),
        ("/eu-central-1", "/", Incomplete::Credential),
        (KEY, "AKID/EXAMPLE", Incomplete::Credential),
    ] {
        check(|r| r.claim(from, to), incomplete(why));
    }
    let no_signature = |r: &mut Request| {
        let header = r.header("authorization");
        header.truncate(header.find(", Signature").unwrap());
    };
    check(no_signature, incomplete(Incomplete::NoParameter("Signature")));
}

#[test]
fn the_date_must_be_there_and_be_one() {
    check(|r| r.remove("x-amz-date"), incomplete(Incomplete::NoDate));
    let rfc1123 = |r: &mut Request| {
        r.remove("x-amz-date");
        r.add("date", "Sat, 28 Feb 2026 05:30:25 GMT");
    };
    check(rfc1123, incomplete(Incomplete::NoDate));
    for date in [
        "",
        "now",
        "2026-02-28T05:30:25Z",
        "20260230T053025Z",
        "20260228T053060Z",
        "20260228T05302\u{ff15}",
    ] {
        check(|r| date.clone_into(r.header("x-amz-date")), incomplete(Incomplete::Date));
    }
}

#[test]
fn an_unknown_key_and_any_session_token_are_unrecognized() {
    check(|r| r.claim(KEY, "AKIDEXAMPLF"), Err(SigError::UnrecognizedClient));
    check(|r| r.claim(KEY, "akidexample"), Err(SigError::UnrecognizedClient));
    check(|r| r.claim(KEY, ""), Err(SigError::UnrecognizedClient));
    check(|r| r.add("x-amz-security-token", "t"), Err(SigError::UnrecognizedClient));
    // Even when it is signed as it should be.
    let temporary = |r: &mut Request| {
        r.add("x-amz-security-token", "t");
        r.sign(SIGNED_MS);
    };
    check(temporary, Err(SigError::UnrecognizedClient));
}

#[test]
fn a_key_that_is_empty_is_never_looked_up() {
    let mut request = Request::of(&FIXTURES[0]);
    request.claim(KEY, "");
    let all = |_: &str| Some(Secret::new(SECRET));
    let verified = verify(&request.view(), SIGNED_MS, &all);
    assert_eq!(verified, Err(SigError::UnrecognizedClient));
}

#[test]
fn the_scope_must_be_this_service_on_the_day_of_the_date() {
    check(|r| r.claim("/connect/", "/execute-api/"), invalid(Invalid::Service));
    check(|r| r.claim("/connect/", "//"), invalid(Invalid::Service));
    check(|r| r.claim("/20260228/", "/20260227/"), invalid(Invalid::ScopeDate));
    check(|r| r.claim("/eu-central-1/", "/eu-central-2/"), invalid(Invalid::Signature));
}

#[test]
fn a_clock_may_be_off_by_five_minutes_either_way() {
    let at = |now_ms| Request::of(&FIXTURES[0]).verify(now_ms).map(|_| ());
    let signed = "20260228T053025Z".to_owned();
    assert_eq!(at(SIGNED_MS - SKEW_MS), Ok(()));
    assert_eq!(at(SIGNED_MS + SKEW_MS), Ok(()));
    let now = "20260228T053525Z".to_owned();
    assert_eq!(
        at(SIGNED_MS + SKEW_MS + 1),
        invalid(Invalid::Expired { signed: signed.clone(), now })
    );
    let now = "20260228T052524Z".to_owned();
    assert_eq!(
        at(SIGNED_MS - SKEW_MS - 1),
        invalid(Invalid::NotYetCurrent { signed: signed.clone(), now })
    );
    assert!(at(0).is_err() && at(u64::MAX).is_err());
}

#[test]
fn a_request_signed_before_midnight_is_accepted_after_it() {
    let mut request = Request::of(&FIXTURES[1]);
    request.sign(1_772_236_799_000);
    let verified = request.verify(1_772_236_800_000 + 60_000);
    assert_eq!(verified.map(|v| v.date).as_deref(), Ok("20260227"));
}

#[test]
fn host_and_every_amz_header_must_be_signed() {
    let unsigned = |name: &str| invalid(Invalid::Unsigned(name.to_owned()));
    check(|r| r.claim(";host", ""), unsigned("host"));
    check(|r| r.claim(";x-amz-date", ""), unsigned("x-amz-date"));
    check(|r| r.add("x-amz-note", "1"), unsigned("x-amz-note"));
    check(|r| r.add("x-amz-", ""), unsigned("x-amz-"));
    check(|r| r.add("x-amzn-trace-id", "Root=1"), Ok(()));
    check(|r| r.add("amz-sdk-request", "attempt=1; max=3"), Ok(()));
    check(|r| r.add("user-agent", "Boto3/1.44"), Ok(()));
}

#[test]
fn a_signed_header_comes_once() {
    let repeated = |name: &str| invalid(Invalid::Repeated(name.to_owned()));
    check(|r| r.add("host", "127.0.0.1:8080"), repeated("host"));
    check(
        |r| r.headers.insert(0, ("content-type".to_owned(), String::new())),
        repeated("content-type"),
    );
    check(|r| r.add("x-amz-date", "20260228T053025Z"), repeated("x-amz-date"));
    check(|r| r.remove("content-type"), invalid(Invalid::Absent("content-type".to_owned())));
    check(|r| r.remove("host"), invalid(Invalid::Absent("host".to_owned())));
}

#[test]
fn a_content_hash_that_is_sent_must_be_the_bodys() {
    let send = |hash: &'static str| {
        move |r: &mut Request| {
            let mut whole = r.clone();
            whole.tls = true;
            whole.sign(SIGNED_MS);
            whole.add("x-amz-content-sha256", hash);
            whole.claim("host;", "host;x-amz-content-sha256;");
            whole.tls = r.tls;
            *r = whole;
        }
    };
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    check(send(empty), invalid(Invalid::Payload));
    check(send(""), invalid(Invalid::Payload));
    check(send("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), invalid(Invalid::Payload));
    check(send("unsigned-payload"), invalid(Invalid::Payload));
    check(send("UNSIGNED-PAYLOAD"), invalid(Invalid::UnsignedPayload));

    let mut hashed = Request::of(&FIXTURES[4]);
    hashed.tls = false;
    assert_eq!(hashed.verify(SIGNED_MS).map(|_| ()), Ok(()));
    let upper = hashed.header("x-amz-content-sha256").to_uppercase();
    *hashed.header("x-amz-content-sha256") = upper;
    assert_eq!(hashed.verify(SIGNED_MS).map(|_| ()), invalid(Invalid::Payload));
}

#[test]
fn an_unsigned_payload_needs_tls() {
    let mut request = Request::of(&FIXTURES[7]);
    assert_eq!(request.headers[1].1, UNSIGNED_PAYLOAD);
    request.body.push(b' ');
    assert_eq!(request.verify(SIGNED_MS).map(|_| ()), Ok(()));
    request.tls = false;
    assert_eq!(request.verify(SIGNED_MS).map(|_| ()), invalid(Invalid::UnsignedPayload));
}

#[test]
fn the_signature_is_64_digits_of_lower_case_hex() {
    let signature = "b1019ddaf0b1c4fca5cb146fda95a4913143bcf1641abd6dfbd315466b0ac0b7";
    for wrong in [
        &signature.to_uppercase(),
        &signature[1..],
        &format!("{signature}0"),
        &format!("0x{}", &signature[2..]),
        &"0".repeat(64),
        &"한".repeat(21),
        "=",
    ] {
        check(|r| r.claim(signature, wrong), invalid(Invalid::Signature));
    }
}

#[test]
fn another_secret_does_not_verify() {
    let request = Request::of(&FIXTURES[0]);
    for secret in ["", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEy"] {
        let verified = verify(&request.view(), SIGNED_MS, &|_| Some(Secret::new(secret)));
        assert_eq!(verified.map(|_| ()), invalid(Invalid::Signature));
    }
}

#[test]
fn a_broken_query_is_invalid() {
    check(|r| "a=%".clone_into(&mut r.query), invalid(Invalid::Query));
    check(|r| "%ff".clone_into(&mut r.query), invalid(Invalid::Query));
}

#[test]
fn absurd_sizes_are_refused_before_any_work() {
    let names = |count: u32| (0..count).fold(String::new(), |list, n| list + &format!("a{n:03};"));
    check(|r| r.claim("content-type", &names(62)), incomplete(Incomplete::SignedHeaders));
    let most = |r: &mut Request| r.claim("content-type;", &names(62));
    check(most, invalid(Invalid::Absent("a000".to_owned())));
    let more = |r: &mut Request| r.claim("content-type;", &names(63));
    check(more, incomplete(Incomplete::SignedHeaders));
    let big = "/".repeat(HEAD_LIMIT_BYTES);
    check(|r| r.path.clone_from(&big), invalid(Invalid::TooLong));
    check(|r| r.query.clone_from(&big), invalid(Invalid::TooLong));
    check(|r| r.add("cookie", &big), invalid(Invalid::TooLong));
    check(|r| (0..70_000).for_each(|_| r.add("x", "")), invalid(Invalid::TooLong));
    let slashes = |r: &mut Request| r.claim(KEY, &"/".repeat(3000));
    check(slashes, incomplete(Incomplete::Credential));
}

#[test]
fn each_error_has_its_name_status_and_text() {
    for (error, shape, text) in [
        (
            SigError::MissingAuthenticationToken,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        (
            Incomplete::NoParameter("Signature").into(),
            "IncompleteSignatureException",
            "Authorization header requires 'Signature' parameter.",
        ),
        (
            SigError::UnrecognizedClient,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            Invalid::Service.into(),
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'connect'.",
        ),
    ] {
        assert_eq!((error.shape(), error.status(), &*error.message()), (shape, 403, text));
    }
    let text = SigError::from(Invalid::Signature).message();
    assert!(text.starts_with("The request signature we calculated does not match"), "{text}");
}

#[test]
fn a_secret_is_not_printed() {
    assert_eq!(format!("{:?}", Secret::new(SECRET)), "Secret(..)");
}

#[test]
fn any_request_that_we_sign_verifies() {
    let mut chance = SplitMix64(1);
    let words =
        ["", "a", "B", "~", "%20", "%2F", "한", "é", "/", "//", ".", "=", "+", "  ", "\t", ";"];
    for _ in 0..2000 {
        let mut text = || (0..chance.below(6)).map(|_| chance.pick(&words)).collect::<String>();
        let (path, query) = (format!("/{}", text()), [text(), text(), text()].join("&"));
        let (host, note, body) = (text(), text(), text());
        let headers = [("host", &*host), ("x-amz-note", &note), ("a", "1")];
        let mut request = Request::new("PUT", &path, &query, &headers, &body);
        request.sign(SIGNED_MS);
        assert_eq!(request.verify(SIGNED_MS).map(|_| ()), Ok(()), "{path} {query} {note:?}");
    }
}

#[test]
fn every_changed_byte_of_a_signed_part_is_noticed() {
    let mut chance = SplitMix64(2);
    for fixture in &FIXTURES {
        let good = Request::of(fixture);
        let signed = good.clone().header("authorization").clone();
        let is_signed = |name: &str| name == "authorization" || signed.contains(name);
        // The parts: method, path, query, body, then name and value of each header.
        for part in 0..4 + 2 * good.headers.len() {
            let mut changed = good.clone();
            let text = match part {
                0 => &good.method,
                1 => &good.path,
                2 => &good.query,
                3 if signed.contains("content-sha256")
                    && good.view().payload().unwrap() == UNSIGNED_PAYLOAD =>
                {
                    continue;
                }
                3 => str::from_utf8(&good.body).unwrap(),
                n if !is_signed(&good.headers[n / 2 - 2].0) => continue,
                n if n % 2 == 0 => &good.headers[n / 2 - 2].0,
                n => &good.headers[n / 2 - 2].1,
            };
            for at in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 + u8::try_from(chance.below(127)).unwrap();
                let text = String::from_utf8(bytes).unwrap();
                match part {
                    0 => changed.method = text,
                    1 => changed.path = text,
                    2 => changed.query = text,
                    3 => changed.body = text.into_bytes(),
                    n if n % 2 == 0 => changed.headers[n / 2 - 2].0 = text,
                    n => changed.headers[n / 2 - 2].1 = text,
                }
                let same = changed.meaning() == good.meaning();
                let accepted = changed.verify(SIGNED_MS).is_ok();
                assert_eq!(accepted, same, "{}: part {part}, byte {at}", fixture.name);
            }
        }
    }
}

#[test]
fn no_request_however_mangled_makes_it_panic_or_takes_it_in() {
    const SCRAPS: [&str; 20] = [
        "%",
        "%2",
        "%FF",
        "&",
        "=",
        "/",
        ";",
        ",",
        " ",
        "\t",
        "\n",
        "\0",
        "한",
        "\u{ff15}",
        "Z",
        "T",
        "Credential=",
        "SignedHeaders=",
        "host",
        "99999999999999999999",
    ];
    let mut chance = SplitMix64(3);
    for round in 0..6000 {
        let good = Request::of(&FIXTURES[round % FIXTURES.len()]);
        let mut mangled = good.clone();
        for _ in 0..=chance.below(3) {
            let header = chance.below(mangled.headers.len());
            if chance.below(12) == 0 {
                let twin = mangled.headers[header].clone();
                mangled.headers.push(twin);
                continue;
            }
            let text = match chance.below(8) {
                0 => &mut mangled.method,
                1 => &mut mangled.path,
                2 => &mut mangled.query,
                3 => &mut mangled.headers[header].0,
                4 => &mut mangled.headers[header].1,
                _ => mangled.header_or_any("authorization"),
            };
            let chars: Vec<char> = text.chars().collect();
            let (from, to) = (chance.below(chars.len() + 1), chance.below(chars.len() + 1));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 9));
            let scrap = chance.pick(&SCRAPS);
            *text = chars[..from]
                .iter()
                .copied()
                .chain(scrap.chars())
                .chain(chars[to..].iter().copied())
                .collect();
        }
        let now_ms = if chance.below(9) == 0 { chance.next() } else { SIGNED_MS };
        if mangled.verify(now_ms).is_ok() {
            // Only what is not signed may have changed.
            let unsigned = |(name, _): &(String, String)| {
                !["authorization", "host"].contains(&&**name) && !name.starts_with("x-amz-")
            };
            let mut bare = (mangled.clone(), good.clone());
            bare.0.headers.retain(|h| !unsigned(h));
            bare.1.headers.retain(|h| !unsigned(h));
            assert!(bare.0.meaning() == bare.1.meaning(), "round {round}");
        }
    }
}
