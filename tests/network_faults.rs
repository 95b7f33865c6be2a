//! `stream-fetch` and what goes wrong around it: names that are not found yet, disks that are full, addresses of IPv6. And what
//! is to be tested of live sources, each with the test that does it (`file: name`, in tests/ or src/):
//!
//! | behaviour | test |
//! | --- | --- |
//! | 1 chunk boundaries at every byte | reconnect.rs: chunks_may_be_cut_at_every_byte |
//! | 2 CRLF, LF, lone CR | stream_fetch.rs: lines_of_a_response_come_as_they_are_compressed_or_not, source/live/sse/tests.rs: every_split_gives_what_one_piece_gives |
//! | 3 keep-alives alone | reconnect.rs: silence_is_a_failure_and_so_are_bytes_without_a_line_but_keep_alives_are_life |
//! | 4 silence | reconnect.rs: silence_is_a_failure_and_so_are_bytes_without_a_line_but_keep_alives_are_life |
//! | 5 a trickle without a newline | source/live/joined/tests.rs: bytes_without_a_line_are_no_life |
//! | 6, 7, 8 drops before, in and behind the head | reconnect.rs: a_connection_that_is_cut_is_made_again_and_starts_clean |
//! | 9 a reset | reconnect.rs: a_connection_that_is_cut_is_made_again_and_starts_clean, source/tcp.rs: a_reset_is_an_error |
//! | 10 an end with and without the last newline | stream_fetch.rs: a_last_line_without_newline_counts_when_it_is_whole |
//! | 11 a body of another length | reconnect.rs: bodies_are_as_long_as_they_say_or_it_is_told |
//! | 12 HTTP/1.0 until it is closed | reconnect.rs: a_connection_that_is_cut_is_made_again_and_starts_clean |
//! | 13 no head comes | stream_fetch.rs: a_silent_server_is_given_up_where_asked |
//! | 14 no TLS handshake comes | network_faults.rs: a_peer_that_never_begins_tls_is_given_up |
//! | 15 refused, then there | reconnect.rs: a_server_that_is_not_there_yet_is_waited_for, source/live/reconnect/tests.rs: a_server_that_is_down_is_asked_ever_more_rarely_and_then_again_at_once |
//! | 16 failures of the server, and then none | source/live/reconnect/tests.rs: waits_after_a_servers_own_failure_double_with_chance |
//! | 17, 18 too many requests, all forms of Retry-After | source/live/reconnect/tests.rs: a_limit_is_waited_for_as_the_server_says, net/retry.rs: every_form_in_use_is_read_and_nonsense_is_none |
//! | 19 refusals, with the body and no secret | reconnect.rs: what_a_server_asks_for_is_heeded_and_refusals_are_final |
//! | 20 hung up on a hundred times | reconnect.rs: a_server_that_hangs_up_at_once_is_not_hammered |
//! | 21 a page instead of data | reconnect.rs: what_a_server_asks_for_is_heeded_and_refusals_are_final |
//! | 22 the server's last word among the data | presets.rs: x_gives_its_stream_and_heeds_its_last_word |
//! | 23 redirects | reconnect.rs: redirects_are_followed_and_secrets_stay_behind, stream_fetch.rs: what_a_server_refuses_is_said_in_words |
//! | 24 gzip of all kinds | reconnect.rs: compressed_bodies_come_out_whole_and_cut_ones_are_told, peers.rs: gzip_of_a_server_is_undone_flushed_or_not |
//! | 25 odd bytes | reconnect.rs: odd_bytes_are_handed_on_or_told |
//! | 26 what comes twice | reconnect.rs: what_comes_twice_is_left_out_where_asked |
//! | 27 server-sent events by the rules | source/live/sse/tests.rs: the_examples_of_the_rules, reconnect.rs: an_event_that_was_not_ended_is_none_and_names_choose |
//! | 28, 29 Last-Event-ID, through planned resets | reconnect.rs: events_go_on_behind_the_last_one_through_planned_resets |
//! | 30 polls | presets.rs: a_poll_asks_for_what_is_new_and_gives_it_oldest_first, presets.rs: pages_are_followed_until_one_is_known_and_never_in_a_circle, presets.rs: a_poll_is_as_slow_as_the_server_wishes_and_goes_on_in_a_later_run |
//! | 31 long polls | presets.rs: a_long_poll_asks_from_the_last_time_on |
//! | 32 WebSockets, well and badly spoken | websocket.rs: fragments_pings_and_binary_frames_are_understood_and_broken_frames_told, websocket.rs: what_is_no_websocket_is_refused_or_tried_again, websocket.rs: a_peer_that_answers_no_ping_has_stalled_and_one_that_does_has_not, websocket.rs: messages_are_lines_and_planned_ends_are_gone_through |
//! | 33 a cursor that is too old | websocket.rs: what_is_no_websocket_is_refused_or_tried_again |
//! | 34 TCP servers that restart | reconnect.rs: a_tcp_server_that_restarts_goes_on |
//! | 35 nobody reads the output | reconnect.rs: a_closed_pipe_hangs_up_at_once |
//! | 36 a slow reader | slow_reader.rs: a_blocked_write_is_said_once_and_nothing_is_lost |
//! | 37 signals during a read | reconnect.rs: a_signal_ends_a_run_that_waits_and_its_place_is_kept, websocket.rs: a_signal_ends_a_silent_websocket_at_once |
//! | 38 kill -9 | reconnect.rs: a_kill_loses_nothing_and_tears_no_line, kills_live.rs: killed_fetches_of_a_live_source_lose_nothing |
//! | 39 a cursor that cannot be used, a full disk | reconnect.rs: a_cursor_that_cannot_be_used_is_told, network_faults.rs: a_full_disk_is_told_and_what_is_missing_comes_later |
//! | 40 so many records and no more | reconnect.rs: exactly_so_many_records_or_so_long |
//! | 41 a clock that jumps | source/live/reconnect/tests.rs: a_limit_is_waited_for_as_the_server_says, job/fetch.rs: a_run_that_was_held_up_sends_what_a_second_missed_and_goes_on_at_its_pace, network_faults.rs: a_clock_that_jumps_moves_no_wait |
//! | 42 proxies, IPv6, names | peers.rs: all_that_is_spoken_goes_through_a_proxy, network_faults.rs: live_sources_have_addresses_of_ipv6, network_faults.rs: a_name_that_is_not_found_yet_is_asked_for_again |
//! | 43 replay | replay.rs: a_shift_changes_the_time_and_no_other_byte, source/replay.rs: the_schedule_is_absolute, source/replay.rs: records_out_of_order_and_without_time_are_due_at_once |
//! | 44 recordings | archive/tests.rs: a_file_has_its_name_once_its_hour_is_over, record.rs: the_programs_that_everybody_has_read_the_files, record.rs: a_killed_run_loses_no_more_than_the_last_moments_and_the_next_goes_on |
//! | 45 secrets | reconnect.rs: what_a_server_asks_for_is_heeded_and_refusals_are_final, stream_fetch.rs: headers_and_tokens_are_sent_and_never_shown, network_faults.rs: a_cursor_holds_no_secret |

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use common::server::{CHUNKED, EVENTS, LAST, Server, answer, chunk, script};
use common::{Tool, demo, programs, tool};
use tungstenite::Message;

