pub fn print() {
    println!("{TEXT}");
}

const TEXT: &str = "\
cargo xtask COMMAND

  demo          build everything, start the portal with a fleet of simulated devices
                  --port N         port of the portal (8080)
                  --data DIR       data folder (./data); a second start keeps what is in it
                  --reset          start over: empty the data folder first
                  --devices N      simulate the first N devices of the demo only
                  --no-devices     start the portal alone
                  --replay FILE…   replay recorded CSV files, live, on one bed
                  --bed BED        the bed for --replay (4B/7)
  test          install what only tests need, run every test; ends with `N passed, N failed`
  check         the quick one, before a commit: fmt, clippy, wasm check, tidy
  contract      the API against its own description, as three people (part of test)
  dev           demo without devices; Enter rebuilds and restarts (options of demo)
  build         the release binary with the portal inside
  build-portal  wasm, styles, fonts and scripts, hashed and compressed, with their sizes
  bench         the figures of the promises, measured here; arguments go to the bench
  tidy          the rules of the source tree
  bless         write the golden files anew
  help          this page

CARGO_TARGET_DIR is honoured. Tools that are not part of Rust go into its folder `tools`.";
