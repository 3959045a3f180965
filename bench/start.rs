//! How soon it is ready, and what it takes to do nothing.

use std::{thread::sleep, time::Duration};

use crate::{process::Portcullis, report::Report};

#[expect(clippy::unused_async, reason = "all measures are called alike")]
pub(crate) async fn measure(report: &mut Report) {
    println!("start and rest, on the embedded store (median of 5 starts)");
    let mut starts: Vec<_> = (0..5).map(|_| Portcullis::start(&[]).started_in).collect();
    starts.sort();
    let ready = starts[2];
    report.promise("ready after", &format!("{ready:.1?}"), "< 100 ms", ready < Duration::from_millis(100));

    let idle = Portcullis::start(&[]);
    sleep(Duration::from_secs(2));
    let mib = idle.memory().0 as f64 / 1_048_576.0;
    report.promise("idle memory", &format!("{mib:.1} MiB"), "< 25 MiB", mib < 25.0);
}
