//! What is wrong with the policy itself: exceptions that are over, comments that excuse nothing. The policy finds it; the
//! checks are their pages.

pub mod ignore_expired;
pub mod ignore_unclear;
