//! Ways for a process to die, and its return.

use std::time::{Duration, Instant};

use super::{GoSight, PATIENCE, signal};

/// Who dies, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Death {
    Parent,
    Engine,
    Both,
    /// Before it has come up again: amid a replay, or before that.
    Newborn,
    /// By its own hand, at this fail point, when it has been passed so often.
    FailPoint(&'static str, u32),
}

/// One life, its end, and the next one ready. How long the return took.
pub(crate) async fn die_and_return(gosight: &mut GoSight, death: Death, life: Duration) -> Duration {
    match death {
        Death::Engine => {
            tokio::time::sleep(life).await;
            let began = Instant::now();
            let engine = gosight.engine_pid().expect("an engine");
            signal(engine, "KILL");
            gosight.another_engine(engine).await;
            return began.elapsed();
        }
        Death::Parent => {
            tokio::time::sleep(life).await;
            gosight.kill();
        }
        Death::Both => {
            tokio::time::sleep(life).await;
            signal(gosight.engine_pid().expect("an engine"), "KILL");
            gosight.kill();
        }
        Death::Newborn => {
            gosight.kill();
            gosight.launch(&[]);
            tokio::time::sleep(life / 2).await;
            gosight.kill();
        }
        Death::FailPoint(point, passes) => {
            gosight.kill();
            gosight.launch(&[("FAILPOINTS", &format!("{point}={passes}*off->return"))]);
            let status = gosight.ended_within(PATIENCE).await;
            let status = status.unwrap_or_else(|| panic!("{point} was not reached:\n{}", gosight.log()));
            assert_eq!(status.code(), None, "it aborts at {point}: {status}");
        }
    }
    let began = Instant::now();
    gosight.launch(&[]);
    gosight.ready().await;
    began.elapsed()
}
