#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| scrub_fuzz::targets::run("framing_properties", data));
