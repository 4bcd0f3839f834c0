//! Tells the linker to lay the functions that a start runs side by side (`link/start.ld`).
//!
//! A system maps a program into memory in blocks of 64 KB around what runs. Strewn over the
//! program, the 400 KB of functions of a start bring 5 MB into every process; side by side,
//! 2 MB. Where the linker is not the usual one the program is linked as it comes.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=link/start.ld");
    println!("cargo:rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
    let chosen = std::env::var_os("RUSTC_LINKER").is_some()
        || std::env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    let usual = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !chosen;
    if usual && is("PROFILE", "release") {
        let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{folder}/link/start.ld");
    }
}
