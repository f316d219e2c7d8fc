//! The privacy officer's desk: reviews of emergency access and of access that nothing explains.
//!
//! Times, people and kinds of data; never a clinical value.

use serde::{Deserialize, Serialize};

use crate::{
    access::{DataClass, Role},
    care::PatientIdentity,
    emergency::EmergencyReason,
    id::{AccessReviewId, PatientId, PersonId},
    time::{Instant, Span},
    unprintable::never_printed,
};

// Sentences, notes and answers are people's own words, and they are about patients.
never_printed!(
    Finding,
    Explanation,
    ReviewLine,
    ReviewQueue,
    ReviewEvent,
    Extension,
    ReviewStep,
    Decide,
    Question,
    GiveAnswer,
    RecordSearch,
);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReviewKind {
    Emergency,
    Unexplained,
}

words! {
    /// What stood out, found by rule.
    // A device's channel has a `Signal` too.
    #[cfg_attr(feature = "openapi", schema(as = ReviewSignal))]
    Signal {
        NoCareRelation = "no_care_relation",
        OwnRecord = "own_record",
        SameSurname = "same_surname",
        OutsideShift = "outside_shift",
        ManyPatients = "many_patients",
    }
}

impl Signal {
    pub const fn title(self) -> &'static str {
        match self {
            Signal::NoCareRelation => "No care relation",
            Signal::OwnRecord => "Own record",
            Signal::SameSurname => "Same surname",
            Signal::OutsideShift => "Outside working time",
            Signal::ManyPatients => "Many patients",
        }
    }
}

/// Where a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReviewState {
    /// The access itself is still going on.
    StillOpen,
    ToDecide,
    AnswerAsked {
        answer_due: Instant,
        late: bool,
    },
    /// The person has answered; somebody decides now.
    Answered {
        late: bool,
    },
    /// Found a breach by one; another has to agree.
    SecondReview,
    Closed {
        verdict: Verdict,
        at: Instant,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    Appropriate,
    Breach,
}

/// How well something on record explains an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Degree {
    None,
    Part,
    Found,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    pub degree: Degree,
    pub text: String,
}

/// The best that was found, and what was looked for: "None found" alone says nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    pub degree: Degree,
    pub text: String,
    pub looked_for: String,
}

/// One line of the queue.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewLine {
    pub id: AccessReviewId,
    pub kind: ReviewKind,
    pub person: PersonId,
    pub person_name: String,
    pub role: Role,
    pub units: Vec<String>,
    /// None when it is about many patients, and after an erasure.
    pub patient: Option<PatientIdentity>,
    pub patients: u32,
    pub place: Option<String>,
    pub reason: Option<EmergencyReason>,
    pub sentence: Option<String>,
    pub signals: Vec<Signal>,
    pub explanation: Explanation,
    /// From the first view to the last, or to the end of the emergency access.
    pub span: Span,
    pub raised_at: Instant,
    pub due_at: Instant,
    pub state: ReviewState,
}

/// How many wait, by what they wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewCounts {
    pub open: u64,
    pub overdue: u64,
    pub emergency: u64,
    pub unexplained: u64,
    pub waiting_for_answer: u64,
    pub second_review: u64,
    pub next_due: Option<Instant>,
}

/// Whether the record fits together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "chain")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ChainView {
    Verified {
        entries: u64,
        checked_at: Instant,
    },
    /// Deciding waits; reading, care and recording do not.
    Broken {
        /// The first entry that does not fit.
        number: u64,
        fits_until: Option<Instant>,
        around: Vec<ChainLink>,
        checked_at: Instant,
    },
    /// The note of how far the record came, kept outside the database, is not the one the server wrote. A
    /// tail that was cut off would not be found.
    CheckpointForged {
        checked_at: Instant,
    },
    /// Being read for the first time since the server started.
    Checking,
}

impl ChainView {
    /// Deciding waits.
    pub const fn is_broken(&self) -> bool {
        matches!(
            self,
            ChainView::Broken { .. } | ChainView::CheckpointForged { .. }
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChainLink {
    pub number: u64,
    pub at: Instant,
    pub fits: bool,
}

/// The officer's own view is on record too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnView {
    pub entry: u64,
    pub at: Instant,
    /// Other privacy officers of this organisation.
    pub reviewed_by: Vec<String>,
}

/// `GET /api/v1/reviews`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewQueue {
    pub items: Vec<ReviewLine>,
    pub counts: ReviewCounts,
    /// Hand it back as `?after=`.
    pub next: Option<String>,
    pub deadlines: Deadlines,
    pub chain: ChainView,
    pub own_view: OwnView,
    pub time_zone: String,
    pub server_time: Instant,
}

/// Thirty days.
pub const LONGEST_DEADLINE_HOURS: u32 = 720;

/// How long reviewers have: `POST /api/v1/organisations/{id}/review-deadlines`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deadlines {
    /// To decide about an emergency access.
    pub emergency_hours: u32,
    /// To decide about a look that nothing explains.
    pub unexplained_hours: u32,
    /// For whoever is asked.
    pub answer_hours: u32,
}

