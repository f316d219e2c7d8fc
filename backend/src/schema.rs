// Generated from migrations/ and checked by hand: one schema for both engines. Do not edit alone.

diesel::table! {
    organisations (id) {
        id -> Binary,
        name -> Text,
        kind -> Text,
        home_region -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    sites (id) {
        id -> Binary,
        organisation_id -> Binary,
        name -> Text,
        spoken_code -> Text,
        time_zone -> Text,
    }
}

diesel::table! {
    units (id) {
        id -> Binary,
        organisation_id -> Binary,
        site_id -> Binary,
        name -> Text,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    people (id) {
        id -> Binary,
        home_region -> Text,
        name -> Text,
        login -> Text,
        suspended_at -> Nullable<BigInt>,
        created_at -> BigInt,
        email -> Nullable<Text>,
        passkey_declined_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    memberships (id) {
        id -> Binary,
        person_id -> Binary,
        organisation_id -> Binary,
        role -> Text,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        continues_id -> Nullable<Binary>,
        suspended_at -> Nullable<BigInt>,
        planned_at -> Nullable<BigInt>,
        former_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    membership_units (id) {
        id -> Binary,
        membership_id -> Binary,
        unit_id -> Binary,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        planned_at -> Nullable<BigInt>,
        former_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    passwords (person_id) {
        person_id -> Binary,
        phc -> Text,
        changed_at -> BigInt,
        failures_in_a_row -> BigInt,
        last_failure_at -> Nullable<BigInt>,
        disabled_at -> Nullable<BigInt>,
        stands_alone -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        token_sha256 -> Binary,
        person_id -> Binary,
        membership_id -> Binary,
        purpose -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        last_used_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        kind -> Text,
        kiosk_session_id -> Nullable<Binary>,
        browser -> Text,
        network -> Text,
        proof_kind -> Text,
        proven_at -> BigInt,
        previous_token_sha256 -> Nullable<Binary>,
        previous_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Binary,
        person_id -> Binary,
        credential_id -> Binary,
        user_handle -> Binary,
        credential -> Text,
        counter -> BigInt,
        name -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        switched_off_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    second_factors (person_id) {
        person_id -> Binary,
        nonce -> Binary,
        sealed -> Binary,
        since -> BigInt,
        last_step -> BigInt,
        asked_at_sign_in -> BigInt,
    }
}

diesel::table! {
    recovery_codes (person_id, code_hmac) {
        person_id -> Binary,
        code_hmac -> Binary,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    stations (id) {
        id -> Binary,
        organisation_id -> Binary,
        unit_id -> Binary,
        person_id -> Binary,
        name -> Text,
        enrolled_by -> Binary,
        enrolled_at -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_failures (key_hmac) {
        key_hmac -> Binary,
        failures -> BigInt,
        last_failure_at -> BigInt,
    }
}

diesel::table! {
    sign_in_sources (key_hmac) {
        key_hmac -> Binary,
        last_success_at -> BigInt,
    }
}

diesel::table! {
    patients (id) {
        id -> Binary,
        organisation_id -> Binary,
        home_region -> Text,
        time_zone -> Text,
        record_number_hmac -> Binary,
        created_at -> BigInt,
        erased_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    patient_identities (patient_id) {
        patient_id -> Binary,
        nonce -> Binary,
        sealed -> Binary,
        changed_at -> BigInt,
    }
}

diesel::table! {
    patient_people (id) {
        id -> Binary,
        patient_id -> Binary,
        person_id -> Binary,
        relation -> Text,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    beds (id) {
        id -> Binary,
        organisation_id -> Binary,
        unit_id -> Binary,
        label -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    bed_stays (id) {
        id -> Binary,
        organisation_id -> Binary,
        patient_id -> Binary,
        bed_id -> Binary,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    care_teams (id) {
        id -> Binary,
        organisation_id -> Binary,
        patient_id -> Binary,
        unit_id -> Nullable<Binary>,
        membership_id -> Nullable<Binary>,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    device_models (id) {
        id -> Binary,
        organisation_id -> Binary,
        name -> Text,
        device_type -> Text,
        expected_interval_s -> BigInt,
    }
}

diesel::table! {
    devices (id) {
        id -> Binary,
        model_id -> Binary,
        maker_id -> Binary,
        home_region -> Text,
        serial -> Text,
        software -> Nullable<Text>,
        revoked_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    device_custody (id) {
        id -> Binary,
        device_id -> Binary,
        organisation_id -> Binary,
        site_id -> Nullable<Binary>,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    device_assignments (id) {
        id -> Binary,
        device_id -> Binary,
        organisation_id -> Binary,
        patient_id -> Nullable<Binary>,
        bed_id -> Nullable<Binary>,
        unit_id -> Nullable<Binary>,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    device_certificates (fingerprint) {
        fingerprint -> Binary,
        device_id -> Binary,
        valid_from -> BigInt,
        valid_until -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    device_streams (device_id, epoch) {
        device_id -> Binary,
        epoch -> BigInt,
        next_seq -> BigInt,
        started_at -> BigInt,
    }
}

diesel::table! {
    numeric_frames (device_id, epoch, seq) {
        device_id -> Binary,
        epoch -> BigInt,
        seq -> BigInt,
        measured_from -> BigInt,
        measured_until -> BigInt,
        received_at -> BigInt,
        clock_untrusted -> Bool,
        payload -> Binary,
        crc32c -> BigInt,
    }
}

diesel::table! {
    wave_frames (device_id, epoch, seq) {
        device_id -> Binary,
        epoch -> BigInt,
        seq -> BigInt,
        measured_from -> BigInt,
        measured_until -> BigInt,
        received_at -> BigInt,
        clock_untrusted -> Bool,
        payload -> Binary,
        payload_bytes -> BigInt,
        crc32c -> BigInt,
    }
}

diesel::table! {
    frame_gaps (device_id, epoch, first_seq) {
        device_id -> Binary,
        epoch -> BigInt,
        first_seq -> BigInt,
        last_seq -> BigInt,
        measured_from -> BigInt,
        measured_until -> BigInt,
    }
}

diesel::table! {
    minute_rollups (device_id, minute, metric) {
        device_id -> Binary,
        metric -> BigInt,
        minute -> BigInt,
        exponent -> SmallInt,
        readings -> BigInt,
        absent -> BigInt,
        min_value -> Nullable<BigInt>,
        max_value -> Nullable<BigInt>,
        sum_value -> Nullable<BigInt>,
        last_value -> Nullable<BigInt>,
        first_at -> BigInt,
        last_at -> BigInt,
        known_from -> Nullable<BigInt>,
        known_until -> Nullable<BigInt>,
        absent_reason -> Nullable<SmallInt>,
        interval_ms -> BigInt,
    }
}

diesel::table! {
    twin_snapshots (device_id) {
        device_id -> Binary,
        state -> Binary,
        saved_at -> BigInt,
    }
}

diesel::table! {
    unknown_metrics (device_id, metric) {
        device_id -> Binary,
        metric -> BigInt,
        unit -> BigInt,
        first_seen_at -> BigInt,
    }
}

diesel::table! {
    quarantined_frames (device_id, epoch, seq, lane) {
        device_id -> Binary,
        epoch -> BigInt,
        seq -> BigInt,
        lane -> Text,
        found_at -> BigInt,
    }
}

diesel::table! {
    audit_entries (organisation_id, number) {
        organisation_id -> Binary,
        number -> BigInt,
        recorded_at -> BigInt,
        action -> Text,
        event -> Text,
        outcome -> BigInt,
        person_id -> Nullable<Binary>,
        membership_id -> Nullable<Binary>,
        role -> Nullable<Text>,
        purpose -> Nullable<Text>,
        entity_kind -> Nullable<Text>,
        entity_id -> Nullable<Binary>,
        patient_id -> Nullable<Binary>,
        detail -> Text,
        previous_hmac -> Binary,
        hmac -> Binary,
    }
}

diesel::table! {
    outbox_messages (id) {
        id -> Binary,
        kind -> Text,
        person_id -> Nullable<Binary>,
        address -> Nullable<Text>,
        subject -> Text,
        nonce -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        created_at -> BigInt,
        due_at -> BigInt,
        next_try_at -> BigInt,
        attempts -> BigInt,
        state -> Text,
        last_error -> Nullable<Text>,
        settled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    invitations (id) {
        id -> Binary,
        organisation_id -> Binary,
        name -> Text,
        email -> Text,
        role -> Text,
        member_until -> Nullable<BigInt>,
        invited_by -> Binary,
        created_at -> BigInt,
        token_sha256 -> Binary,
        expires_at -> BigInt,
        message_id -> Binary,
        withdrawn_at -> Nullable<BigInt>,
        joined_at -> Nullable<BigInt>,
        membership_id -> Nullable<Binary>,
        confirmed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    consents (id) {
        id -> Binary,
        organisation_id -> Binary,
        patient_id -> Binary,
        purpose -> Text,
        grantee_organisation_id -> Nullable<Binary>,
        grantee_person_id -> Nullable<Binary>,
        version -> BigInt,
        wording -> Text,
        given_by -> Binary,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        withdrawn_by -> Nullable<Binary>,
    }
}

diesel::table! {
    invitation_units (invitation_id, unit_id) {
        invitation_id -> Binary,
        unit_id -> Binary,
        member_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    recoveries (id) {
        id -> Binary,
        organisation_id -> Binary,
        person_id -> Binary,
        started_by -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        token_sha256 -> Binary,
        code_hmac -> Binary,
        wrong_codes -> BigInt,
        used_at -> Nullable<BigInt>,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    break_glass_grants (id) {
        id -> Binary,
        organisation_id -> Binary,
        patient_id -> Binary,
        person_id -> Binary,
        membership_id -> Binary,
        session_id -> Binary,
        reason -> Text,
        purpose -> Text,
        sentence_nonce -> Binary,
        sentence_sealed -> Binary,
        weaker_proof -> Bool,
        opened_at -> BigInt,
        closes_at -> BigInt,
        extended_at -> Nullable<BigInt>,
        extension_reason -> Nullable<Text>,
        extension_nonce -> Nullable<Binary>,
        extension_sealed -> Nullable<Binary>,
        ended_at -> Nullable<BigInt>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    support_grants (id) {
        id -> Binary,
        organisation_id -> Binary,
        device_id -> Binary,
        person_id -> Binary,
        granted_by -> Binary,
        valid_from -> BigInt,
        valid_until -> BigInt,
    }
}

diesel::table! {
    access_reviews (id) {
        id -> Binary,
        organisation_id -> Binary,
        kind -> Text,
        person_id -> Binary,
        membership_id -> Binary,
        role -> Text,
        patient_id -> Nullable<Binary>,
        grant_id -> Nullable<Binary>,
        signals -> Text,
        rules_version -> BigInt,
        patients -> BigInt,
        first_at -> BigInt,
        last_at -> BigInt,
        raised_at -> BigInt,
        due_at -> BigInt,
        state -> Text,
        answer_due_at -> Nullable<BigInt>,
        verdict -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    patient_blind_indexes (patient_id, kind) {
        patient_id -> Binary,
        organisation_id -> Binary,
        kind -> Text,
        digest -> Binary,
    }
}

diesel::table! {
    access_review_decisions (id) {
        id -> Binary,
        review_id -> Binary,
        organisation_id -> Binary,
        person_id -> Binary,
        step -> Text,
        note_nonce -> Binary,
        note_sealed -> Binary,
        decided_at -> BigInt,
        late -> Bool,
    }
}

diesel::table! {
    access_review_deadlines (organisation_id) {
        organisation_id -> Binary,
        emergency_hours -> BigInt,
        unexplained_hours -> BigInt,
        answer_hours -> BigInt,
    }
}

diesel::table! {
    access_rule_cursors (organisation_id) {
        organisation_id -> Binary,
        number -> BigInt,
        looked_at -> BigInt,
    }
}

diesel::table! {
    audit_journal_merged (hmac) {
        hmac -> Binary,
    }
}

diesel::table! {
    alarm_rules (id) {
        id -> Binary,
        organisation_id -> Binary,
        unit_id -> Nullable<Binary>,
        patient_id -> Nullable<Binary>,
        version -> BigInt,
        rules -> Text,
        changed_by -> Binary,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    alarms (id) {
        id -> Binary,
        organisation_id -> Binary,
        unit_id -> Binary,
        bed_id -> Binary,
        patient_id -> Binary,
        device_id -> Binary,
        condition -> Text,
        priority -> Text,
        since -> BigInt,
        raised_at -> BigInt,
        value -> Nullable<Text>,
        limit_value -> Nullable<Text>,
        over_at -> Nullable<BigInt>,
        acknowledged_by -> Nullable<Binary>,
        acknowledged_at -> Nullable<BigInt>,
        asked_level -> Text,
        asked_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        ended_because -> Nullable<Text>,
    }
}

diesel::table! {
    alarm_events (number) {
        number -> BigInt,
        organisation_id -> Binary,
        unit_id -> Binary,
        bed_id -> Binary,
        alarm_id -> Nullable<Binary>,
        happened_at -> BigInt,
        event -> Text,
        person_id -> Nullable<Binary>,
    }
}

diesel::table! {
    bed_silences (bed_id) {
        bed_id -> Binary,
        organisation_id -> Binary,
        paused_by -> Nullable<Binary>,
        paused_from -> Nullable<BigInt>,
        paused_until -> Nullable<BigInt>,
        paused_alarms -> Nullable<Text>,
        off_by -> Nullable<Binary>,
        off_reason -> Nullable<Text>,
        off_from -> Nullable<BigInt>,
        off_until -> Nullable<BigInt>,
    }
}

diesel::joinable!(sites -> organisations (organisation_id));
diesel::joinable!(units -> organisations (organisation_id));
diesel::joinable!(units -> sites (site_id));
diesel::joinable!(memberships -> people (person_id));
diesel::joinable!(memberships -> organisations (organisation_id));
diesel::joinable!(membership_units -> memberships (membership_id));
diesel::joinable!(membership_units -> units (unit_id));
diesel::joinable!(passwords -> people (person_id));
diesel::joinable!(passkeys -> people (person_id));
diesel::joinable!(second_factors -> people (person_id));
diesel::joinable!(recovery_codes -> people (person_id));
diesel::joinable!(sessions -> people (person_id));
diesel::joinable!(stations -> people (person_id));
diesel::joinable!(stations -> units (unit_id));
diesel::joinable!(sessions -> memberships (membership_id));
diesel::joinable!(patients -> organisations (organisation_id));
diesel::joinable!(patient_identities -> patients (patient_id));
diesel::joinable!(patient_people -> patients (patient_id));
diesel::joinable!(patient_people -> people (person_id));
diesel::joinable!(beds -> organisations (organisation_id));
diesel::joinable!(beds -> units (unit_id));
diesel::joinable!(bed_stays -> organisations (organisation_id));
diesel::joinable!(bed_stays -> patients (patient_id));
diesel::joinable!(bed_stays -> beds (bed_id));
diesel::joinable!(care_teams -> organisations (organisation_id));
diesel::joinable!(care_teams -> patients (patient_id));
diesel::joinable!(care_teams -> units (unit_id));
diesel::joinable!(care_teams -> memberships (membership_id));
diesel::joinable!(device_models -> organisations (organisation_id));
diesel::joinable!(devices -> device_models (model_id));
diesel::joinable!(devices -> organisations (maker_id));
diesel::joinable!(device_custody -> devices (device_id));
diesel::joinable!(device_custody -> organisations (organisation_id));
diesel::joinable!(device_custody -> sites (site_id));
diesel::joinable!(device_assignments -> devices (device_id));
diesel::joinable!(device_assignments -> organisations (organisation_id));
diesel::joinable!(device_assignments -> patients (patient_id));
diesel::joinable!(device_assignments -> beds (bed_id));
diesel::joinable!(device_assignments -> units (unit_id));
diesel::joinable!(device_certificates -> devices (device_id));
diesel::joinable!(device_streams -> devices (device_id));
diesel::joinable!(twin_snapshots -> devices (device_id));
diesel::joinable!(unknown_metrics -> devices (device_id));
diesel::joinable!(invitations -> organisations (organisation_id));
diesel::joinable!(invitations -> outbox_messages (message_id));
diesel::joinable!(invitation_units -> invitations (invitation_id));
diesel::joinable!(invitation_units -> units (unit_id));
diesel::joinable!(recoveries -> people (person_id));
diesel::joinable!(recoveries -> organisations (organisation_id));
diesel::joinable!(audit_entries -> organisations (organisation_id));
diesel::joinable!(break_glass_grants -> patients (patient_id));
diesel::joinable!(break_glass_grants -> sessions (session_id));
diesel::joinable!(break_glass_grants -> people (person_id));
diesel::joinable!(access_reviews -> people (person_id));
diesel::joinable!(access_reviews -> break_glass_grants (grant_id));
diesel::joinable!(access_review_decisions -> access_reviews (review_id));
diesel::joinable!(access_review_decisions -> people (person_id));
diesel::joinable!(consents -> patients (patient_id));
diesel::joinable!(support_grants -> devices (device_id));
diesel::joinable!(alarm_rules -> people (changed_by));
diesel::joinable!(alarms -> people (acknowledged_by));
diesel::joinable!(patient_blind_indexes -> patients (patient_id));

diesel::allow_tables_to_appear_in_same_query!(
    access_review_deadlines,
    access_review_decisions,
    access_reviews,
    access_rule_cursors,
    alarm_events,
    alarm_rules,
    alarms,
    audit_entries,
    audit_journal_merged,
    bed_stays,
    beds,
    break_glass_grants,
    care_teams,
    consents,
    device_assignments,
    device_certificates,
    device_custody,
    device_models,
    device_streams,
    devices,
    frame_gaps,
    invitation_units,
    invitations,
    membership_units,
    memberships,
    minute_rollups,
    numeric_frames,
    organisations,
    outbox_messages,
    passkeys,
    passwords,
    patient_blind_indexes,
    patient_identities,
    patient_people,
    patients,
    people,
    quarantined_frames,
    recoveries,
    recovery_codes,
    second_factors,
    sessions,
    sign_in_failures,
    sign_in_sources,
    sites,
    stations,
    support_grants,
    twin_snapshots,
    units,
    unknown_metrics,
    wave_frames,
);
