//! Has a new migration rebuild what embeds them all.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
