//! All targets: which one it is, the program's own name says.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(
    init: {
        // A panic inside jaq is one record's error, and is caught; every other one is what is looked for.
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |what| {
            if !trendpipe::expr::is_guarded() {
                report(what);
            }
        }));
    },
    |bytes: &[u8]| checks::check(env!("CARGO_BIN_NAME"), bytes)
);