#[test]
fn every_behaviour_has_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table: Vec<&str> =
        include_str!("network_faults.rs").lines().filter(|line| line.starts_with("//! | ")).skip(2).collect();
    let mut behaviours = Vec::new();
    for row in table {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let numbers = cells[1].split([' ', ',']).map_while(|word| match word {
            "" => Some(None),
            word => word.parse::<u32>().ok().map(Some),
        });
        behaviours.extend(numbers.flatten());
        for test in cells[2].split(", ") {
            let (file, name) = test.split_once(": ").expect("a file and a name");
            let folder = if root.join("tests").join(file).exists() { "tests" } else { "src" };
            let text = fs::read_to_string(root.join(folder).join(file)).expect(file);
            assert!(text.contains(&format!("fn {name}(")), "{test}");
        }
    }
    assert_eq!(behaviours, (1..=45).collect::<Vec<_>>());
}

/// A shell of its own, whose mounts nobody else sees; false, and a word, where there is none to be had.
fn can_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=4k tmpfs /mnt"])
        .output();
    let can = tried.is_ok_and(|tried| tried.status.success());
    if !can {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        println!("skipped: {test}: no file system can be mounted here");
    }
    can
}

/// Runs this in such a shell, in the folder; `$0` is stream-fetch.
fn mounted(folder: &Path, text: &str, args: &[&str]) -> Tool {
    Tool::of("unshare")
        .args(["--map-root-user", "--mount", "sh", "-ec", text])
        .arg(programs().join("stream-fetch"))
        .args(args)
        .dir(folder)
}

