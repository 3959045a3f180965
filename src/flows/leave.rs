//! Leave: whoever knows the password has their account erased, once the time is over in which signing in brings it back.

use crate::domain::{
    event::{Circumstances, EventKind, Happening},
    letter::LetterKind,
    password::Candidate,
    user::User,
};

use super::{Failure, Services, check_password::OwnerRefusal, memory::Remembered};

/// All sessions end by it, the one that asks among them.
#[tracing::instrument(target = "otlp", skip_all)]
pub async fn leave(
    services: &Services,
    caller: &Remembered,
    password: Candidate,
    from: &Circumstances,
) -> Result<(), Failure<OwnerRefusal>> {
    let user = services.owner(caller, password, from).await?;
    let notice = services.notice_if_any(LetterKind::Leaving, &user.attrs().email)?;
    let checked = user.hash().clone();
    let leaving = Happening::by_user(EventKind::UserLeaving, user.id(), from);
    services
        .change(user, |user| {
            // Whoever changed the password meanwhile has not agreed to this.
            if *user.hash() != checked {
                return Err(Failure::Raced);
            }
            let left = user.leave(services.clock.now());
            Ok(Some(notice.iter().cloned().fold(left, User::write_to)))
        })
        .await?;
    services.did(leaving.of_session(caller.session.id)).await
}
