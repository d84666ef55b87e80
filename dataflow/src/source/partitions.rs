//! A worker's share of the partitions: every record of every binding, each read once, in log order.

use crate::DataflowError;
use crate::bindings::Binding;
use gosight_log::{Log, Reader, Record, Topic};

/// Read from a partition at once: large enough that reading costs nothing beside decoding.
const READ_BYTES_MAX: usize = 1 << 20;

pub(crate) struct Partitions {
    readers: Vec<(u32, Box<dyn Reader>)>,
    records: Vec<Record>,
}

impl Partitions {
    /// Worker `index` of `peers` reads the partitions p with p % peers = index, from the oldest retained record on.
    pub(crate) fn open(log: &dyn Log, index: usize, peers: usize) -> Result<Self, DataflowError> {
        let partitions = (0..log.partitions(Topic::Events)).filter(|&partition| partition as usize % peers == index);
        let open = |partition| {
            let reader = log.reader(Topic::Events, partition, log.start(Topic::Events, partition))?;
            Ok((partition, reader))
        };
        let readers = partitions.map(open).collect::<Result<_, DataflowError>>()?;
        Ok(Self {
            readers,
            records: Vec::new(),
        })
    }

    /// Gives every record that the binding adds, with its partition. What retention has taken is not there any more.
    pub(crate) fn read(&mut self, binding: &Binding, mut take: impl FnMut(u32, &Record)) -> Result<(), DataflowError> {
        for (partition, reader) in &mut self.readers {
            let end = binding.ends.get(*partition as usize).copied().unwrap_or_default();
            while reader.next_offset() < end {
                self.records.clear();
                reader.read(end, READ_BYTES_MAX, &mut self.records)?;
                if self.records.is_empty() {
                    let found = reader.next_offset();
                    return Err(DataflowError::LogShrank {
                        partition: *partition as usize,
                        bound: end,
                        found,
                    });
                }
                self.records.iter().for_each(|record| take(*partition, record));
            }
        }
        Ok(())
    }
}