impl Deadlines {
    pub const USUAL: Self = Self {
        emergency_hours: 72,
        unexplained_hours: 7 * 24,
        answer_hours: 24,
    };
}

/// `GET /api/v1/reviews/{id}`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewEvent {
    pub line: ReviewLine,
    /// Passkey, or password and code; only for emergency access.
    pub proof: Option<String>,
    pub extended: Option<Extension>,
    pub ended: Option<String>,
    pub findings: Vec<Finding>,
    pub lanes: Vec<Lane>,
    /// What the lanes show.
    pub window: Span,
    pub opened: Vec<OpenedItem>,
    pub similar: Vec<SimilarReview>,
    pub steps: Vec<ReviewStep>,
    /// Whether this officer may decide it, and if not, why.
    pub may_decide: MayDecide,
    pub chain: ChainView,
    pub own_view: OwnView,
    pub time_zone: String,
    pub server_time: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "may")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MayDecide {
    Yes,
    No { why: String },
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Extension {
    pub at: Instant,
    pub reason: EmergencyReason,
    pub sentence: Option<String>,
}

/// One row of "relation then".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lane {
    pub title: String,
    pub bars: Vec<LaneBar>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LaneBar {
    pub span: Span,
    pub label: String,
    pub look: LaneLook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LaneLook {
    /// Held when it was opened.
    Then,
    /// Came after.
    After,
    /// Was missing.
    Missing,
    /// The access itself.
    Access,
}

/// One entry of the record, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenedItem {
    pub entry: u64,
    pub at: Instant,
    pub what: String,
    pub classes: Vec<DataClass>,
    pub refused: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimilarReview {
    pub id: AccessReviewId,
    pub at: Instant,
    pub kind: ReviewKind,
    pub person_name: String,
    pub same_person: bool,
    pub same_patient: bool,
    pub verdict: Option<Verdict>,
}

/// One step of a review, as it was taken.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewStep {
    pub by: String,
    pub step: Step,
    pub note: String,
    pub at: Instant,
    pub late: bool,
}

words! {
    Step {
        FoundAppropriate = "found_appropriate",
        Asked = "asked",
        Answered = "answered",
        FoundBreach = "found_breach",
        AgreedBreach = "agreed_breach",
        /// The second reviewer saw no breach: the first decides anew.
        DisagreedBreach = "disagreed_breach",
    }
}

/// What an officer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Decision {
    Appropriate,
    NeedsAnswer,
    Breach,
}

/// `POST /api/v1/reviews/{id}/decisions`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decide {
    pub decision: Decision,
    /// Always needed.
    pub note: String,
}

/// `GET /api/v1/reviews/asked`: questions that wait for the signed-in person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    pub review: AccessReviewId,
    pub asked_by: String,
    pub asked_at: Instant,
    pub question: String,
    pub due_at: Instant,
    /// When the access was that is asked about.
    pub opened_at: Instant,
}

/// `POST /api/v1/reviews/{id}/answer`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GiveAnswer {
    pub answer: String,
}

/// `POST /api/v1/reviews/search`: in the body, because a record number must not stand in an address.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordSearch {
    /// Part of a member's name.
    pub person: Option<String>,
    /// A record number, exactly.
    pub record_number: Option<String>,
    pub patient: Option<PatientId>,
    /// A serial number, exactly.
    pub serial: Option<String>,
    pub from: Option<Instant>,
    pub until: Option<Instant>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// One entry found in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordEntry {
    pub entry: u64,
    pub at: Instant,
    pub person_name: Option<String>,
    pub role: Option<Role>,
    pub purpose: Option<String>,
    pub what: String,
    /// A short mark that is the same for one patient in all answers of this organisation.
    pub patient: Option<PatientId>,
    pub refused: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordPage {
    pub items: Vec<RecordEntry>,
    pub next: Option<String>,
    pub own_view: OwnView,
    pub server_time: Instant,
}
