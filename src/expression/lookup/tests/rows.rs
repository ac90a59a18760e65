use super::super::Rows;
use proptest::prelude::*;

type Cells = Vec<Option<Vec<u8>>>;

fn packed(width: usize, rows: &[Cells]) -> Rows {
    let mut packed = Rows::new(width);
    for row in rows {
        packed.push(row.iter().map(Option::as_deref));
    }
    packed
}

fn unpacked(rows: &Rows) -> Vec<Cells> {
    let cell = |row, column| rows.cell(row, column).map(<[u8]>::to_vec);
    let row = |row| (0..rows.width()).map(|column| cell(row, column)).collect();
    (0..rows.len()).map(row).collect()
}

proptest! {
    #[test]
    fn packed_rows_are_the_rows_however_they_are_put_together(
        batches in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..4)), 2), 0..5),
            0..4,
        )
    ) {
        let mut whole = Rows::new(2);
        for batch in &batches {
            whole.append(packed(2, batch));
        }
        prop_assert_eq!(unpacked(&whole), batches.concat());
    }
}

#[test]
fn rows_without_cells_are_counted() {
    let mut rows = packed(0, &[vec![], vec![]]);
    rows.append(packed(0, &[vec![]]));
    assert_eq!((rows.len(), rows.cell(0, 0)), (3, None));
}

#[test]
fn large_cells_and_many_rows_fill_several_chunks() {
    let large = vec![Some(vec![b'x'; 9 << 20]), None];
    let small = vec![Some(b"a".to_vec()), Some(Vec::new())];
    let rows = [large.clone(), small.clone(), large.clone(), large, small];
    let mut whole = packed(2, &rows);
    assert_eq!(unpacked(&whole), rows);
    whole.append(packed(2, &rows));
    assert_eq!(unpacked(&whole), [rows.clone(), rows].concat());

    let count = 3_000_000;
    let mut whole = Rows::new(1);
    for part in 0..30 {
        let mut rows = Rows::new(1);
        for number in 0..count / 30 {
            let text = (part * (count / 30) + number).to_string();
            rows.push([Some(text.as_bytes())]);
        }
        whole.append(rows);
    }
    for row in [0, 1, 99_999, 100_000, 2_097_151, 2_097_152, count - 1] {
        assert_eq!(whole.cell(row, 0), Some(row.to_string().as_bytes()));
    }
    assert!(whole.size() < 14 * count as u64, "{}", whole.size());
}
