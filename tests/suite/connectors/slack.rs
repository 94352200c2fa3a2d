//! The connector for Slack.

use moltler_tests::server::Reply;
use moltler_tests::simulators::slack::{CHANNELS, MESSAGES, Slack, TOKEN, USERS};
use serde_json::json;

use super::{FAST, Workshop, package_is_sound};

fn start() -> (Slack, Workshop) {
    let slack = Slack::start().expect("a port is free");
    let url = format!("{}/api", slack.url());
    (slack, Workshop::with(&["slack"]).env("SLACK_URL", url).env("MOLTLER_SECRET_SLACK_TOKEN", TOKEN))
}

/// A program with an instance `team`.
fn program(statements: &str) -> String {
    format!(
        "CREATE CONNECTOR team TYPE 'slack'\n\
         CONFIG {{\"bot_token\": \"{{{{secrets.slack_token}}}}\", \"api_url\": ENV('SLACK_URL')}} {FAST};\n\
         {statements}\n"
    )
}

#[test]
fn the_package_is_sound() {
    let slack = Slack::start().expect("a port is free");
    let url = format!("{}/api", slack.url());
    let environment = [("SLACK_TEST_TOKEN", TOKEN), ("SLACK_TEST_URL", &*url), ("SLACK_TEST_CHANNEL", "C0001")];
    package_is_sound("slack", &environment);
    assert_eq!(slack.posted().len(), 2);
}

#[test]
fn lists_are_complete_and_conditions_right() {
    let (slack, workshop) = start();
    let results = workshop.results(&program(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids FROM team.channels;
         SELECT COUNT(*) AS n FROM team.channels WHERE is_private AND NOT is_archived;
         SELECT COUNT(*) AS n, MIN(sent_at) AS first FROM team.messages WHERE channel = 'C0001';
         SELECT ts, text FROM team.messages
         WHERE channel = 'C0001' AND sent_at > '2026-01-01T00:02:00.0002Z' AND sent_at <= '2026-01-01T00:04:00.0004Z' ORDER BY ts;
         SELECT u.name, COUNT(*) AS messages FROM team.channels c
         JOIN team.messages m ON m.channel = c.id JOIN team.users u ON u.id = m.user
         WHERE c.name IN ('general', 'channel-2') AND NOT u.is_bot GROUP BY u.name ORDER BY messages DESC, u.name LIMIT 2;
         SELECT reactions[0].count AS thumbs FROM team.messages WHERE channel = 'C0001' AND ARRAY_LENGTH(reactions) > 0 LIMIT 1;",
    ));
    assert_eq!(results[0], json!([{"n": CHANNELS, "ids": CHANNELS}]));
    let listed = (1..=CHANNELS).filter(|n| n.is_multiple_of(5) && !n.is_multiple_of(6)).count();
    assert_eq!(results[1], json!([{"n": listed}]));
    assert_eq!(results[2], json!([{"n": MESSAGES, "first": "2026-01-01T00:01:00.000100Z"}]));
    let message = |n: u32| {
        let ts = format!("{}.{:06}", 1_767_225_600 + n * 60, n * 100);
        json!({"ts": ts, "text": format!("Message {n} <@U0001> :tada: a &amp; b")})
    };
    assert_eq!(results[3], json!([message(3), message(4)]));
    let of = |user: usize| {
        let wrote = |n: &usize| n % USERS + 1 == user;
        (1..=MESSAGES).filter(wrote).count() + (1..=3).filter(wrote).count()
    };
    assert_eq!(results[4], json!([{"name": "user-2", "messages": of(2)}, {"name": "user-3", "messages": of(3)}]));
    assert_eq!(results[5], json!([{"thumbs": 2}]));
    let asked = slack.take_requests();
    let pages = [
        "GET /api/conversations.history?channel=C0001&inclusive=true&limit=200",
        "GET /api/conversations.history?channel=C0001&inclusive=true&limit=200&cursor=bmV4dDo%2B200%3D%3D",
    ];
    assert!(pages.iter().all(|page| asked.iter().any(|request| request == page)), "{asked:#?}");
}

#[test]
fn messages_need_their_channel() {
    let (slack, workshop) = start();
    let told = workshop.failure(&program("SELECT text FROM team.messages WHERE user = 'U0001';"));
    assert!(told.contains("error[required-field]") && told.contains("`channel = …`"), "{told}");
    assert_eq!(slack.take_requests().len(), 0);
}

#[test]
fn a_report_is_posted() {
    let (slack, workshop) = start();
    workshop.results(&program(
        "DECLARE busy = SELECT user, COUNT(*) AS n FROM team.messages WHERE channel = 'C0001' GROUP BY user ORDER BY n DESC, user LIMIT 1;
         DECLARE sent = CONNECTOR_EXEC team.chat.postMessage({
             \"channel\": 'C0001', \"text\": 'Most came from <@' || busy[0].user || '>: ' || busy[0].n,
             \"blocks\": [{\"type\": 'divider'}]
         });
         CONNECTOR_EXEC team.reactions.add(channel => sent.channel, timestamp => sent.ts, emoji => ':tada:');
         CONNECTOR_EXEC team.reactions.add(channel => sent.channel, timestamp => sent.ts, emoji => 'tada');",
    ));
    let posted = slack.posted();
    assert_eq!(posted.len(), 2, "{posted:?}");
    let message = json!({"channel": "C0001", "text": "Most came from <@U0002>: 14", "blocks": [{"type": "divider"}]});
    assert_eq!(posted[0]["body"], message);
    assert_eq!(posted[1]["body"]["name"], "tada");
}

#[test]
fn failures_are_told_as_what_they_are() {
    let (slack, workshop) = start();
    let users = program("SELECT id FROM team.users LIMIT 1;");
    let told = workshop.failure(&users.replace("{{secrets.slack_token}}", "xoxb-of-nobody"));
    assert!(told.contains("error: ConnectorAuthError: users.list: Slack says invalid_auth\n"), "{told}");
    assert!(told.contains(", answered 200\n"), "{told}");

    let told = workshop.failure(&program("SELECT ts FROM team.messages WHERE channel = 'C0005';"));
    assert!(told.contains("error: ConnectorError: conversations.history: Slack says not_in_channel\n"), "{told}");

    slack.answer_next(Reply::new(200, "<html>Sign in</html>"));
    let told = workshop.failure(&users);
    assert!(told.contains("users.list: Slack answered 200 with something that is no JSON: "), "{told}");

    let told = workshop.failure(&program("CONNECTOR_EXEC team.chat.postMessage(channel => 'C0001');"));
    assert!(told.contains("error: ConnectorError: chat.postMessage: Slack says no_text\n"), "{told}");
}

#[test]
fn an_executable_does_the_same() {
    let (_slack, workshop) = start();
    workshop.executable_agrees(&program(
        "SELECT c.name, m.ts, m.text FROM team.channels c JOIN team.messages m ON m.channel = c.id
         WHERE c.name = 'channel-2' ORDER BY m.sent_at;",
    ));
}
