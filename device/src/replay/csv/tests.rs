use super::*;
use fleetward_common::devices::{DeviceType, link::NoValue};

fn read_as(name: &str, text: &str, options: &ReadOptions) -> Result<Vec<Recording>, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    read(&path, options)
}

fn one(name: &str, text: &str) -> Recording {
    read_as(name, text, &ReadOptions::default()).unwrap().remove(0)
}

fn refusal(name: &str, text: &str) -> String {
    let error = read_as(name, text, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    error.rsplit('/').next().unwrap().to_owned()
}

fn known(text: &str) -> RawValue {
    RawValue::Known(text.parse().unwrap())
}

#[test]
fn a_waveform_takes_its_exponent_from_the_sample_with_most_decimals() {
    let ecg = one("louise_ecg_ii_250hz.csv", "ecg_ii_mV\n-0.0236\n1\n0.5\n");
    assert_eq!(ecg.metric.key, "ecg-ii");
    let expected = Content::Wave {
        rate: SampleRate::hertz(250),
        exponent: -4,
        runs: vec![Run {
            first: 0,
            samples: vec![-236, 10_000, 5_000],
        }],
    };
    assert_eq!(ecg.content, expected);
}

#[test]
fn a_missing_sample_ends_the_run_and_the_next_starts_where_it_belongs() {
    let pleth = one("pleth_100hz.csv", "pleth_au\n1\n2\n\nnan\n5\n\n\n");
    let Content::Wave { runs, .. } = pleth.content else {
        panic!("{pleth:?}")
    };
    let run = |first, samples: &[i32]| Run {
        first,
        samples: samples.to_vec(),
    };
    assert_eq!(runs, [run(0, &[1, 2]), run(4, &[5])]);
}

#[test]
fn a_series_keeps_each_digit_and_a_monitors_zero_becomes_no_value() {
    let rate = one("hr.csv", "t_s,hr_bpm\r\n0,0\r\n60,62.8\r\n120.5,62.80\r\n");
    let row = |at, value| Row { at, value };
    let expected = Content::Series(vec![
        row(0, RawValue::Absent(NoValue::Disconnected)),
        row(60_000_000, known("62.8")),
        row(120_500_000, known("62.80")),
    ]);
    assert_eq!(rate.content, expected);
}

#[test]
fn a_zero_is_a_number_where_it_can_be_one() {
    let leak = one("leak_0.5hz.csv", "t_s,leak_L_min\n82601,0\n");
    let expected = Content::Series(vec![Row {
        at: 82_601_000_000,
        value: known("0"),
    }]);
    assert_eq!(leak.content, expected);
}

#[test]
fn several_columns_are_several_channels_and_an_empty_cell_is_no_reading() {
    let both = read_as(
        "bp.csv",
        "t_s,sys_mmHg,dia_mmHg\n10,133,74\n20,,72\n",
        &ReadOptions::default(),
    )
    .unwrap();
    let counts: Vec<usize> = both
        .iter()
        .map(|recording| match &recording.content {
            Content::Series(rows) => rows.len(),
            Content::Wave { .. } => 0,
        })
        .collect();
    assert_eq!(counts, [1, 2]);
}

#[test]
fn a_scale_that_counts_days_is_read_too() {
    let weight = one("weight.csv", "day,body_weight_kg\n0,64\n2,63.5\n");
    let Content::Series(rows) = weight.content else {
        panic!("a series")
    };
    assert_eq!(rows[1].at, 2 * 86_400_000_000);
}

#[test]
fn a_numeric_in_one_column_is_a_reading_per_period() {
    let spo2 = one("night_spo2_1hz.csv", "spo2_pct\n97\n\n0\n96\n");
    let Content::Series(rows) = spo2.content else {
        panic!("a series")
    };
    let moments: Vec<i64> = rows.iter().map(|row| row.at).collect();
    assert_eq!(moments, [0, 2_000_000, 3_000_000]);
    assert_eq!(rows[1].value, RawValue::Absent(NoValue::Disconnected));
}

#[test]
fn options_say_what_the_file_does_not() {
    let options = ReadOptions {
        device_type: Some(DeviceType::PulseOximeter),
        rates: [("finger.csv".to_owned(), rate::parse("11699/100").unwrap())].into(),
        metrics: [("finger.csv".to_owned(), "pleth".to_owned())].into(),
    };
    let finger = read_as("finger.csv", "raw\n515\n514\n", &options)
        .unwrap()
        .remove(0);
    assert_eq!(finger.metric.key, "pleth");
    let Content::Wave { rate, exponent, .. } = finger.content else {
        panic!("a wave")
    };
    assert_eq!((rate.samples, rate.seconds, exponent), (11_699, 100, 0));
}

#[test]
fn each_mistake_is_named_with_its_file_and_line() {
    let cases = [
        (
            "hr.csv",
            "t_s,hr_bpm\n0,60\nx,61\n",
            "hr.csv, line 3: \"x\" is no number",
        ),
        (
            "hr.csv",
            "t_s,hr_bpm\n0,60\n1,6o\n",
            "hr.csv, line 3: \"6o\" is no number",
        ),
        (
            "hr.csv",
            "t_s,hr_bpm\n5,60\n4,61\n",
            "hr.csv, line 3: the time goes back",
        ),
        (
            "hr.csv",
            "t_s,hr_bpm\n5\n",
            "hr.csv, line 2: there are 1 columns here and 2 in the header",
        ),
        (
            "hr.csv",
            "t_s,hr_bpm\n0.0000001,60\n",
            "hr.csv, line 2: \"0.0000001\" is a time finer than a microsecond",
        ),
        (
            "ecg.csv",
            "ecg_ii_mV\n1\n",
            "ecg.csv: a single column needs a rate",
        ),
        (
            "ecg_250hz.csv",
            "ecg_ii_mV\n1\n99999999999\n",
            "ecg_250hz.csv, line 3: \"99999999999\" does not fit",
        ),
        (
            "ecg_250hz.csv",
            "ecg_ii_mV\n1,2\n",
            "ecg_250hz.csv, line 2: there are 2 columns here and 1 in the header",
        ),
        (
            "ecg.csv",
            "t_s,ecg_ii_mV\n0,1\n",
            "ecg.csv: \"ecg_ii_mV\" is a waveform",
        ),
        (
            "mood.csv",
            "t_s,mood_au\n0,1\n",
            "mood.csv: nobody has said what the header \"mood_au\" means",
        ),
        ("empty.csv", "", "empty.csv: the file is empty"),
        (
            "hr.csv",
            "t_s,hr_bpm\n",
            "hr.csv: there is a header and nothing below it",
        ),
        (
            "sessions.csv",
            "night,mask_on_t_s,mask_off_t_s\n0,1,2\n",
            "sessions.csv: event lists and nightly summaries",
        ),
    ];
    for (name, text, expected) in cases {
        let refused = refusal(name, text);
        assert!(refused.starts_with(expected), "{refused}");
    }
}

#[test]
fn an_event_list_with_times_is_refused_as_one() {
    let refused = refusal("events.csv", "t_s,duration_s,event\n101516,0,Hypopnea\n");
    assert!(refused.contains("event lists and nightly summaries"), "{refused}");
}