#[test]
fn a_name_that_is_not_found_yet_is_asked_for_again() {
    if !can_mount() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let hosts = folder.path().join("hosts");
    // Nobody answers questions about names but this file.
    let script_of =
        "mount --bind hosts /etc/hosts; mount --bind resolv.conf /etc/resolv.conf; exec \"$0\" \"$@\"";
    fs::write(folder.path().join("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        .expect("a file");
    for scheme in ["tcp", "http", "ws"] {
        fs::write(&hosts, "127.0.0.1 localhost\n").expect("a file");
        let server = Server::new(vec![match scheme {
            "tcp" => script(|talk| _ = talk.send("{\"n\":1}\n")),
            "http" => answer([CHUNKED.into(), chunk("{\"n\":1}\n"), LAST.into()].concat()),
            _ => script(|talk| {
                let mut socket =
                    tungstenite::accept(talk.stream.try_clone().expect("a stream")).expect("a client");
                socket.send(Message::text("{\"n\":1}")).expect("connected");
                talk.hold();
            }),
        }]);
        let (_, port) = server.address.split_once(':').expect("a port");
        let url = format!("{scheme}://later.test:{port}/");
        let args = [&url, "--reconnect", "--retry-max", "inf", "--retry-delay", "20ms"];
        let mut running = mounted(folder.path(), script_of, &args).start();
        let said = running.said();
        assert!(said.contains("no such host") && said.contains("connecting again in 20 ms"), "{said}");
        fs::write(&hosts, "127.0.0.1 localhost later.test\n").expect("a file");
        assert_eq!(running.line(), "{\"n\":1}", "{scheme}");
        running.signal("KILL");
        running.end();
    }
}

#[test]
fn live_sources_have_addresses_of_ipv6() {
    let listen = || TcpListener::bind("[::1]:0");
    if listen().is_err() {
        return println!("skipped: live_sources_have_addresses_of_ipv6: there is no ::1");
    }
    let serve = |one| Server::at(&listen().expect("a port"), vec![one]);
    let plain = serve(script(|talk| _ = talk.send("{\"n\":1}\n")));
    let lines = serve(answer([CHUNKED.into(), chunk("{\"n\":1}\n"), LAST.into()].concat()));
    let events = serve(script(|talk| {
        talk.head();
        talk.send([EVENTS.into(), chunk("data: {\"n\":1}\n\n")].concat());
        talk.hold();
    }));
    let socket = serve(script(|talk| {
        let mut socket = tungstenite::accept(talk.stream.try_clone().expect("a stream")).expect("a client");
        socket.send(Message::text("{\"n\":1}")).expect("connected");
        talk.hold();
    }));
    for (scheme, server) in [("tcp", &plain), ("http", &lines), ("http", &events), ("ws", &socket)] {
        assert!(server.address.starts_with("[::1]:"));
        let call =
            tool("stream-fetch").arg(format!("{scheme}://{}", server.address)).args(["--records", "1"]);
        assert_eq!(call.run().quietly().text(), "{\"n\":1}\n", "{scheme}");
    }
    for server in [&lines, &events] {
        assert!(server.head().contains(&format!("host: {}", server.address)), "the port belongs to the name");
    }
}

#[test]
fn a_peer_that_never_begins_tls_is_given_up() {
    for scheme in ["https", "wss"] {
        let server = Server::new(vec![script(common::server::Talk::hold)]);
        let ran = tool("stream-fetch")
            .arg(format!("{scheme}://{}/", server.address))
            .args(["--connect-timeout", "200ms", "--response-timeout", "200ms"])
            .run()
            .with_code(4);
        assert!(ran.err.contains("took longer than 200 ms"), "{scheme}: {}", ran.err);
        server.hung_up();
    }
}

#[test]
fn a_full_disk_is_told_and_what_is_missing_comes_later() {
    if !can_mount() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::create_dir(folder.join("disk")).expect("a folder");
    let lines = demo("demo:rsvps", 2000);
    fs::write(folder.join("log"), &lines).expect("a file");
    let script_of = "
mount -t tmpfs -o size=64k tmpfs disk
status=0; \"$0\" log --record 'disk/raw.jsonl' >seen 2>said || status=$?
echo \"$status $(tail -n 1 said)\"
rm -f disk/*
status=0; \"$0\" log --cursor disk/place -o disk/out 2>said || status=$?
echo \"$status $(tail -n 1 said)\"
mount -o remount,size=64m disk
status=0; \"$0\" log --cursor disk/place -o disk/out 2>said || status=$?
echo \"$status $(tail -n 1 said)\"
cp disk/out all";
    let ran = mounted(folder, script_of, &[]).run().with_code(0);
    let told: Vec<&str> = ran.text().lines().collect();
    for (status, role) in [(told[0], "raw.jsonl"), (told[1], "the output")] {
        assert!(status.starts_with("4 stream-fetch: ") && status.contains("No space left"), "{told:?}");
        assert!(status.contains(role), "{told:?}");
    }
    assert_eq!(told[2].trim(), "0");
    let plain = tool("stream-fetch").args(["-", "-q"]).input(&lines).run();
    assert!(fs::read(folder.join("all")).expect("a file") == plain.out, "each line once");
}

/// Of the two clocks only the one that nobody sets rules waits: a date that a server names is compared with the other, and
/// what is asked for is bounded.
#[test]
fn a_clock_that_jumps_moves_no_wait() {
    // By the server's clock, years ago: as if ours had jumped.
    let past = "HTTP/1.1 503 Soon\r\nRetry-After: Thu, 01 Jan 2015 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n";
    let first = [CHUNKED.into(), chunk("{\"n\":1}\n"), LAST.into()].concat();
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"n\":2}\n";
    let server = Server::new(vec![answer(first), answer(past), answer(last)]);
    let ran = tool("stream-fetch")
        .arg(server.url("/"))
        .args(["--reconnect", "--retry-delay", "1ms", "--retry-max", "3"])
        .run()
        .with_code(0);
    assert_eq!(ran.text(), "{\"n\":1}\n{\"n\":2}\n", "{}", ran.err);
    // And years ahead: an hour at most.
    let future =
        "HTTP/1.1 503 Soon\r\nRetry-After: Thu, 01 Jan 2099 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n";
    let first = [CHUNKED.into(), chunk("{\"n\":1}\n"), LAST.into()].concat();
    let server = Server::new(vec![answer(first), answer(future)]);
    let mut running = tool("stream-fetch").arg(server.url("/")).arg("--reconnect").start();
    assert_eq!(running.line(), "{\"n\":1}");
    let said = running.said();
    assert!(said.contains("connecting again in 3600 s"), "{said}");
    running.signal("TERM");
    assert_eq!(running.end().0, 143);
}

#[test]
fn a_cursor_holds_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("place");
    let server = Server::new(vec![script(|talk| {
        talk.head();
        talk.send([EVENTS.into(), chunk("id: 7\ndata: {\"n\":1}\n\n")].concat());
        talk.hold();
    })]);
    let ran = tool("stream-fetch")
        .arg(server.url("/?key=hush-hush"))
        .args(["--records", "1", "--token-env", "TOKEN_OF_TEST", "--cursor"])
        .arg(&place)
        .env("TOKEN_OF_TEST", "very-secret")
        .run()
        .quietly();
    assert_eq!(ran.text(), "{\"n\":1}\n");
    let kept = fs::read(&place).expect("a file");
    let kept = String::from_utf8_lossy(&kept);
    assert!(!kept.contains("hush") && !kept.contains("secret"), "{kept}");
}
