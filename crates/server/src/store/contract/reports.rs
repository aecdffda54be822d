//! Reports, searches and stories of every form of store.

use super::{Desk, Sample};
use crate::store::Store;
use domain::agent::{AgentState, Channel};
use domain::contact::EndReason;
use domain::id::RoomId;
use domain::query::{Answer, ContactFilter, Page};
use domain::report::{Every, Report, ReportFilter, ReportRow, Subject, Sums};
use domain::room::MemberRole;
use domain::time::Millis;

fn report(subject: Subject, every: Every, hours: u64) -> ReportFilter {
    let from = Millis(1_763_733_600_000); // 14:00 UTC
    ReportFilter {
        subject,
        from,
        to: from.plus(Millis::from_mins(hours * 60)),
        now: from.plus(Millis::from_mins(hours * 60)),
        every,
        offset_minutes: 540,
        queue: None,
        agent: None,
        channel: None,
        most: 100,
    }
}

async fn rows(desk: &Desk<'_, impl Store>, filter: ReportFilter) -> Vec<ReportRow> {
    match desk.page(Page::Report(filter.into())).await {
        Some(Answer::Report(Report::Rows(rows))) => rows,
        other => panic!("{other:?}"),
    }
}

/// Figures that were worked out by hand. The sample's clock begins at 14:40:00 UTC and moves on by a second a deed.
pub(super) async fn reports_count_what_happened_when_it_happened(store: &impl Store) {
    let mut desk = Desk::new(store, "reports").await;
    let mut sample = Sample::new(6); // 14:40:02: 1001 is ready
    let served = sample.chat("c"); // queued :04, accepted :06
    sample.close(&served, EndReason::Agent); // :07, talked 1 s
    sample.now = Millis(sample.now.0 + 1_200_000); // 15:00:07
    let passed = sample.chat("d"); // queued :09, accepted :11
    sample.close(&passed, EndReason::Transferred); // :12
    sample.agent(AgentState::NotReady(3)); // 15:00:13
    sample.now = Millis(sample.now.0 + 600_000);
    sample.agent(AgentState::NotReady(5)); // 15:10:14
    sample.now = Millis(sample.now.0 + 600_000);
    sample.agent(AgentState::LoggedOff(0)); // 15:20:15
    desk.commit(sample.take()).await.unwrap();
    let seen = |rows: &[ReportRow]| -> Vec<(u64, String, [u64; 8])> {
        let row = |row: &ReportRow| {
            let (minutes, sums) = ((row.at.0 - 1_763_733_600_000) / 60_000, row.sums);
            let seconds = |span: Millis| span.0 / 1_000;
            let figures = [
                sums.offered,
                sums.answered,
                sums.in_time,
                sums.transferred,
                sums.handled,
                seconds(sums.wait),
                seconds(sums.handle),
                seconds(sums.ready),
            ];
            (minutes, row.of.as_ref().into(), figures)
        };
        rows.iter().map(row).collect()
    };
    let queue = |of: &str| of.to_owned();
    assert_eq!(
        seen(&rows(&desk, report(Subject::Queues, Every::Quarter, 2)).await),
        [
            (30, queue("3001"), [1, 1, 1, 0, 1, 2, 1, 0]),
            (60, queue("3001"), [1, 1, 1, 1, 1, 2, 1, 0]),
        ]
    );
    let both = [2, 2, 2, 1, 2, 4, 2, 0];
    for every in [Every::Total, Every::Month, Every::Day] {
        let rows = rows(&desk, report(Subject::Queues, every, 2)).await;
        assert_eq!(
            rows.len(),
            if every == Every::Day { 2 } else { 1 },
            "15:00 UTC is midnight in Seoul"
        );
        let all = rows.iter().fold(Sums::default(), |mut sum, row| {
            sum.add(&row.sums);
            sum
        });
        let rows = [ReportRow { at: Millis(1_763_733_600_000), of: "3001".into(), sums: all }];
        assert_eq!(seen(&rows)[0].2, both, "{every:?}");
    }
    let channels = rows(&desk, report(Subject::Channels, Every::Total, 2)).await;
    assert_eq!(seen(&channels), [(0, "4".into(), both)]);
    // Ready from 14:40:02 to 15:00:13, of which 13 seconds lie after 15:00; not ready for 20:02 minutes.
    let agents = seen(&rows(&desk, report(Subject::Agents, Every::Hour, 2)).await);
    let work = |of: [u64; 8]| ("1001".to_owned(), of);
    assert_eq!(
        agents.iter().map(|(_, of, row)| (of.clone(), *row)).collect::<Vec<_>>(),
        [work([1, 1, 0, 0, 1, 0, 1, 1_198]), work([1, 1, 0, 1, 1, 0, 1, 13])]
    );
    let of_agent = rows(&desk, report(Subject::Agents, Every::Total, 2)).await[0].sums;
    assert_eq!((of_agent.not_ready, of_agent.logged_on()), (Millis(1_202_000), Millis(2_413_000)));
    let reasons = |rows: Vec<ReportRow>| -> Vec<(String, u64, u64)> {
        let seen = |row: &ReportRow| {
            (row.of.as_ref().into(), row.sums.times, row.sums.not_ready.0 / 1_000)
        };
        rows.iter().map(seen).collect()
    };
    let all = reasons(rows(&desk, report(Subject::Reasons, Every::Total, 2)).await);
    assert_eq!(all, [("3".into(), 1, 601), ("5".into(), 1, 601)]);
    let quarters = rows(&desk, report(Subject::Reasons, Every::Quarter, 2)).await;
    let fifth: Vec<_> = quarters.iter().filter(|row| row.of.as_ref() == "5").collect();
    assert_eq!((fifth[0].sums.not_ready, fifth[0].sums.times), (Millis(286_000), 1));
    assert_eq!((fifth[1].sums.not_ready, fifth[1].sums.times), (Millis(315_000), 0));
    let one =
        ReportFilter { agent: Some("1002".into()), ..report(Subject::Reasons, Every::Total, 2) };
    assert!(rows(&desk, one).await.is_empty());
    let voice =
        ReportFilter { channel: Some(Channel::Voice), ..report(Subject::Queues, Every::Total, 2) };
    assert!(rows(&desk, voice).await.is_empty());
    let few = ReportFilter { most: 1, ..report(Subject::Queues, Every::Quarter, 2) };
    let answer = desk.page(Page::Report(few.into())).await;
    assert_eq!(answer, Some(Answer::Report(Report::TooMany)));
    // What still lasts is counted as far as now, and not beyond.
    sample.agent(AgentState::NotReady(3)); // 15:20:16
    desk.commit(sample.take()).await.unwrap();
    let mut now = report(Subject::Reasons, Every::Total, 2);
    now.now = Millis(now.from.0 + 80 * 60_000 + 26_000); // 15:20:26
    assert_eq!(reasons(rows(&desk, now).await), [("3".into(), 2, 611), ("5".into(), 1, 601)]);
    store.rebuild(desk.lease.realm).await.unwrap();
    let again = seen(&rows(&desk, report(Subject::Queues, Every::Total, 2)).await);
    assert_eq!(again, [(0, queue("3001"), both)]);
}

