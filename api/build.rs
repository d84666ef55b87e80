//! The dashboard and the SDK are embedded: what is built anew must be embedded anew.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A folder that is not there yet cannot be watched without rebuilding every time; `make` builds it before this crate.
    for built in ["../dashboard/out", "../sdk/dist"] {
        if std::path::Path::new(built).exists() {
            println!("cargo::rerun-if-changed={built}");
        }
    }
}
