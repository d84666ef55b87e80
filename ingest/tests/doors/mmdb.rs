//! The smallest MaxMind city database: one IPv4 network of 24 bits.

const NODES: u32 = 24;
/// Between the search tree and the data.
const SEPARATOR: [u8; 16] = [0; 16];

pub(crate) fn database(network: [u8; 3], country: &str, city: &str) -> Vec<u8> {
    let mut file = Vec::new();
    for node in 0..NODES {
        let bit = network[node as usize / 8] >> (7 - node % 8) & 1;
        let next = if node + 1 < NODES {
            node + 1
        } else {
            NODES + SEPARATOR.len() as u32
        };
        let records = if bit == 0 { [next, NODES] } else { [NODES, next] };
        file.extend(records.iter().flat_map(|record| record.to_be_bytes()[1..].to_vec()));
    }
    file.extend(SEPARATOR);
    let names = |name: &str| map(&[("names", map(&[("en", text(name))]))]);
    file.extend(map(&[
        ("country", map(&[("iso_code", text(country))])),
        ("city", names(city)),
    ]));
    file.extend(b"\xab\xcd\xefMaxMind.com");
    file.extend(map(&[
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", [vec![2, 2], 1_u16.to_be_bytes().to_vec()].concat()),
        ("database_type", text("Test-City")),
        ("description", map(&[("en", text("test"))])),
        ("ip_version", number(5, 4)),
        ("languages", [vec![1, 4], text("en")].concat()),
        ("node_count", number(6, NODES as u16)),
        ("record_size", number(5, 24)),
    ]));
    file
}

fn text(text: &str) -> Vec<u8> {
    [vec![2 << 5 | text.len() as u8], text.as_bytes().to_vec()].concat()
}

/// An unsigned integer of a MaxMind type, in two bytes.
fn number(kind: u8, number: u16) -> Vec<u8> {
    [vec![kind << 5 | 2], number.to_be_bytes().to_vec()].concat()
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![7 << 5 | members.len() as u8];
    for (name, value) in members {
        bytes.extend(text(name));
        bytes.extend(value);
    }
    bytes
}