pub(super) async fn contacts_are_found_by_words_when_they_have_ended(store: &impl Store) {
    let mut desk = Desk::new(store, "words").await;
    let mut sample = Sample::new(8);
    for (n, text) in
        ["배송이 늦어요", "환불해 주세요 Refund", "배송은 언제 오나요?"].iter().enumerate()
    {
        let mut chat = sample.chat(&n.to_string());
        sample.say(&mut chat, MemberRole::Customer, text);
        sample.close(&chat, EndReason::Customer);
    }
    let mut open = sample.chat("open");
    sample.say(&mut open, MemberRole::Customer, "배송");
    let full = sample.full_chat("full");
    desk.commit(sample.take()).await.unwrap();
    let find = async |filter: ContactFilter| match desk.page(Page::Search(filter.into())).await {
        Some(Answer::Found(found, next)) => {
            (found.iter().map(|c| c.number).collect::<Vec<_>>(), next)
        }
        other => panic!("{other:?}"),
    };
    let text = |text: &str| ContactFilter {
        text: Some(text.into()),
        limit: 10,
        ..ContactFilter::default()
    };
    assert_eq!(
        find(text("배송")).await,
        (vec![3, 1], None),
        "a word finds what begins with it, newest first"
    );
    assert_eq!(find(text("refund 환불")).await.0, [2]);
    assert_eq!(find(text("배송 언제")).await.0, [3], "all words are in it");
    assert_eq!(find(text("늦어요\" OR name:지우")).await.0, [0; 0], "words alone, no language");
    assert_eq!(find(text("note")).await.0, [5], "staff find their own notes");
    assert_eq!(find(text("for you")).await.0, [0; 0], "but not what is for the customer alone");
    let (page, next) = find(ContactFilter { limit: 1, ..text("배송") }).await;
    assert_eq!((page, next), (vec![3], Some(3)));
    assert_eq!(find(ContactFilter { below: Some(3), ..text("배송") }).await.0, [1]);
    assert_eq!(find(ContactFilter { to: Some(Millis(0)), ..text("배송") }).await.0, [0; 0]);
    assert_eq!(find(ContactFilter { queue: Some("3009".into()), ..text("배송") }).await.0, [0; 0]);
    let name = ContactFilter { name: Some("지".into()), limit: 10, ..ContactFilter::default() };
    assert_eq!(find(name).await.0, [6, 5, 3, 2, 1]);
    let passed = ContactFilter {
        reason: Some(EndReason::Transferred),
        limit: 9,
        ..ContactFilter::default()
    };
    assert_eq!(find(passed).await.0, [5]);
    store.rebuild(desk.lease.realm).await.unwrap();
    assert_eq!(find(text("배송")).await.0, [3, 1], "also when views are built again");
    let _ = full;
}

pub(super) async fn a_story_is_read_page_by_page(store: &impl Store) {
    let mut desk = Desk::new(store, "story pages").await;
    let mut sample = Sample::new(9);
    let [mut one, mut other] = ["a", "b"].map(|customer| sample.chat(customer));
    for n in 0..5 {
        sample.say(&mut one, MemberRole::Customer, &n.to_string());
        sample.say(&mut other, MemberRole::Agent, &n.to_string());
    }
    sample.transfer(&mut one, "a", 2);
    let deeds = sample.take();
    for batch in deeds.chunks(7) {
        desk.commit(batch.to_vec()).await.unwrap();
        // The views are written in between, too.
        let some = Page::Story { room: one.room, after: 0, limit: 1 };
        assert!(desk.page(some).await.is_some());
    }
    let all = store.story(desk.lease.realm, one.room).all().await.unwrap();
    let page =
        async |after, limit| match desk.page(Page::Story { room: one.room, after, limit }).await {
            Some(Answer::Story(deeds)) => deeds,
            other => panic!("{other:?}"),
        };
    assert_eq!(page(0, 500).await, all, "the index has what a scan finds");
    assert_eq!(all.len(), 14);
    let first = page(0, 4).await;
    let then = page(first[3].0, 500).await;
    assert_eq!([first, then].concat(), all);
    let nowhere = Page::Story { room: RoomId::default(), after: 0, limit: 9 };
    assert_eq!(desk.page(nowhere).await, Some(Answer::Story(Vec::new())));
}
