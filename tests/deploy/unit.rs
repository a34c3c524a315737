//! The unit of systemd.

use crate::deploy::judges::{ask, systemd_analyze, text, write};

const UNIT: &str = "deploy/systemd/salespulse.service";
/// Tenths of the exposure that is allowed at most.
const MOST_EXPOSURE: &str = "--threshold=20";

#[test]
fn systemd_understands_it() {
    let Some(judge) = systemd_analyze() else { return };
    // The program and the manual need not be installed where the tests run.
    let unit = text(UNIT).replace("/usr/local/bin/salespulse", env!("CARGO_BIN_EXE_salespulse"));
    let (is_content, said) = ask(&judge, &["verify", "--man=no", &write("salespulse.service", &unit)]);
    assert!(is_content && !said.contains("salespulse.service"), "{said}");
}

/// The drop-in for the page, as part of the unit.
#[test]
fn systemd_understands_the_page_too() {
    let Some(judge) = systemd_analyze() else { return };
    let unit = text(UNIT).replace("/usr/local/bin/salespulse", env!("CARGO_BIN_EXE_salespulse"));
    let with =
        |drop_in: &str| ask(&judge, &["verify", "--man=no", &write("paged.service", &format!("{unit}\n{drop_in}"))]);
    let drop_in = text("deploy/systemd/page.conf");
    let (is_content, said) = with(&drop_in);
    assert!(is_content && !said.contains("paged.service"), "{said}");
    let (_, said) = with(&drop_in.replace("LoadCredential=", "LoadCredentials="));
    assert!(said.contains("LoadCredentials"), "{said}");
}

#[test]
fn systemd_would_find_a_fault() {
    let Some(judge) = systemd_analyze() else { return };
    let unit = text(UNIT).replace("/usr/local/bin/salespulse", env!("CARGO_BIN_EXE_salespulse"));
    let unit = unit.replace("ProtectSystem=", "ProtectSistem=");
    let (_, said) = ask(&judge, &["verify", "--man=no", &write("faulty.service", &unit)]);
    assert!(said.contains("ProtectSistem"), "{said}");
}

#[test]
fn it_is_hardened() {
    let Some(judge) = systemd_analyze() else { return };
    let (is_content, said) = ask(&judge, &["security", "--offline=true", "--no-pager", MOST_EXPOSURE, UNIT]);
    assert!(is_content, "{said}");
}

#[test]
fn a_soft_unit_would_be_refused() {
    let Some(judge) = systemd_analyze() else { return };
    let path =
        write("soft.service", &text(UNIT).replace("CapabilityBoundingSet=\n", "").replace("PrivateUsers=yes\n", ""));
    let (is_content, said) = ask(&judge, &["security", "--offline=true", "--no-pager", MOST_EXPOSURE, &path]);
    assert!(!is_content, "{said}");
}
