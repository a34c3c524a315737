//! People's names: Chinese ones by how common their surnames are, and Western ones with the letters that break things.

use super::random::Random;

/// Twenty common surnames and two of two characters.
const SURNAMES: [&str; 22] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高",
    "罗", "欧阳", "司马",
];
/// How often they come, in permille of all people: the first five together 308 (Ministry of Public Security, national
/// report on names for 2020), the others by a rough guess.
const WEIGHTS: [i64; 22] = [72, 70, 67, 53, 46, 31, 22, 21, 20, 19, 14, 13, 12, 12, 11, 11, 11, 10, 10, 8, 1, 1];

const GIVEN: [&str; 40] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀英", "霞",
    "平", "刚", "桂英", "子涵", "欣怡", "浩宇", "思远", "雨桐", "梓萱", "一诺", "嘉懿", "俊熙", "晓东", "海燕", "志强",
    "建华", "文静", "佳琪", "天宇", "若曦", "国栋",
];

const FIRST_NAMES: [&str; 24] = [
    "Anna", "Zoë", "José", "Søren", "Łukasz", "Amélie", "Oliver", "Siobhán", "Jürgen", "Priya", "Mateo", "Ingrid",
    "Dmitri", "Chloé", "Hiroshi", "Fatima", "Liam", "Renée", "Noah", "Björn", "Aoife", "Carlos", "Grace", "Ava",
];

const LAST_NAMES: [&str; 24] = [
    "Müller",
    "O'Brien",
    "García",
    "Smith",
    "Nowak",
    "Dubois",
    "Jensen",
    "Álvarez",
    "Schmidt",
    "Rossi",
    "Kowalczyk",
    "van der Berg",
    "Lindström",
    "Silva",
    "Tanaka",
    "Haddad",
    "Johnson",
    "Núñez",
    "Brown",
    "Fitzgerald",
    "D'Angelo",
    "Žižek",
    "Patel",
    "Murphy",
];

/// A name; of the Western ones some have a nickname in quotation marks.
pub(super) fn name(random: &mut Random, western: bool) -> String {
    let first = |random: &mut Random| random.any(&FIRST_NAMES).copied().unwrap_or_default();
    if western {
        let given = first(random);
        let family = random.any(&LAST_NAMES).copied().unwrap_or_default();
        return match random.chance(600) {
            true => format!("{given} \"{}\" {family}", first(random)),
            false => format!("{given} {family}"),
        };
    }
    let family = SURNAMES.get(random.weighted(&WEIGHTS)).copied().unwrap_or_default();
    let given = random.any(&GIVEN).copied().unwrap_or_default();
    format!("{family}{given}")
}
