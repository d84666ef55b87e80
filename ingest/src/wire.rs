//! Protobuf's wire format, read where it lies: tags, varints, lengths. Nothing is copied and nothing is allocated.

/// Nothing but the shape of the bytes was wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The largest field number protobuf allows.
const FIELD_NUMBER_MAX: u64 = (1 << 29) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64,
    Fixed32,
    Bytes(&'a [u8]),
}

/// One field, and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
    /// Offset of its first byte, the tag's, in the message.
    pub(crate) start: usize,
    /// One past its last byte.
    pub(crate) end: usize,
}

/// The fields of a message in order; ends after the first error. Groups are malformed: proto3 has none.
pub(crate) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

pub(crate) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { message, at: 0 }
}

impl<'a> Fields<'a> {
    fn next_field(&mut self) -> Result<Field<'a>, Malformed> {
        let start = self.at;
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > FIELD_NUMBER_MAX {
            return Err(Malformed);
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Value::Bytes(self.take(len)?)
            }
            5 => self.take(4).map(|_| Value::Fixed32)?,
            _ => return Err(Malformed),
        };
        Ok(Field {
            number: number as u32,
            value,
            start,
            end: self.at,
        })
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(len).ok_or(Malformed)?;
        let taken = self.message.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.message.get(self.at).ok_or(Malformed)?;
            self.at += 1;
            if shift == 63 && byte > 1 {
                return Err(Malformed);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.message.len() {
            return None;
        }
        let field = self.next_field();
        if field.is_err() {
            self.at = self.message.len();
        }
        Some(field)
    }
}

/// Appends a length-delimited field.
pub(crate) fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3 | 2, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_writes_and_says_where() {
        let mut message = vec![0x10, 0x96, 0x01];
        put_bytes(300, b"abc", &mut message);
        let read: Vec<_> = fields(&message).map(|field| field.unwrap()).collect();
        assert_eq!(
            read[0],
            Field {
                number: 2,
                value: Value::Varint(150),
                start: 0,
                end: 3
            }
        );
        assert_eq!(
            read[1],
            Field {
                number: 300,
                value: Value::Bytes(b"abc"),
                start: 3,
                end: message.len()
            }
        );
    }

    #[test]
    fn what_is_cut_off_or_out_of_range_is_malformed() {
        let cases: [&[u8]; 7] = [
            &[0x80],                                                          // a tag without an end
            &[0x0a, 5, b'x'],                                                 // fewer bytes than said
            &[0x0b],                                                          // a group
            &[0x02, 0],                                                       // field number 0
            &[0x09, 1, 2],                                                    // half a fixed64
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], // a length of 2^64 - 1
            &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],    // 65 bits
        ];
        for case in cases {
            assert_eq!(fields(case).last(), Some(Err(Malformed)), "{case:x?}");
        }
    }
}
